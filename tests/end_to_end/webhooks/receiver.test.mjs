// A server written with npm's `standardwebhooks`, with the secret that Backlot has made, and while secrets rotate.

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";

import { Webhook } from "standardwebhooks";

import { testOnEach } from "../lib/databases.mjs";
import { until } from "../lib/poll.mjs";
import { startDestination } from "./lib/destination.mjs";
import { eventsPlace, subscriptionTo } from "./lib/stage.mjs";
import { bodyOf, contactUpdated, deliver } from "./lib/wix_sender.mjs";

const makeSecret = () => `whsec_${randomBytes(32).toString("base64")}`;

testOnEach("deliveries are verified, and secrets rotate", async (t, database) => {
  const destination = await startDestination(t);
  const [OLD, NEW] = [makeSecret(), makeSecret()];
  const subscription = (secret) =>
    `[server]\ndrain_linger = "0s"\n${subscriptionTo(destination.url, { secret, backoff: ["100ms"] })}`;
  const place = await eventsPlace(t, { database, config: subscription(undefined), env: { OLD, NEW } });
  const made = (await place.done("subscription", "secret", "all")).trim();
  assert.match(made, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.equal((await place.done("subscription", "secret", "all")).trim(), made);

  const instanceId = randomUUID();
  let server;
  const restart = async (secret) => {
    if (server) await server.program.stop();
    place.configure(subscription(secret));
    server = await place.start();
  };
  const send = async () => {
    const event = contactUpdated({ instanceId });
    assert.equal((await deliver(server.backend, bodyOf(event))).status, 200);
    return event.id;
  };
  const last = () => destination.got.at(-1);

  await t.test("the secret that Backlot has made", async () => {
    await restart(undefined);
    destination.secret = made;
    const id = await send();
    await destination.has([id]);
    assert.deepEqual(destination.unverified, []);
    const { headers, event } = last();
    assert.equal(headers["webhook-id"], id);
    assert.ok(Math.abs(Date.now() / 1000 - Number(headers["webhook-timestamp"])) < 60);
    assert.deepEqual(
      [event.type, event.source, event.instanceId, event.attempt, event.data.updatedEvent.currentEntity.name],
      ["wix.contacts.v4.contact_updated", "wix", instanceId, 1, "Ann"],
    );
  });
  await t.test("two secrets: the receiver may have either", async () => {
    await restart([{ env: "NEW" }, { env: "OLD" }]);
    for (const secret of [OLD, NEW]) {
      destination.secret = secret;
      await destination.has([await send()]);
      assert.equal(last().headers["webhook-signature"].split(" ").length, 2);
    }
    assert.deepEqual(destination.unverified, []);
  });
  await t.test("the old secret is over", async () => {
    await restart({ env: "NEW" });
    destination.secret = OLD;
    const id = await send();
    await until("a refusal by the receiver", () => destination.unverified.length > 0);
    const { body, headers } = destination.unverified[0];
    assert.throws(() => new Webhook(OLD).verify(body, headers), /No matching signature/);
    assert.throws(() => new Webhook(NEW).verify(`${body} `, headers), /No matching signature/);
    destination.secret = NEW;
    await destination.has([id]);
  });
});

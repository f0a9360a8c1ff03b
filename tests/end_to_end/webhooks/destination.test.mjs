// A destination in trouble: it fails, hangs, answers too late, closes half-way, refuses, or is away. Each kind of trouble
// has a subscription and a destination, on one server.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import { databases } from "../lib/databases.mjs";
import { until } from "../lib/poll.mjs";
import { answers, outOfOrder, startDestination } from "./lib/destination.mjs";
import { eventsPlace, subscriptionTo } from "./lib/stage.mjs";
import { bodyOf, contactUpdated, deliver } from "./lib/wix_sender.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const typeOf = (name) => `my.app.v1.${name}_updated`;

const subscriptions = {
  fails: { backoff: ["30ms"] },
  hangs: { timeout: "400ms", backoff: ["30ms"] },
  late: { timeout: "400ms", backoff: ["300ms"] },
  closes: { backoff: ["30ms"] },
  gone: { backoff: ["30ms"] },
  busy: { backoff: ["30ms"] },
  dead: { backoff: ["30ms"], max_attempts: 3 },
  skipped: { backoff: ["1h"] },
  outage: { backoff: ["30ms"], max_attempts: 3 },
  lone: { backoff: ["30ms"], max_attempts: 8 },
};

// The server, and for each subscription {destination, send, deliveries}.
async function stage(t, database) {
  const destinations = {};
  for (const name of Object.keys(subscriptions)) destinations[name] = await startDestination(t);
  const text = Object.entries(subscriptions).map(([name, settings]) =>
    subscriptionTo(destinations[name].url, { name, events: [typeOf(name)], ...settings }),
  );
  const place = await eventsPlace(t, { database, config: text.join("\n") });
  const server = await place.start();
  const instanceId = randomUUID();
  const of = (name) => ({
    destination: destinations[name],
    // An event; it has its 200 when this resolves.
    send: async (entityId, sequence) => {
      const event = contactUpdated({ instanceId, entityId, sequence, entityFqdn: `my.app.v1.${name}` });
      event.eventType = typeOf(name);
      assert.equal((await deliver(server.backend, bodyOf(event))).status, 200);
      return event.id;
    },
    deliveries: (...more) => place.list("deliveries", "list", "--subscription", name, "--limit", "1000", ...more),
    // The delivery of an event, with its recorded attempts.
    shown: async (eventId) => {
      const [{ id }] = await place.list("deliveries", "list", "--subscription", name, "--event-id", eventId);
      const [shown] = await place.list("deliveries", "show", String(id));
      return shown;
    },
  });
  return { place, server, of };
}

// The shown delivery, once its last outcome is stored.
const settled = (shown, id, state = "DELIVERED") =>
  until(`the delivery to be ${state}`, async () => {
    const found = await shown(id);
    return found.state === state && found;
  });

const attemptsOf = ({ log }) => log.map(({ status }) => status);

const troubles = {
  "answers 500 for a while: the entity waits, the others do not": async ({ of }) => {
    const { destination, send, shown } = of("fails");
    destination.answer = (event, response, attempts) =>
      event.entityId === "ill" && event.sequence === 1 && attempts <= 4 ? answers.status(500)(event, response) : false;
    const ids = [];
    for (const sequence of [1, 2, 3]) {
      ids.push(await send("ill", sequence));
      ids.push(await send("well", sequence));
    }
    await destination.has(ids);
    assert.deepEqual(outOfOrder(destination.got.map(({ event }) => event)), []);
    const attempts = destination.got.filter(({ event }) => event.id === ids[0]).map(({ event }) => event.attempt);
    assert.deepEqual(attempts, [1, 2, 3, 4, 5]);
    const delivery = await settled(shown, ids[0]);
    assert.deepEqual([attemptsOf(delivery), delivery.attempts], [[500, 500, 500, 500, 200], 5]);
    assert.equal(delivery.log[0].response, "no");
  },
  "hangs past the timeout": async ({ of }) => {
    const { destination, send, shown } = of("hangs");
    destination.answer = (event, response, attempts) => (attempts <= 2 ? answers.hangs() : false);
    const id = await send("e", 1);
    await destination.has([id]);
    const delivery = await settled(shown, id);
    assert.deepEqual(attemptsOf(delivery), [null, null, 200]);
    assert.match(delivery.log[0].error, /in time|within 400ms/);
    assert.ok(delivery.log[0].durationMs >= 400 && delivery.log[0].durationMs < 2000, String(delivery.log[0].durationMs));
  },
  "answers after its deadline: that answer does not count": async ({ of }) => {
    const { destination, send, shown } = of("late");
    destination.answer = (event, response, attempts) => {
      if (attempts > 1) return false;
      setTimeout(() => response.end("late"), 550);
      return true;
    };
    const id = await send("e", 1);
    await destination.has([id]);
    const delivery = await settled(shown, id);
    assert.deepEqual(attemptsOf(delivery), [null, 200]);
  },
  "closes half-way": async ({ of }) => {
    const { destination, send, shown } = of("closes");
    destination.answer = (event, response, attempts, accept) => {
      if (event.entityId === "head") return attempts <= 2 ? answers.closesHalfWay(event, response) : false;
      // The status has said all that counts.
      accept();
      response.writeHead(200, { "Content-Length": 1000 }).write("half");
      setImmediate(() => response.socket.destroy());
      return true;
    };
    const ids = [await send("head", 1), await send("body", 1)];
    await destination.has(ids);
    assert.deepEqual(attemptsOf(await settled(shown, ids[0])), [null, null, 200]);
    assert.deepEqual(attemptsOf(await settled(shown, ids[1])), [200]);
  },
  "410 ends the event's deliveries, and no other": async ({ of }) => {
    const { destination, send, shown } = of("gone");
    destination.answer = (event, response) =>
      event.sequence === 1 ? answers.status(410)(event, response) : false;
    const first = await send("e", 1);
    const second = await send("e", 2);
    await destination.has([second]);
    assert.deepEqual(attemptsOf(await settled(shown, first, "DEAD")), [410]);
  },
  "429 with Retry-After": async ({ of }) => {
    const { destination, send } = of("busy");
    destination.answer = (event, response, attempts) =>
      event.entityId === "busy" && attempts === 1 ? answers.status(429, { "Retry-After": "2" })(event, response) : false;
    const [busy, other] = [await send("busy", 1), await send("other", 1)];
    await destination.has([busy, other]);
    const [first, second] = destination.got.filter(({ event }) => event.id === busy).map(({ at }) => at);
    assert.ok(second - first >= 1950, `${second - first} ms`);
    assert.equal(destination.accepted[0].id, other);
  },
  "dead letters, and their retry": async ({ of, place }) => {
    const { destination, send, shown, deliveries } = of("dead");
    let isIll = true;
    destination.answer = (event, response) =>
      isIll && event.sequence === 1 ? answers.status(422)(event, response) : false;
    const first = await send("e", 1);
    const second = await send("e", 2);
    await destination.has([second]);
    const dead = await settled(shown, first, "DEAD");
    assert.deepEqual(attemptsOf(dead), [422, 422, 422]);
    assert.deepEqual((await deliveries("--state", "dead")).map(({ eventId, lastError }) => [eventId, lastError]), [
      [first, "status 422"],
    ]);
    isIll = false;
    assert.deepEqual(await place.list("deliveries", "retry", String(dead.id)), [{ retried: 1 }]);
    await destination.has([first]);
    assert.deepEqual(attemptsOf(await settled(shown, first)), [422, 422, 422, 200]);
    assert.equal(destination.got.at(-1).event.attempt, 1, "attempts count from zero");
    const again = await place.run("deliveries", "retry", String(dead.id));
    assert.deepEqual([again.code, again.stdout], [1, ""]);
  },
  "a delivery that is skipped lets the next one go on": async ({ of, place }) => {
    const { destination, send, shown } = of("skipped");
    destination.answer = (event, response) =>
      event.sequence === 1 ? answers.status(400)(event, response) : false;
    const first = await send("e", 1);
    const second = await send("e", 2);
    await until("the first attempt", async () => (await shown(first)).lastStatus === 400);
    assert.equal(destination.attempts.get(second), undefined, "it waits behind the first");
    assert.deepEqual(await place.list("deliveries", "skip", String((await shown(first)).id)), [{ skipped: 1 }]);
    await destination.has([second]);
    assert.equal((await shown(first)).state, "SKIPPED");
  },
  "an outage of all: paused and probed, and no attempts are used up": async ({ of, server }) => {
    const { destination, send, deliveries } = of("outage");
    await destination.close();
    const ids = [];
    for (let entity = 0; entity < 40; entity += 1)
      for (const sequence of [1, 2]) ids.push(await send(`e${entity}`, sequence));
    // The second of these is a probe's.
    const pauses = () => server.program.stderr.split("\n").filter((line) => /paused deliveries/.test(line) && /"outage"/.test(line));
    await until("a probe that failed", () => pauses().length >= 2, 20_000);
    const waiting = await deliveries();
    assert.deepEqual([waiting.length, ...new Set(waiting.map(({ state }) => state))], [ids.length, "WAITING"]);
    assert.ok(waiting.every(({ attempts }) => attempts < 3));
    await destination.open();
    await destination.has(ids, 20_000);
    assert.deepEqual(outOfOrder(destination.got.map(({ event }) => event)), []);
    const tells = /"outage".*the destination answers again|the destination answers again.*"outage"/;
    await until("the log to say so", () => tells.test(server.program.stderr));
  },
  "an outage while one event waits": async ({ of }) => {
    const { destination, send, shown } = of("lone");
    await destination.close();
    const id = await send("e", 1);
    await pause(1500);
    assert.equal((await shown(id)).state, "WAITING");
    await destination.open();
    await destination.has([id], 12_000);
    await settled(shown, id);
  },
};

describe("a destination in trouble", { concurrency: true }, () => {
  for (const database of databases) {
    test(`on ${database}`, { concurrency: true }, async (t) => {
      const all = await stage(t, database);
      await Promise.all(Object.entries(troubles).map(([name, trouble]) => t.test(name, () => trouble(all))));
    });
  }
});

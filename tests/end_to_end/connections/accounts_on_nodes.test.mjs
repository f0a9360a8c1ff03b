// Accounts in a database that several servers share, and authorizations that take too long.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { until } from "../lib/poll.mjs";
import { codeOf, google, post, startAccounts, times } from "./lib/accounts.mjs";
import { accountConnection, accountEnvironment } from "./lib/provider.mjs";
import { connectionsPlace, sender } from "./lib/stage.mjs";

test("an authorization has its time, and nodes share what they know", async (t) => {
  const env = { MASTER: randomBytes(32).toString("base64") };
  const config = '[secrets]\nmaster_key = { env = "MASTER" }\n';
  const one = await startAccounts(t, { database: "postgres", env, config });
  const { anybody, connected, place, provider, renewals } = one;

  await t.test("a callback after its time", async () => {
    const { owner } = one.site();
    const { json: begun } = await owner(google("authorize"), post);
    const { back } = provider.consent(begun.authorizationUrl);
    await place.sql("UPDATE pending_authorizations SET expires_at_ms = expires_at_ms - 601000");
    const reply = await anybody(back);
    assert.deepEqual([reply.status, codeOf(reply)], [400, "AUTHORIZATION_UNKNOWN"]);
    assert.equal(provider.grants.length, 0);
    assert.equal((await owner(google("status"))).json.connected, false);
  });
  await t.test("two nodes make one renewal together", async () => {
    const same = { BACKLOT_DATABASE_URL: place.env.BACKLOT_DATABASE_URL, ...env, ...accountEnvironment };
    const second = await connectionsPlace(t, {
      app: place.app,
      env: same,
      config: accountConnection(provider.address) + config,
    });
    const { backend } = await second.start();
    provider.lifetime = 0.001;
    const { owner } = await connected();
    provider.lifetime = 3600;
    const there = sender(backend, owner.credential);
    const before = renewals();
    const replies = await times(100, (number) => (number % 2 ? there : owner)(google("me")));
    assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200]);
    assert.equal(renewals() - before, 1);
    await there(google("disconnect"), post);
    await until("the other node to know", async () => (await owner(google("me"))).code === "CONNECTION_NOT_CONNECTED");
  });
});

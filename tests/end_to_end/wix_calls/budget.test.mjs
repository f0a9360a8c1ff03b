// Wix lets each instance make 200 calls a minute. Whatever pages do, Backlot keeps within that, so Wix
// never has to refuse; and one busy instance is in no other's way.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startWix } from "../lib/wix_stage.mjs";

const BUDGET = 200;
const config = `
[wix]
allow = ["owner"]
queue_time = "200ms"
calls = ["GET /things/**"]
`;

test("an instance keeps within its budget, and another goes on", async (t) => {
  const { otherSite, send, site, wix } = await startWix(t, { config });
  const busy = await wix.token(site);
  const calm = await wix.token(otherSite);

  const numbers = Array.from({ length: 300 }, (_, number) => number);
  const storm = Promise.all(numbers.map((number) => send(`/wix/things/${number}`, busy)));
  const meanwhile = [];
  for (let number = 0; number < 20; number += 1) meanwhile.push((await send(`/wix/things/${number}`, calm)).status);
  const replies = await storm;

  const by = (status) => replies.filter((reply) => reply.status === status);
  assert.equal(by(200).length + by(429).length, 300, [...new Set(replies.map((reply) => reply.status))].join());
  // Some of the budget flows back while the storm lasts.
  assert.ok(by(200).length >= BUDGET - 5 && by(200).length <= BUDGET, `${by(200).length} were made`);
  for (const refused of by(429)) {
    assert.equal(refused.code, "WIX_BUDGET_EXHAUSTED");
    const seconds = Number(refused.headers["retry-after"]);
    assert.ok(seconds >= 1 && seconds <= 61, refused.headers["retry-after"]);
    assert.equal(refused.headers["x-wix-request-id"], undefined);
  }
  assert.deepEqual(meanwhile, Array(20).fill(200));
  const after = await send("/wix/things/after", calm);
  assert.equal(after.status, 200);

  const { calls, total } = await wix.calls("/");
  assert.ok(total <= 500, "all of them are on record");
  const statuses = new Set(calls.map((call) => call.status));
  assert.deepEqual([...statuses], [200], "Wix refused none");
  const made = calls.filter((call) => call.path.startsWith("/things/") && call.instanceId === site.instanceId);
  assert.equal(made.length, by(200).length);
});

test("Wix's own limit is heeded: nothing is asked before Retry-After", async (t) => {
  const { otherSite, send, site, wix } = await startWix(t, { config });
  const token = await wix.token(site);
  await wix.misbehave({ requestsPerMinute: 2 });
  for (const number of [1, 2]) assert.equal((await send(`/wix/things/${number}`, token)).status, 200);
  const third = await send("/wix/things/3", token);
  assert.equal(third.status, 429);
  assert.ok(Number(third.headers["retry-after"]) > 1, third.headers["retry-after"]);
  const { total } = await wix.calls("/things/");
  const fourth = await send("/wix/things/4", token);
  assert.deepEqual([fourth.status, fourth.code], [429, "WIX_BUDGET_EXHAUSTED"]);
  assert.equal((await wix.calls("/things/")).total, total, "Wix was not asked again");
  assert.equal((await send("/wix/things/1", await wix.token(otherSite))).status, 200);
});

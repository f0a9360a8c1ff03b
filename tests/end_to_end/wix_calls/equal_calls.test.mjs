// Equal GETs at the same time are one call to Wix, and all who wait get its reply. What differs in
// anything that matters is a call of its own.

import assert from "node:assert/strict";
import { test } from "node:test";

import { until } from "../lib/poll.mjs";
import { startWix } from "../lib/wix_stage.mjs";

const config = `
[wix]
allow = ["owner", "member"]
calls = ["GET /things/**", "GET /apps/v1/instance", "POST /things/query"]
`;

test("equal calls become one", async (t) => {
  const { backend, otherSite, send, site, wix } = await startWix(t, { config });
  const [one, same, other] = [await wix.token(site), await wix.token(site, "member"), await wix.token(otherSite)];
  // Whose tokens these are, and the app's own, is known before.
  for (const token of [one, same, other]) assert.equal((await send("/wix/things/before", token)).status, 200);
  const count = async (path) => (await wix.calls(path)).total;
  // All are under way before the first is answered: so slow that it must be.
  const slowly = async (path, requests) => {
    await wix.forgetCalls();
    await wix.misbehave({ slowMs: 700, paths: [path] });
    const replies = await Promise.all(requests.map((request) => request()));
    await wix.behave();
    return replies;
  };

  await t.test("forty of one instance: one call", async () => {
    const ask = (token) => () => send("/wix/apps/v1/instance?a=1", token);
    const replies = await slowly("/apps/", Array.from({ length: 40 }, (_, number) => ask(number % 2 ? one : same)));
    for (const { status, json } of replies) assert.deepEqual([status, json?.instance?.instanceId], [200, site.instanceId]);
    assert.equal(new Set(replies.map((reply) => reply.headers["x-request-id"])).size, 40, "each request has its own id");
    assert.equal(await count("/apps/"), 1);
  });

  await t.test("another instance, query or language is another call", async () => {
    const replies = await slowly("/apps/", [
      () => send("/wix/apps/v1/instance", one),
      () => send("/wix/apps/v1/instance", other),
      () => send("/wix/apps/v1/instance?a=2", one),
      () => send("/wix/apps/v1/instance", one, { headers: { "accept-language": "de" } }),
    ]);
    const ids = replies.map((reply) => reply.json.instance.instanceId);
    assert.deepEqual(ids, [site.instanceId, otherSite.instanceId, site.instanceId, site.instanceId]);
    assert.equal(await count("/apps/"), 4);
  });

  await t.test("POSTs are made one by one", async () => {
    const ask = () => send("/wix/things/query", one, { method: "POST", body: "{}" });
    await slowly("/things/", Array(5).fill(ask));
    assert.equal(await count("/things/"), 5);
  });

  await t.test("the first may leave, the others still get the reply", async () => {
    await wix.forgetCalls();
    await wix.misbehave({ slowMs: 700, paths: ["/things/"] });
    const leaving = new AbortController();
    const address = `${backend}/wix/things/left`;
    const first = fetch(address, { headers: { Authorization: one }, signal: leaving.signal });
    await until("the call to reach Wix", async () => (await count("/things/")) === 1);
    const second = fetch(address, { headers: { Authorization: one } });
    leaving.abort();
    await assert.rejects(first, { name: "AbortError" });
    assert.equal((await second).status, 200);
    assert.equal(await count("/things/"), 1);
  });
});

// However many requests come with one new token, Wix is asked about it once, and its answer is kept.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startWix } from "../lib/wix_stage.mjs";

test("one token, one question", async (t) => {
  const { send, site, upstream, wix } = await startWix(t);
  const asked = async () => (await wix.calls("/oauth2/token-info")).calls;

  await t.test("200 requests at once, while Wix is slow", async () => {
    await wix.misbehave({ slowMs: 1000, paths: ["/oauth2/token-info"] });
    const token = await wix.token(site, "member", "0c2b4d6e-8f01-4a23-8c45-6e7f8091a2b3");
    const paths = ["/whoami", "/api/a", "/api/b?x=1", "/whoami?y"];
    const spellings = [token, `Bearer ${token}`];
    const requests = Array.from({ length: 200 }, (_, number) => send(paths[number % 4], spellings[(number >> 2) % 2]));
    for (const { status, json, text } of await Promise.all(requests)) {
      assert.equal(status, 200, text);
      const role = json.role ?? json.headers["x-backlot-role"];
      assert.equal(role, "member");
    }
    const calls = await asked();
    assert.deepEqual(calls.map((it) => [it.status, it.subjectType]), [[200, "MEMBER"]]);
    await wix.behave();
  });

  await t.test("each token is asked about, once", async () => {
    await wix.forgetCalls();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => wix.token(site, "visitor", crypto.randomUUID())));
    for (let round = 0; round < 3; round += 1) {
      const ids = await Promise.all(tokens.map(async (token) => (await send("/whoami", token)).json.userId));
      assert.equal(new Set(ids).size, 20, "nobody is taken for another");
    }
    assert.equal((await asked()).length, 20);
  });

  await t.test("the server behind sees who it is, not the token", async () => {
    const token = await wix.token(site, "owner");
    upstream.seen.length = 0;
    const { json } = await send("/api/things", token);
    assert.equal(json.headers["x-backlot-user-id"], site.ownerId);
    assert.equal(json.headers["x-backlot-instance-id"], site.instanceId);
    assert.ok(!JSON.stringify(upstream.seen).includes(token));
  });

  await t.test("a token in the address", async () => {
    const token = await wix.token(site, "visitor");
    const { status, json } = await send(`/api/things?a=1&instance=${encodeURIComponent(token)}`);
    assert.equal(status, 200);
    assert.equal(json.url, "/api/things?a=1");
  });
});

// Wix's errors come back as Wix gives them. Reads are made again first; writes are not.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startWix } from "../lib/wix_stage.mjs";

const config = `
[wix]
allow = ["owner"]
calls = ["GET /**", "POST /**"]
`;

test("Wix's errors come back unchanged", async (t) => {
  const { send, site, wix } = await startWix(t, { config });
  const token = await wix.token(site);
  const asApp = await wix.token(site, "app");

  const same = async (method, path, body) => {
    const options = { method, body, headers: { "Content-Type": "application/json" } };
    const here = await send(`/wix${path}`, token, options);
    const direct = await fetch(wix.address + path, { ...options, headers: { ...options.headers, Authorization: asApp } });
    assert.equal(here.status, direct.status);
    assert.equal(here.text, await direct.text());
    assert.equal(here.headers["content-type"], direct.headers.get("content-type"));
    assert.match(here.headers["x-wix-request-id"], /^[\w-]{8,}$/);
    return here;
  };
  await t.test("a field that is missing: 400", async () => {
    const { json, status } = await same("POST", "/apps/v1/bi-event", "{}");
    assert.equal(status, 400);
    assert.equal(json.details.validationError.fieldViolations[0].field, "eventName");
  });
  await t.test("a body that is no JSON: 400", async () => {
    assert.equal((await same("POST", "/apps/v1/checkout", "{")).status, 400);
  });

  for (const status of [500, 503]) {
    await t.test(`a write that fails: ${status}, asked once`, async () => {
      await wix.forgetCalls();
      await wix.misbehave({ failNext: 1, failStatus: status, paths: ["/things"] });
      const reply = await send("/wix/things/v1", token, { method: "POST", body: "{}" });
      assert.equal(reply.status, status);
      assert.deepEqual(reply.json, { message: "", details: {} });
      assert.match(reply.headers["x-wix-request-id"], /^[\w-]{8,}$/);
      assert.equal((await wix.calls("/things")).total, 1);
    });
  }
  await t.test("a read that fails twice is made again", async () => {
    await wix.forgetCalls();
    await wix.misbehave({ failNext: 2, failStatus: 503, paths: ["/things"] });
    const reply = await send("/wix/things/v1", token);
    assert.equal(reply.status, 200);
    const { calls } = await wix.calls("/things");
    assert.deepEqual(calls.map((it) => it.status), [503, 503, 200]);
  });
  await t.test("a read that keeps failing ends with Wix's own answer", async () => {
    await wix.misbehave({ failNext: 3, failStatus: 502, paths: ["/things"] });
    const reply = await send("/wix/things/v1", token);
    assert.equal(reply.status, 502);
    assert.deepEqual(reply.json, { message: "", details: {} });
  });
});

// A page whose origin is on the list calls with Authorization and JSON; methods that the path does not
// serve never leave the browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fetchIn, openPageAt, startStage } from "../lib/cors_stage.mjs";

test("a page on the list may call what is served", async (t) => {
  const { allowed, backend, instance, upstream } = await startStage(t);
  const page = await openPageAt(t, allowed);
  const authorization = { Authorization: instance };

  await t.test("GET with Authorization", async () => {
    const reply = await fetchIn(page, `${backend}/whoami`, { headers: authorization });
    assert.equal(reply.status, 200);
    assert.equal(reply.json.role, "owner");
  });

  await t.test("POST of JSON, up to the upstream", async () => {
    const reply = await fetchIn(page, `${backend}/api/things?x=1`, {
      method: "POST",
      headers: { ...authorization, "Content-Type": "application/json" },
      body: JSON.stringify({ word: "réel" }),
    });
    assert.equal(reply.status, 200);
    assert.equal(reply.json.method, "POST");
    assert.equal(reply.json.url, "/api/things?x=1");
    assert.equal(reply.json.bytes, Buffer.byteLength('{"word":"réel"}'));
    assert.equal(reply.json.headers.authorization, undefined, "the credential stays with Backlot");
    assert.equal(reply.headers["x-request-id"], reply.json.headers["x-request-id"]);
  });

  for (const method of ["PUT", "DELETE", "PATCH"]) {
    await t.test(`${method}, which the path does not serve, is blocked by the browser`, async () => {
      const reply = await fetchIn(page, `${backend}/api/things`, { method, headers: authorization });
      assert.match(reply.failure ?? JSON.stringify(reply), /^TypeError: Failed to fetch/);
      assert.ok(!upstream.seen.some((request) => request.method === method));
      assert.match(page.troubles.join("\n"), new RegExp(`Method ${method} is not allowed`));
    });
  }
});

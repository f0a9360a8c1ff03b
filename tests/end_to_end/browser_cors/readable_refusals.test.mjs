// Whatever goes wrong, a page on the list can read why: status, code and request id.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expired, instanceOf, tamper } from "../lib/app.mjs";
import { fetchIn, openPageAt, startStage } from "../lib/cors_stage.mjs";

test("a page on the list can read every refusal", async (t) => {
  const { allowed, app, backend, instance } = await startStage(t);
  const page = await openPageAt(t, allowed);
  const as = (value) => ({ headers: { Authorization: value } });
  const visitor = instanceOf(app, { role: "visitor" });
  const upload = (fill) => ({ method: "POST", headers: { Authorization: instance, "Content-Type": "application/json" }, fill });

  const expected = [
    [401, "CREDENTIAL_MISSING", "/api/things", {}],
    [401, "CREDENTIAL_MALFORMED", "/api/things", as("what is this")],
    [401, "INSTANCE_SIGNATURE_INVALID", "/api/things", as(tamper(instance))],
    [401, "INSTANCE_EXPIRED", "/api/things", as(expired(app))],
    [401, "INSTANCE_WRONG_APP", "/api/things", as(instanceOf({ ...app, id: crypto.randomUUID() }))],
    [403, "ROLE_NOT_ALLOWED", "/api/things", as(visitor)],
    [404, "ROUTE_NOT_FOUND", "/nothing/here", as(instance)],
    // A method that needs no preflight's leave, so that it does reach Backlot.
    [405, "METHOD_NOT_ALLOWED", "/api/read-only", { method: "POST", headers: as(instance).headers, body: "x" }],
    [413, "BODY_TOO_LARGE", "/api/things", upload(64 * 1024 + 1)],
    [413, "BODY_TOO_LARGE", "/api/things", upload(8 * 1024 * 1024)],
    [502, "UPSTREAM_UNREACHABLE", "/api/down", as(instance)],
    [502, "UPSTREAM_BROKEN", "/api/broken", as(instance)],
    [504, "UPSTREAM_TIMEOUT", "/api/slow", as(instance)],
  ];
  for (const [status, code, path, options] of expected) {
    await t.test(`${status} ${code}${options.fill ? ` at ${options.fill} bytes` : ""}`, async () => {
      assertRefused(await fetchIn(page, backend + path, options), status, code);
    });
  }

  await t.test("429 RATE_LIMITED, with the time to wait", async () => {
    const first = await fetchIn(page, `${backend}/api/seldom`, as(instance));
    assert.equal(first.status, 200);
    const second = await fetchIn(page, `${backend}/api/seldom`, as(instance));
    assertRefused(second, 429, "RATE_LIMITED");
    assert.ok(Number(second.headers["retry-after"]) > 3000, second.headers["retry-after"]);
    const another = await fetchIn(page, `${backend}/api/seldom`, as(instanceOf(app)));
    assert.equal(another.status, 200, "each instance has its own allowance");
  });
});

function assertRefused(reply, status, code) {
  assert.equal(reply.failure, undefined);
  assert.equal(reply.code, code);
  assert.equal(reply.status, status);
  assert.match(reply.headers["x-request-id"] ?? "none", /^[\w-]{8,}$/);
  assert.ok(reply.json.message.length > 20, reply.json.message);
  assert.match(reply.headers["content-type"], /^application\/json/);
}

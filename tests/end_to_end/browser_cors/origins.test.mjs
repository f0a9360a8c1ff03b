// Which origins get their header, asked without a browser: names that only look like an allowed one
// get nothing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call } from "../lib/call.mjs";
import { startStage } from "../lib/cors_stage.mjs";

test("only origins on the list get the header", async (t) => {
  const { allowed, app, backend, instance } = await startStage(t);
  const wix = `https://${app.id}.wix.run`;
  const port = new URL(allowed).port;

  for (const origin of [wix, allowed]) {
    await t.test(`in: ${name(origin, app)}`, async () => {
      const asked = await preflight(backend, origin);
      assert.equal(asked.status, 204);
      assert.equal(asked.headers["access-control-allow-origin"], origin);
      assert.deepEqual(list(asked, "methods"), ["GET", "HEAD", "POST"]);
      assert.ok(list(asked, "headers").includes("authorization"));
      assert.ok(Number(asked.headers["access-control-max-age"]) > 0);
      assert.equal(asked.headers["access-control-allow-private-network"], "true");
      assert.match(asked.headers.vary, /Origin, Access-Control-Request-Method, Access-Control-Request-Headers/);

      const reply = await call(`${backend}/api/things`, { headers: { Origin: origin, Authorization: instance } });
      assert.equal(reply.status, 200);
      assert.equal(reply.headers["access-control-allow-origin"], origin);
      assert.match(reply.headers["access-control-expose-headers"], /x-request-id/);
      assert.equal(reply.headers["access-control-allow-credentials"], undefined);
      assert.match(reply.headers.vary, /Origin/);
    });
  }

  const strangers = [
    `${wix}.evil.com`,
    `https://evil-${app.id}.wix.run`,
    `https://a.${app.id}.wix.run`,
    "https://00000000-0000-4000-8000-000000000000.wix.run",
    `http://${app.id}.wix.run`,
    `${wix}:8443`,
    `${wix}/`,
    "https://wix.run",
    "http://localhost:5173",
    `http://localhost:${port}`,
    `http://127.0.0.1.evil.example:${port}`,
    `${allowed}0`,
    "http://[::1]:5173",
    "null",
    "*",
    "file://",
  ];
  for (const origin of strangers) {
    await t.test(`out: ${name(origin, app)}`, async () => {
      const asked = await preflight(backend, origin);
      assert.equal(asked.status, 204);
      assertNoPermission(asked);
      const reply = await call(`${backend}/api/things`, { headers: { Origin: origin, Authorization: instance } });
      assert.equal(reply.status, 403);
      assert.equal(reply.code, "ORIGIN_NOT_ALLOWED");
      assertNoPermission(reply);
    });
  }

  await t.test("no origin at all: a program calls, and no header is needed", async () => {
    const reply = await call(`${backend}/api/things`, { headers: { Authorization: instance } });
    assert.equal(reply.status, 200);
    assertNoPermission(reply);
  });
});

// Ports and app ids change from run to run; the names of tests should not.
function name(origin, app) {
  return origin.replace(app.id, "APP").replace(/:\d{4,}/, ":PORT");
}

function preflight(backend, origin) {
  return call(`${backend}/api/things`, {
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "authorization, content-type",
      "Access-Control-Request-Private-Network": "true",
    },
  });
}

function list(reply, what) {
  return reply.headers[`access-control-allow-${what}`].split(",").map((item) => item.trim());
}

function assertNoPermission(reply) {
  const given = Object.keys(reply.headers).filter((header) => header.startsWith("access-control-"));
  assert.deepEqual(given, []);
  assert.match(reply.headers.vary, /Origin/);
}

// Large bodies: one within the cap passes whole, byte for byte; one over it is refused, whether its
// length was announced or not.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";

import { call } from "../lib/call.mjs";
import { startExpress } from "../lib/express_stage.mjs";

const MEBIBYTE = 1024 * 1024;

test("20 MB go through, 33 MB do not", async (t) => {
  const { as, backend } = await startExpress(t, { env: { BACKLOT_API_0_BODY_LIMIT: "32MiB" } });
  const send = (body, headers = {}) =>
    call(`${backend}/api/checksum`, { method: "POST", headers: { ...as("owner"), ...headers }, body });

  await t.test("20 MB arrive as they were sent", async () => {
    const body = randomBytes(20 * MEBIBYTE);
    const reply = await send(body);
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.bytes, body.length);
    assert.equal(reply.json.sha256, createHash("sha256").update(body).digest("hex"));
  });

  for (const [name, headers] of [["announced", {}], ["not announced", { "Transfer-Encoding": "chunked" }]]) {
    await t.test(`33 MB, ${name}: 413`, async () => {
      const reply = await send(Buffer.alloc(33 * MEBIBYTE, "x"), headers);
      assert.equal(reply.status, 413);
      assert.equal(reply.code, "BODY_TOO_LARGE");
      assert.equal(reply.json.details.applicationError.data.limitBytes, 32 * MEBIBYTE);
    });
  }

  await t.test("20 MB from nobody: 401, and the sender can read it", async () => {
    const reply = await send(Buffer.alloc(20 * MEBIBYTE, "x"), { Authorization: "nobody" });
    assert.equal(reply.status, 401);
    assert.equal(reply.code, "CREDENTIAL_MALFORMED");
  });

  await t.test("and a small one still passes", async () => {
    const reply = await send("hello");
    assert.equal(reply.json.bytes, 5);
  });
});

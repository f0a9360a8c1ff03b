// A refusal that comes while the body is still on its way: the sender can read it, each time. For that
// the server has to go on reading for a while; whoever hangs up on a sender takes the reply from it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expired, instanceOf } from "../lib/app.mjs";
import { startDev } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { startUpstream } from "../lib/upstream.mjs";

const MEBIBYTE = 1024 * 1024;
const TIMES = 10;

test("a sender can read why it was refused", async (t) => {
  const upstream = await startUpstream(t);
  const config = `[[api]]\npath = "/api"\nupstream = "${upstream.address}"\nallow = ["owner"]\nbody_limit = "1MiB"\n`;
  const { backend, ready } = await startDev(t, { config });
  const good = instanceOf(ready.app);
  const body = Buffer.alloc(8 * MEBIBYTE, "x");
  const chunked = { "Transfer-Encoding": "chunked" };

  const refusals = [
    ["413, its length announced", 413, "BODY_TOO_LARGE", "/api/x", { Authorization: good }],
    ["413, its length not announced", 413, "BODY_TOO_LARGE", "/api/x", { Authorization: good, ...chunked }],
    ["401", 401, "INSTANCE_EXPIRED", "/api/x", { Authorization: expired(ready.app) }],
    ["403", 403, "ROLE_NOT_ALLOWED", "/api/x", { Authorization: instanceOf(ready.app, { role: "visitor" }) }],
    ["404", 404, "ROUTE_NOT_FOUND", "/nothing", { Authorization: good }],
  ];
  for (const [name, status, code, path, headers] of refusals) {
    await t.test(name, async () => {
      const outcomes = [];
      for (let time = 0; time < TIMES; time += 1) {
        const sent = call(backend + path, { method: "POST", headers, body });
        outcomes.push(await sent.then((reply) => `${reply.status} ${reply.code}`, (error) => error.code ?? error.message));
      }
      assert.deepEqual(outcomes, Array(TIMES).fill(`${status} ${code}`));
    });
  }
});

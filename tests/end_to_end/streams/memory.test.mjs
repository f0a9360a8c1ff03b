// Bodies are not kept on the way: a large one costs buffers, not its size.

import assert from "node:assert/strict";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { startDev } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { startUpstream } from "../lib/upstream.mjs";

const MEBIBYTE = 1024 * 1024;

test("128 MiB pass without being kept", async (t) => {
  const upstream = await startUpstream(t);
  const config = `
[[api]]
path = "/api"
upstream = "${upstream.address}"
allow = ["owner"]
body_limit = "128MiB"
`;
  const { backend, program, ready } = await startDev(t, { config });
  const headers = { Authorization: instanceOf(ready.app) };
  const send = (bytes) => call(`${backend}/api/count`, { method: "POST", headers, body: Buffer.alloc(bytes, "x") });

  assert.equal((await send(1)).json.bytes, 1);
  const before = program.peakMemory;
  assert.equal((await send(128 * MEBIBYTE)).json.bytes, 128 * MEBIBYTE);
  const grown = program.peakMemory - before;
  assert.ok(grown < 48 * MEBIBYTE, `Backlot grew by ${Math.round(grown / MEBIBYTE)} MiB`);
});

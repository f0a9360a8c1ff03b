// Two runs with the same data folder are of the same app, with the same sites; another folder has its own.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { startDev } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { temporaryFolder } from "../lib/folder.mjs";

test("a data folder keeps the app and its sites", async (t) => {
  const data = join(temporaryFolder(t), "data");
  const first = await startDev(t, { data });
  const instance = instanceOf(first.ready.app, { instanceId: first.ready.instances[0].instanceId });
  const keys = (await call(`${first.backend}/.well-known/jwks.json`)).json;
  await first.program.stop("SIGINT");

  const second = await startDev(t, { data });
  assert.deepEqual(second.ready.app, first.ready.app);
  assert.deepEqual(second.ready.instances, first.ready.instances);
  const reply = await call(`${second.backend}/whoami`, { headers: { Authorization: instance } });
  assert.equal(reply.status, 200, "an instance of before is still good");
  assert.deepEqual((await call(`${second.backend}/.well-known/jwks.json`)).json, keys);

  const other = await startDev(t);
  assert.notEqual(other.ready.app.id, first.ready.app.id);
  assert.notEqual(other.ready.app.secret, first.ready.app.secret);
});

// `backlot token`: what it prints is what the server takes from your own server.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { makeApp } from "../lib/app.mjs";
import { command, startServe } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { temporaryFolder } from "../lib/folder.mjs";
import { startWix } from "../lib/wix_stage.mjs";

test("backlot token", async (t) => {
  const { data, folder, otherSite, send } = await startWix(t);
  const printed = (id, place = data) => command(["token", "--instance", id, "--data", place], { cwd: folder });

  await t.test("is what the server takes as the app on that instance", async () => {
    const { code, stdout, stderr } = await printed(otherSite.instanceId);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { status, json } = await send("/whoami", stdout.trim());
    assert.deepEqual([status, json.role, json.instanceId, json.userId], [200, "app", otherSite.instanceId, null]);
  });
  await t.test("no GUID", async () => {
    const { code, stdout, stderr } = await printed("aaaa");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /--instance/);
  });
  await t.test("a folder that is not there", async () => {
    const { code, stdout, stderr } = await printed(otherSite.instanceId, join(folder, "nowhere"));
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /hint: /);
  });

  await t.test("for a server in production", async () => {
    const app = makeApp();
    const server = await startServe(t, { app });
    const options = { cwd: server.folder, env: app.environment };
    const instanceId = crypto.randomUUID();
    const { code, stdout, stderr } = await command(["token", "--instance", instanceId, "--data", server.data], options);
    assert.equal(code, 0, stderr);
    const { status, json } = await call(`${server.backend}/whoami`, { headers: { Authorization: stdout.trim() } });
    assert.deepEqual([status, json.role, json.instanceId], [200, "app", instanceId]);
    const elsewhere = await send("/whoami", stdout.trim());
    assert.deepEqual([elsewhere.status, elsewhere.code], [401, "ELEVATED_TOKEN_INVALID"]);
  });
  await t.test("for a server that was never started", async () => {
    const options = { cwd: temporaryFolder(t), env: makeApp().environment };
    const { code, stderr } = await command(["token", "--instance", crypto.randomUUID()], options);
    assert.equal(code, 1);
    assert.match(stderr, /no database yet.*hint: start the backend once/s);
  });
});

// `backlot simulator …`: what it prints is what the server takes, and nothing else is on standard output.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { command } from "../lib/backlot.mjs";
import { call, postJson } from "../lib/call.mjs";
import { repository } from "../lib/paths.mjs";
import { run } from "../lib/program.mjs";
import { roles, startWix } from "../lib/wix_stage.mjs";

const CONFIG = `
[wix]
calls = ["GET /apps/v1/instance"]
allow = ["owner"]
`;

test("backlot simulator token", async (t) => {
  const { app, data, folder, ready, send, site } = await startWix(t, { config: CONFIG });
  const printed = (...args) => command(["simulator", "token", "--data", data, ...args], { cwd: folder });
  const mistaken = async (words, ...args) => {
    const { code, stdout, stderr } = await printed(...args);
    assert.equal(code, 1, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, words);
  };
  const instance = ["--instance", site.instanceId];
  const { visitorIds } = (await call(`${ready.simulator}/simulator/v1/world`)).json.sites[0];
  const first = { owner: site.ownerId, member: site.memberIds[0], visitor: visitorIds[0], app: null };

  for (const role of roles) {
    await t.test(role, async () => {
      const { code, stdout, stderr } = await printed(...instance, "--role", role);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /^OauthNG\.JWS\.[\w-]+\.[\w-]+\.[\w-]+\n$/, "one token and nothing else");
      const { status, json } = await send("/whoami", stdout.trim());
      assert.deepEqual([status, json.role, json.instanceId, json.userId], [200, role, site.instanceId, first[role]]);
      const info = await postJson(`${ready.simulator}/oauth2/token-info`, { token: stdout.trim() });
      assert.deepEqual([info.json.active, info.json.clientId], [true, app.id]);
    });
  }

  await t.test("--user", async () => {
    const user = crypto.randomUUID();
    for (const role of ["owner", "member", "visitor"]) {
      const { stdout } = await printed(...instance, "--role", role, "--user", user);
      const { json } = await send("/whoami", stdout.trim());
      assert.deepEqual([json.role, json.userId], [role, user]);
    }
    await mistaken(/--user: the role app has no user/, ...instance, "--role", "app", "--user", user);
  });

  await t.test("an unknown role", () => {
    const words = /invalid value 'admin' for '--role.*possible values: visitor, member, owner, app/s;
    return mistaken(words, ...instance, "--role", "admin");
  });
  await t.test("no role", () => mistaken(/--role/, ...instance));
  await t.test("no instance", () => mistaken(/--instance/, "--role", "owner"));
  await t.test("no GUID", () => mistaken(/--instance/, "--instance", "aaaa", "--role", "owner"));
  await t.test("on an instance that the simulator does not have the app is not installed", async () => {
    const { code, stdout } = await printed("--instance", crypto.randomUUID(), "--role", "owner");
    assert.equal(code, 0);
    const { status, code: refusal } = await send("/wix/apps/v1/instance", stdout.trim());
    assert.deepEqual([status, refusal], [403, "WIX_TOKEN_REFUSED"]);
  });

  await t.test("a folder that is not there", async () => {
    const args = ["simulator", "token", ...instance, "--role", "owner", "--data", join(folder, "nowhere")];
    const { code, stdout, stderr } = await command(args, { cwd: folder });
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /hint: run `backlot dev` first/);
  });
});

test("backlot simulator preload prints the module, which works", async (t) => {
  const { folder, ready, site, wix } = await startWix(t);
  const { code, stdout, stderr } = await command(["simulator", "preload"], { cwd: folder });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout, readFileSync(join(repository, "examples/node/wix-in-simulator.mjs"), "utf8"));

  const file = join(folder, "preload.mjs");
  writeFileSync(file, stdout);
  const program = `
    const reply = await fetch("https://www.wixapis.com/apps/v1/instance", { headers: { Authorization: process.argv[1] } });
    console.log((await reply.json()).site.siteDisplayName);`;
  const args = ["--import", file, "--input-type=module", "-e", program, await wix.token(site, "app")];
  const outcome = await run(process.execPath, args, { cwd: folder, env: { WIX_SIMULATOR_URL: ready.simulator } });
  assert.equal(outcome.stdout, `${site.siteName}\n`, outcome.stderr);
});

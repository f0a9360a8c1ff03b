// Where the app is a real one and no simulator was ever started, `backlot explain` asks Wix about a
// token. It does not go, in plain http, to whatever listens where a simulator would be.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

import { makeApp } from "../lib/app.mjs";
import { fakeToken } from "../lib/fake_token.mjs";
import { temporaryFolder } from "../lib/folder.mjs";
import { backlot, suite } from "../lib/paths.mjs";
import { run } from "../lib/program.mjs";

const inNetworkOfItsOwn = ["--map-root-user", "--net"];
const isPossible = spawnSync("unshare", [...inNetworkOfItsOwn, "ip", "link", "set", "lo", "up"]).status === 0;

test("explain asks Wix itself", { skip: isPossible ? false : "unshare and ip are needed" }, async (t) => {
  const app = makeApp();
  const token = fakeToken(app, { instanceId: crypto.randomUUID(), ownerId: crypto.randomUUID() });
  const program = [process.execPath, join(suite, "lib/alone.mjs"), backlot(), "explain", token];
  const options = { cwd: temporaryFolder(t), env: app.environment, patience: 20_000 };
  const { code, stdout, stderr } = await run("unshare", [...inNetworkOfItsOwn, ...program], options);
  assert.equal(code, 0, stderr);
  const outcome = JSON.parse(stdout);
  assert.equal(outcome.code, 1, "Wix is not reached, so the token is refused");
  assert.deepEqual(outcome.asked, [], "the token went to the simulator's address");
});

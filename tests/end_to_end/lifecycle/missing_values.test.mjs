// `serve` refuses to start with anything missing, and says what.

import assert from "node:assert/strict";
import { test } from "node:test";

import { makeApp } from "../lib/app.mjs";
import { command } from "../lib/backlot.mjs";
import { temporaryFolder } from "../lib/folder.mjs";

const key = { WIX_CLIENT_ID: "app.id", WIX_CLIENT_SECRET: "app.secret" };
const ports = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];

for (const missing of Object.keys(key)) {
  test(`without ${missing}`, async (t) => {
    const app = makeApp();
    const { [missing]: _, ...env } = app.environment;
    const { code, stdout, stderr } = await command(["serve", ...ports], { cwd: temporaryFolder(t), env });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(missing));
    assert.match(stderr, new RegExp(`^error: ${key[missing]}: .* missing`, "m"));
    for (const other of Object.keys(env)) assert.doesNotMatch(stderr, new RegExp(`${key[other]}:`));
    assert.equal(stdout, "");
    assert.ok(!stderr.includes(app.secret));
  });
}

test("without both, it names both at once", async (t) => {
  const { code, stderr } = await command(["serve", ...ports], { cwd: temporaryFolder(t) });
  assert.equal(code, 1);
  for (const name of Object.keys(key)) assert.match(stderr, new RegExp(name));
});

// `serve` refuses what is unsafe, each with a remedy.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { makeApp } from "../lib/app.mjs";
import { command } from "../lib/backlot.mjs";
import { temporaryFolder } from "../lib/folder.mjs";

const unsafe = {
  "every origin": ['[cors]\norigins = ["*"]\n', "cors.origins[0]"],
  "pages of plain http": ['[cors]\norigins = ["http://shop.example"]\n', "cors.origins[0]"],
  "every page of this machine": ["[cors]\nlocalhost = true\n", "cors.localhost"],
  "an admin listener for everybody": ['[admin]\nlisten = "0.0.0.0:0"\n', "admin.listen"],
  "a secret in the file": ['[app]\nsecret = "0f5e7c1b"\n', "app.secret"],
  "an entry for nobody knows whom": ['[[api]]\npath = "/api"\nupstream = "http://127.0.0.1:3000"\n', "api[0].allow"],
};

for (const [name, [text, key]] of Object.entries(unsafe)) {
  test(`serve refuses ${name}`, async (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, "backlot.toml");
    writeFileSync(path, text);
    const { WIX_CLIENT_SECRET, ...others } = makeApp().environment;
    const env = key === "app.secret" ? others : { ...others, WIX_CLIENT_SECRET };
    const args = ["serve", "--config", path, "--listen", "127.0.0.1:0"];
    const { code, stderr } = await command(args, { cwd: folder, env });
    assert.equal(code, 1, stderr);
    assert.ok(stderr.includes(`${key}: `), stderr);
    assert.match(stderr, /hint: /);
    assert.ok(!stderr.includes("0f5e7c1b"), "the secret is not repeated");
  });
}

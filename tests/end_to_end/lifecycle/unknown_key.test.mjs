// An unknown key is refused with its file, its line and the key that was probably meant.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { makeApp } from "../lib/app.mjs";
import { command } from "../lib/backlot.mjs";
import { temporaryFolder } from "../lib/folder.mjs";

const mistakes = [
  ["a key", "# Mine.\n\n[cors]\norigin = [\"https://a.example\"]\n", 4, "origins"],
  ["a key of a list", "[[api]]\npath = \"/api\"\nupstreem = \"http://127.0.0.1:3000\"\n", 3, "upstream"],
  ["a section", "[server]\n\n[databse]\nurl = \"sqlite://a.db\"\n", 3, "database"],
];

for (const [name, text, line, meant] of mistakes) {
  for (const mode of ["serve", "dev"]) {
    test(`${mode}: ${name}`, async (t) => {
      const folder = temporaryFolder(t);
      const path = join(folder, "backlot.toml");
      writeFileSync(path, text);
      const args = [mode, "--config", path, "--data", join(folder, "data"), "--listen", "127.0.0.1:0"];
      const { code, stderr } = await command(args, { cwd: folder, env: makeApp().environment });
      assert.equal(code, 1);
      assert.ok(stderr.includes(`${path}:${line}:`), stderr);
      assert.match(stderr, new RegExp(`did you mean \`${meant}\``));
    });
  }
}

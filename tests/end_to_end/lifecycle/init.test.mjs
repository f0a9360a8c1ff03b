// `backlot init` in an empty folder, and what comes of its file.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { command, startDev } from "../lib/backlot.mjs";
import { temporaryFolder } from "../lib/folder.mjs";

test("init writes a configuration, and keeps the data folder out of git", async (t) => {
  const cwd = temporaryFolder(t);
  const first = await command(["init"], { cwd });
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^Wrote backlot\.toml\. \.gitignore keeps data\/, .* out of git\. Pages of .*\nNext: `backlot dev`/);
  assert.equal(readFileSync(join(cwd, ".gitignore"), "utf8"), "data/\n");

  const again = await command(["init", "--force"], { cwd });
  assert.match(again.stderr, /^Wrote backlot\.toml\. Pages of .*\nNext: `backlot dev` tries it on this machine\.\n$/);
  assert.equal(readFileSync(join(cwd, ".gitignore"), "utf8"), "data/\n");

  const elsewhere = temporaryFolder(t);
  const there = await command(["init", "--output", join(elsewhere, "mine.toml")], { cwd });
  assert.equal(there.code, 0, there.stderr);
  assert.equal(existsSync(join(elsewhere, ".gitignore")), false, "the data folder will not be there");

  const config = { path: join(cwd, "backlot.toml") };
  const { program, ready, data } = await startDev(t, { config });
  assert.match(program.stdout, new RegExp(`Configuration   ${config.path}\n`));
  assert.match(program.stdout, new RegExp(`Database        ${join(data, "backlot.db")}\n`));
  assert.match(program.stdout, new RegExp(`Simulator       ${ready.simulator}   open this one in a browser\n`));
});

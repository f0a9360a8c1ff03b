// What the Express example's lock file names, installed if nobody has done so yet. Test files run side
// by side: one of them installs, the others wait.

import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

import { expressExample, workFile } from "./paths.mjs";
import { until } from "./poll.mjs";
import { run } from "./program.mjs";

const PATIENCE = 50_000;
// npm writes it last.
const finished = join(expressExample, "node_modules/.package-lock.json");

export async function installExpress() {
  if (existsSync(finished)) return;
  const lock = workFile("express_install.lock");
  const wait = `npm ci of another test (if there is none, remove ${lock})`;
  const turn = await until(wait, () => (existsSync(finished) ? "done" : take(lock)), PATIENCE);
  if (turn === "done") return;
  try {
    const { code, stderr } = await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: expressExample, patience: PATIENCE });
    if (code !== 0) throw new Error(`npm ci in ${expressExample} failed:\n${stderr}`);
  } finally {
    rmdirSync(lock);
  }
}

function take(lock) {
  try {
    mkdirSync(lock);
    return "taken";
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

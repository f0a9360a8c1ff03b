// A Node program of the test's own that uses Wix's packages, sent to the simulator by the preload of
// examples/node. It prints what became of each thing that it tried; see wix_sdk/programs/tell.mjs.

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { repository, suite } from "./paths.mjs";
import { run } from "./program.mjs";

const preload = pathToFileURL(join(repository, "examples/node/wix-in-simulator.mjs")).href;

// Resolves to {name: {value} or {error}} for everything that the program tried.
export async function runWixProgram(name, { simulator, patience = 20_000, ...settings }) {
  const program = join(suite, "wix_sdk/programs", `${name}.mjs`);
  const args = ["--import", preload, program, JSON.stringify(settings)];
  const env = { WIX_SIMULATOR_URL: simulator };
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd: suite, env, patience });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

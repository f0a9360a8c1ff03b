// Backlot itself, on free ports, with a folder of its own.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { makeApp } from "./app.mjs";
import { atEnd } from "./cleanup.mjs";
import { temporaryFolder } from "./folder.mjs";
import { backlot } from "./paths.mjs";
import { until } from "./poll.mjs";
import { Program, run } from "./program.mjs";

// One `backlot` command, run to its end: {code, stdout, stderr}.
export function command(args, options) {
  return run(backlot(), args, options);
}

// `dev`: {program, ready, folder, data} and what the ready file says.
// It is stopped as a developer's Ctrl-C does: nobody waits for streams that stay open. With `showsDemo` false the page
// that the configuration names is shown.
export function startDev(t, { config, data, env, showsDemo = true, simulatorListen = "127.0.0.1:0", program = backlot() } = {}) {
  const ports = ["--simulator-listen", simulatorListen, ...(showsDemo ? ["--app-listen", "127.0.0.1:0"] : [])];
  return start(t, program, ["dev", ...ports], { config, data, env }, "SIGINT");
}

// `serve`, with an app of the test's own.
export async function startServe(t, { config, data, env, app = makeApp() } = {}) {
  const server = await start(t, backlot(), ["serve"], { config, data, env: { ...app.environment, ...env } }, "SIGINT");
  return Object.assign(server, { app });
}

async function start(t, path, args, { config, data, env }, ending) {
  const folder = temporaryFolder(t);
  const readyFile = join(folder, "ready.json");
  const dataFolder = data ?? join(folder, "data");
  const all = [...args, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
  all.push("--data", dataFolder, "--ready-file", readyFile);
  if (config !== undefined) all.push("--config", configFile(folder, config));
  const program = new Program(path, all, { cwd: folder, env });
  atEnd(t, () => program.stop(ending));
  await until("the ready file", () => {
    program.assertAlive();
    return existsSync(readyFile);
  });
  // It is put in place whole: what is there is complete.
  const ready = JSON.parse(readFileSync(readyFile, "utf8"));
  return { program, folder, data: dataFolder, ready, backend: ready.backend, admin: ready.admin };
}

// A path is taken as it is; everything else is the text of a configuration.
function configFile(folder, config) {
  if (config.path) return config.path;
  const path = join(folder, "backlot.toml");
  writeFileSync(path, config);
  return path;
}

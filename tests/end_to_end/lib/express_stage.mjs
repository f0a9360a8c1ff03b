// The Express example behind `backlot dev`, run as its README tells, but for the ports. Between the two
// stands a relay that sees what goes by.

import { existsSync } from "node:fs";
import { join } from "node:path";

import { startDev } from "./backlot.mjs";
import { instanceOf } from "./app.mjs";
import { atEnd } from "./cleanup.mjs";
import { expressExample } from "./paths.mjs";
import { until } from "./poll.mjs";
import { Program, run } from "./program.mjs";
import { startRelay } from "./relay.mjs";

// Installs what the example's lock file names, if nobody has done so yet.
async function install() {
  if (existsSync(join(expressExample, "node_modules/jose/package.json"))) return;
  const { code, stderr } = await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: expressExample });
  if (code !== 0) throw new Error(`npm ci in ${expressExample} failed:\n${stderr}`);
}

export async function startExpress(t, { env } = {}) {
  await install();
  const relay = await startRelay(t);
  const settings = { BACKLOT_API_0_UPSTREAM: relay.address, ...env };
  const config = { path: join(expressExample, "backlot.toml") };
  const backlot = await startDev(t, { config, env: settings });
  const { app, instances } = backlot.ready;

  const express = new Program(process.execPath, ["server.mjs"], {
    cwd: expressExample,
    env: { PORT: "0", BACKLOT_URL: backlot.backend, WIX_CLIENT_ID: app.id },
  });
  atEnd(t, () => express.stop());
  const address = await until("Express to listen", () => {
    express.assertAlive();
    return express.stdout.match(/^Listening on (http:\S+:\d+)$/m)?.[1];
  });
  relay.target = Number(new URL(address).port);

  const [site, otherSite] = instances;
  const as = (role, { instanceId } = site) => ({ Authorization: instanceOf(app, { instanceId, role }) });
  return { backlot, backend: backlot.backend, app, site, otherSite, as, relay, direct: address, express };
}

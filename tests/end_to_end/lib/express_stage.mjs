// The Express example behind `backlot dev`, run as its README tells, but for the ports. Between the two
// stands a relay that sees what goes by.

import { join } from "node:path";

import { instanceOf } from "./app.mjs";
import { startDev } from "./backlot.mjs";
import { atEnd } from "./cleanup.mjs";
import { installExpress } from "./express_install.mjs";
import { expressExample } from "./paths.mjs";
import { until } from "./poll.mjs";
import { Program } from "./program.mjs";
import { startRelay } from "./relay.mjs";

// The example alone, as `node server.mjs` with these variables; resolves to its address.
export async function runExpress(t, env) {
  await installExpress();
  const express = new Program(process.execPath, ["server.mjs"], { cwd: expressExample, env: { PORT: "0", ...env } });
  atEnd(t, () => express.stop());
  return until("Express to listen", () => {
    express.assertAlive();
    return express.stdout.match(/^Listening on (http:\S+:\d+)$/m)?.[1];
  });
}

export async function startExpress(t, { env } = {}) {
  const relay = await startRelay(t);
  const settings = { BACKLOT_API_0_UPSTREAM: relay.address, ...env };
  const config = { path: join(expressExample, "backlot.toml") };
  const backlot = await startDev(t, { config, env: settings });
  const { app, instances } = backlot.ready;

  const address = await runExpress(t, { BACKLOT_URL: backlot.backend, WIX_CLIENT_ID: app.id });
  relay.target = Number(new URL(address).port);

  const [site, otherSite] = instances;
  const as = (role, { instanceId } = site) => ({ Authorization: instanceOf(app, { instanceId, role }) });
  return { backlot, backend: backlot.backend, app, site, otherSite, as, relay, direct: address };
}

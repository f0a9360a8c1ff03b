// `backlot dev` with an upstream that tells back what it is asked, and the simulator at hand. `config`
// is added to the configuration.

import { startDev } from "./backlot.mjs";
import { call } from "./call.mjs";
import { simulatorOf } from "./simulator.mjs";
import { startUpstream } from "./upstream.mjs";

export const roles = ["owner", "member", "visitor", "app"];

export async function startWix(t, { config = "", env } = {}) {
  const upstream = await startUpstream(t);
  const api = `
[[api]]
path = "/api"
upstream = "${upstream.address}"
allow = ["owner", "member", "visitor", "app"]
`;
  const backlot = await startDev(t, { config: config + api, env });
  const [site, otherSite] = backlot.ready.instances;
  const send = (path, token, options = {}) => {
    const headers = { ...(token && { Authorization: token }), ...options.headers };
    return call(backlot.backend + path, { ...options, headers });
  };
  return { ...backlot, app: backlot.ready.app, site, otherSite, upstream, send, wix: simulatorOf(backlot.ready) };
}

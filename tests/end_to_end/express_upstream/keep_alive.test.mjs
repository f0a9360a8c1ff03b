// Connections to the upstream are used again, also by other clients and other instances.

import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";

import { call, postJson } from "../lib/call.mjs";
import { atEnd } from "../lib/cleanup.mjs";
import { startExpress } from "../lib/express_stage.mjs";

test("sixty calls, one connection to the upstream", async (t) => {
  const { as, backend, otherSite, relay, site } = await startExpress(t);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  atEnd(t, () => agent.destroy());

  for (let round = 0; round < 20; round += 1) {
    const url = `${backend}/api/hello`;
    const kept = await call(url, { agent, headers: as("owner", site) });
    const fresh = await call(url, { headers: as("visitor", otherSite) });
    const posted = await postJson(`${backend}/api/notes`, { text: `note ${round}` }, as("member", site));
    assert.deepEqual([kept.status, fresh.status, posted.status], [200, 200, 200]);
    assert.equal(kept.json.caller.instanceId, site.instanceId);
    assert.equal(fresh.json.caller.instanceId, otherSite.instanceId);
  }
  assert.equal(relay.connections, 1);
});

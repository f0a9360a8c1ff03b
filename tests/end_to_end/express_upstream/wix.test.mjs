// Express asks Wix about its caller's site, with the elevated token that it was handed.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call } from "../lib/call.mjs";
import { startExpress } from "../lib/express_stage.mjs";
import { simulatorOf } from "../lib/simulator.mjs";

test("Express calls Wix through Backlot", async (t) => {
  const { as, backend, backlot, otherSite, relay, site } = await startExpress(t);
  const wix = simulatorOf(backlot.ready);

  for (const each of [site, otherSite]) {
    for (const role of ["owner", "member", "visitor"]) {
      await t.test(`${role} of ${each.siteName}`, async () => {
        const token = { Authorization: await wix.token(each, role) };
        for (const headers of [token, as(role, each)]) {
          const { status, json, text } = await call(`${backend}/api/site`, { headers });
          assert.equal(status, 200, text);
          assert.deepEqual(json, { name: each.siteName, url: each.siteUrl, isFree: each === otherSite });
          assert.ok(!relay.sent.includes(headers.Authorization), "the caller's own credential stays with Backlot");
        }
      });
    }
  }

  await t.test("a member's page may not ask by itself", async () => {
    const reply = await call(`${backend}/wix/apps/v1/instance`, { headers: as("member") });
    assert.deepEqual([reply.status, reply.code], [403, "ROLE_NOT_ALLOWED"]);
  });

  await t.test("the token is for its own site and for what is on the list", async () => {
    relay.sent = "";
    await call(`${backend}/api/site`, { headers: as("visitor", otherSite) });
    const token = relay.sent.match(/^x-backlot-elevated-token: (\S+)\r$/m)[1];
    const headers = { Authorization: token, "x-backlot-instance-id": site.instanceId };
    const ask = (path, method = "GET") => call(`${backend}/wix${path}`, { method, headers });
    assert.equal((await ask("/apps/v1/instance")).json.instance.instanceId, otherSite.instanceId);
    const other = await ask("/apps/v1/scripts");
    assert.deepEqual([other.status, other.code], [403, "WIX_CALL_NOT_ALLOWED"]);
    const write = await ask("/apps/v1/instance", "POST");
    assert.deepEqual([write.status, write.code], [403, "WIX_CALL_NOT_ALLOWED"]);
  });

  await t.test("Wix refuses: Express learns why", async () => {
    await wix.misbehave({ uninstalled: [site.instanceId] });
    await wix.revoke({ instanceId: site.instanceId });
    const { status, json } = await call(`${backend}/api/site`, { headers: as("owner") });
    assert.equal(status, 502);
    assert.match(json.message, /^No word from Wix: Wix issues no token for this instance/);
  });
});

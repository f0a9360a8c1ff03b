// Tokens name no plan. Where a path asks for one, it comes from what Wix says of the instance.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call } from "../lib/call.mjs";
import { startWix } from "../lib/wix_stage.mjs";

// The entry that startWix adds takes all of /api but this.
const config = `
[[api]]
path = "/api/paid"
upstream = "http://127.0.0.1:1"
allow = ["owner", "visitor"]
plans = ["pro", "gold"]
`;

test("plans of callers with tokens", async (t) => {
  const { admin, otherSite, send, site, wix } = await startWix(t, { config });
  const [paying, free] = [await wix.token(site, "visitor"), await wix.token(otherSite, "owner")];
  const LET_IN = [502, "UPSTREAM_UNREACHABLE"];
  const NO_PLAN = [403, "PLAN_NOT_ALLOWED"];
  const paid = async (token) => {
    const { status, code } = await send("/api/paid/x", token);
    return [status, code];
  };
  const asked = async () => (await wix.calls("/apps/v1/instance")).total;

  await t.test("no word of Wix's: nobody is let in", async () => {
    await wix.misbehave({ failNext: 1000, failStatus: 500, paths: ["/apps/"] });
    assert.equal((await send("/api/free", paying)).status, 200);
    assert.deepEqual(await paid(paying), [503, "WIX_UNAVAILABLE"]);
    await wix.behave();
    await wix.forgetCalls();
  });

  await t.test("asked once for each instance", async () => {
    for (let round = 0; round < 3; round += 1) {
      assert.deepEqual(await paid(paying), LET_IN);
      assert.deepEqual(await paid(free), NO_PLAN);
    }
    assert.equal(await asked(), 2);
  });

  await t.test("where no plan is asked for, nobody waits for Wix, and what is known is said", async () => {
    const { json } = await send("/api/free", await wix.token(site, "visitor", crypto.randomUUID()));
    assert.equal(json.headers["x-backlot-plan"], "pro");
    assert.equal((await send("/whoami", await wix.token(site, "owner", crypto.randomUUID()))).json.plan, "pro");
    assert.equal(await asked(), 2);
  });

  await t.test("a plan that is bought counts when Wix is asked again", async () => {
    await wix.change(otherSite, { plan: "gold" });
    assert.deepEqual(await paid(free), NO_PLAN);
    const refreshed = await call(`${admin}/admin/v1/instances/${otherSite.instanceId}/refresh`, { method: "POST" });
    assert.equal(refreshed.status, 200, refreshed.text);
    assert.deepEqual(await paid(free), LET_IN);
    assert.deepEqual(await paid(paying), LET_IN);
  });
});

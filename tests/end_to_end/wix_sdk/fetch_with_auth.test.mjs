// What pages call their backend with: `fetchWithAuth` of `@wix/sdk` and of `@wix/essentials`. The
// backend knows the caller of each role, and so does the server behind it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { runWixProgram } from "../lib/wix_program.mjs";
import { roles, startWix } from "../lib/wix_stage.mjs";

const ways = ["sdk", "module", "essentials"];

test("fetchWithAuth reaches the backend", async (t) => {
  const { backend, ready, site, wix } = await startWix(t);
  const addresses = { whoami: `${backend}/whoami`, hello: `${backend}/api/hello` };

  for (const role of roles) {
    await t.test(role, async () => {
      const userId = role === "app" ? undefined : crypto.randomUUID();
      const accessToken = await wix.token(site, role, userId);
      const outcome = await runWixProgram("fetch_with_auth", { simulator: ready.simulator, addresses, accessToken });
      assert.equal(Object.keys(outcome).length, ways.length * 2);
      for (const way of ways) {
        const me = outcome[`${way} whoami`].value;
        assert.equal(me?.status, 200, JSON.stringify(outcome[`${way} whoami`]));
        const { instanceId, userId: user, credential } = me.json;
        assert.deepEqual([me.json.role, instanceId, user, credential], [role, site.instanceId, userId ?? null, "accessToken"]);

        const { headers } = outcome[`${way} hello`].value.json;
        assert.equal(headers["x-backlot-role"], role);
        assert.equal(headers["x-backlot-instance-id"], site.instanceId);
        assert.equal(headers["x-backlot-user-id"], userId);
        assert.equal(headers.authorization, undefined, "the token stays with Backlot");
      }
    });
  }

  await t.test("a dead token: the page reads why", async () => {
    const accessToken = await wix.token(site);
    await wix.revoke({ accessToken });
    const outcome = await runWixProgram("fetch_with_auth", { simulator: ready.simulator, addresses, accessToken });
    for (const { value } of Object.values(outcome)) {
      assert.deepEqual([value.status, value.json.details.applicationError.code], [401, "ACCESS_TOKEN_INACTIVE"]);
    }
  });
});

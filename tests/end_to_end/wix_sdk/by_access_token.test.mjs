// `AppStrategy` with a caller's access token: token info, the token without its session, elevation.
// What is wrong fails with the SDK's own errors.

import assert from "node:assert/strict";
import { test } from "node:test";

import { command } from "../lib/backlot.mjs";
import { startWix, roles } from "../lib/wix_stage.mjs";
import { runWixProgram } from "../lib/wix_program.mjs";

const subjects = { owner: "USER", member: "MEMBER", visitor: "VISITOR", app: "APP" };

test("the SDK takes a caller's access token", async (t) => {
  const { app, data, folder, ready, send, site, wix } = await startWix(t);
  const printed = async (role, ...more) => {
    const args = ["simulator", "token", "--instance", site.instanceId, "--role", role, "--data", data, ...more];
    const { code, stdout, stderr } = await command(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  const ask = (accessToken, more) =>
    runWixProgram("by_access_token", { simulator: ready.simulator, appId: app.id, appSecret: app.secret, accessToken, ...more });

  for (const role of roles) {
    await t.test(role, async () => {
      const userId = role === "app" ? undefined : crypto.randomUUID();
      const accessToken = await printed(role, ...(userId ? ["--user", userId] : []));
      const outcome = await ask(accessToken);

      const { exp, iat, ...info } = outcome.tokenInfo.value;
      assert.equal(exp - iat, 14_400);
      assert.deepEqual(info, {
        active: true,
        subjectType: subjects[role],
        subjectId: userId ?? app.id,
        clientId: app.id,
        siteId: site.siteId,
        instanceId: site.instanceId,
      });

      const unbound = outcome.headers.value.Authorization;
      assert.match(unbound, /^OauthNG\.JWS\./);
      assert.notEqual(unbound, accessToken);
      const me = await send("/whoami", unbound);
      assert.deepEqual([me.status, me.json.role, me.json.userId], [200, role, userId ?? null]);

      if (role === "app") assert.equal(outcome.asTheCaller.value.instance.instanceId, site.instanceId);
      else assert.match(outcome.asTheCaller.error.message, /PERMISSION_DENIED|Only the app itself/);
      assert.equal(outcome.asTheApp.value.instance.instanceId, site.instanceId);
      const elevated = await send("/whoami", outcome.elevatedHeaders.value.headers.Authorization);
      assert.deepEqual([elevated.json.role, elevated.json.instanceId], ["app", site.instanceId]);
    });
  }

  await t.test("a wrong secret", async () => {
    const { headers, tokenInfo, asTheApp, elevatedHeaders } = await ask(await printed("owner"), { appSecret: "wrong" });
    assert.equal(tokenInfo.value.active, true, "needs no secret");
    assert.match(headers.error.message, /^Failed to get unbound token\. .* 401, request id: [\w-]{8,}$/);
    assert.match(elevatedHeaders.error.message, /^Failed to exchange instance ID for access token\. .* 401/);
    assert.ok(asTheApp.error);
  });

  await t.test("another app's id", async () => {
    const { elevatedHeaders } = await ask(await printed("owner"), { appId: crypto.randomUUID() });
    assert.match(elevatedHeaders.error.message, /^Invalid access token\. The token is not issued for the app/);
  });

  await t.test("a dead token", async () => {
    const accessToken = await printed("member");
    await wix.revoke({ accessToken });
    const { headers, tokenInfo, elevatedHeaders } = await ask(accessToken);
    assert.deepEqual(tokenInfo.value, { active: false });
    assert.match(headers.error.message, /^Failed to get unbound token\. .* 400/);
    assert.match(elevatedHeaders.error.message, /^Invalid access token/);

    await wix.misbehave({ deadTokens: "unauthorized" });
    const again = await ask(accessToken);
    assert.match(again.tokenInfo.error.message, /^Failed to get token info\. .* 401$/);
    assert.match(again.elevatedHeaders.error.message, /^Failed to get token info\. .* 401$/);
    await wix.behave();
  });

  await t.test("an uninstalled instance", async () => {
    await wix.misbehave({ uninstalled: [site.instanceId] });
    const { tokenInfo, headers } = await ask(await printed("owner"));
    assert.deepEqual(tokenInfo.value, { active: false });
    assert.match(headers.error.message, /^Failed to get unbound token\. .* 400/);
  });
});

// `AppStrategy` with an instance id: the SDK gets a token of the app, and `getAppInstance()` is the
// simulated site, field by field.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startWix } from "../lib/wix_stage.mjs";
import { runWixProgram } from "../lib/wix_program.mjs";

test("the SDK's getAppInstance() is the simulated site", async (t) => {
  const { app, ready, send, site, otherSite, wix } = await startWix(t, {
    config: '[wix]\ncalls = [{ call = "GET /apps/v1/instance", allow = ["app"] }]\n',
  });
  const ask = (instanceId, more) =>
    runWixProgram("by_instance", { simulator: ready.simulator, appId: app.id, appSecret: app.secret, instanceId, ...more });

  for (const { instanceId } of [site, otherSite]) {
    const world = (await wix.world()).sites.find((each) => each.instanceId === instanceId);
    await t.test(world.siteName, async () => {
      const { appInstance, headers } = await ask(instanceId);
      assert.match(headers.value.Authorization, /^OauthNG\.JWS\./);
      assert.deepEqual(appInstance.value.instance, expectedInstance(world, appInstance.value.instance));
      assert.deepEqual(appInstance.value.site, expectedSite(world));
      const direct = await send("/wix/apps/v1/instance", headers.value.Authorization);
      assert.deepEqual(direct.json, appInstance.value, "the backend's /wix/ says what the SDK got");
    });
  }

  await t.test("changes of the site are seen at once", async () => {
    const changes = { plan: "gold", siteName: "Old Mill", siteUrl: "https://old-mill.example/shop", locale: "fr" };
    await wix.change(otherSite, changes);
    const { appInstance } = await ask(otherSite.instanceId);
    const { instance, site: now } = appInstance.value;
    assert.deepEqual([instance.isFree, instance.billing.packageName], [false, "gold"]);
    assert.deepEqual([now.siteDisplayName, now.url, now.locale], ["Old Mill", "https://old-mill.example/shop", "fr"]);
    assert.deepEqual(instance.availablePlans, [{ packageName: "pro" }, { packageName: "gold" }]);
  });

  const cannotExchange = (status) => new RegExp(`^Failed to exchange instance ID for access token.* ${status}, request id: [\\w-]{8,}$`);
  const wrong = {
    "a wrong secret": [401, () => ask(site.instanceId, { appSecret: crypto.randomUUID() })],
    "another app's id": [401, () => ask(site.instanceId, { appId: crypto.randomUUID() })],
    "an instance that is not there": [400, () => ask(crypto.randomUUID())],
    "an uninstalled instance": [
      400,
      async () => {
        await wix.misbehave({ uninstalled: [site.instanceId] });
        return ask(site.instanceId);
      },
    ],
    "a secret that was rotated": [
      401,
      async () => {
        await wix.misbehave({ uninstalled: [], secretExpired: true });
        return ask(site.instanceId);
      },
    ],
  };
  for (const [name, [status, attempt]] of Object.entries(wrong)) {
    await t.test(name, async () => {
      const { headers, appInstance } = await attempt();
      assert.match(headers.error.message, cannotExchange(status));
      assert.ok(appInstance.error);
    });
  }
});

function expectedInstance({ instanceId, plan }, { billing }) {
  return {
    instanceId,
    appName: "Demo app",
    appVersion: "0.0.1",
    isFree: plan === null,
    ...(plan && { billing: expectedBilling(plan, billing) }),
    permissions: ["WIX_DEVELOPERS.CREATE_CHECKOUT", "WIX_DEVELOPERS.MANAGE_APP_INSTANCE", "WIX_DEVELOPERS.MANAGE_CHARGE"],
    availablePlans: [{ packageName: "pro" }],
    copiedFromTemplate: false,
    freeTrialAvailable: plan === null,
  };
}

// Since when is the simulator's to say; that it is an instant is not.
function expectedBilling(packageName, { timeStamp }) {
  assert.ok(Number.isFinite(Date.parse(timeStamp)), timeStamp);
  return { packageName, billingCycle: "MONTHLY", timeStamp, autoRenewing: true, freeTrialInfo: { status: "NOT_AVAILABLE" } };
}

function expectedSite({ siteId, siteName, siteUrl, locale }) {
  return {
    siteId,
    siteDisplayName: siteName,
    url: siteUrl,
    description: "A make-believe site of the simulator.",
    locale,
    paymentCurrency: "EUR",
    installedWixApps: [],
    multilingual: { isMultiLingual: false, supportedLanguages: [] },
    ownerInfo: { email: `owner@${new URL(siteUrl).hostname}`, emailStatus: "VERIFIED_OPT_IN" },
  };
}

// The dashboard's switches for how Wix misbehaves: they do what the API does, and show what it has.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { call } from "../lib/call.mjs";
import { choose, openDashboard, press } from "../lib/dashboard.mjs";
import { until } from "../lib/poll.mjs";
import { simulatorOf } from "../lib/simulator.mjs";

test("the dashboard's faults", async (t) => {
  const { ready } = await startDev(t);
  const wix = simulatorOf(ready);
  const page = await openPage(await openBrowser(t));
  await openDashboard(page, ready);
  await page.getByTestId("faults").locator("summary").click();
  const field = (name) => page.getByTestId(`fault-${name}`);
  const faults = async () => (await call(`${ready.simulator}/simulator/v1/faults`)).json;
  const becomes = (name, wanted) =>
    until(`${name} to be set`, async () => JSON.stringify((await faults())[name]) === JSON.stringify(wanted));
  const normal = await faults();
  const [site, otherSite] = ready.instances;

  await t.test("each switch sets its fault", async () => {
    const set = async (name, value) => {
      await field(name).fill(value);
      await field(name).blur();
    };
    await set("slowMs", "120");
    await becomes("slowMs", 120);
    await set("failNext", "7");
    await becomes("failNext", 7);
    await field("deadTokens").selectOption("unauthorized");
    await becomes("deadTokens", "unauthorized");
    await field("secretExpired").check();
    await becomes("secretExpired", true);
    await field("uninstalled").check();
    await becomes("uninstalled", [site.instanceId]);
    await field("retryAfter").uncheck();
    await becomes("retryAfter", false);
    await page.getByTestId("fault-badge").getByText("6 on").waitFor();
    assert.equal(await field("trouble").textContent(), "");
  });

  await t.test("a value that cannot be is not sent", async () => {
    await field("slowMs").fill("-1");
    await field("slowMs").blur();
    await field("slowMs").fill("700000");
    await field("slowMs").blur();
    // What comes after it has arrived, so it would have, too.
    await field("retryAfter").check();
    await becomes("retryAfter", true);
    assert.equal((await faults()).slowMs, 120);
    await field("retryAfter").uncheck();
    await becomes("retryAfter", false);
  });

  await t.test("the badge and the site's switch go by the chosen site", async () => {
    await choose(page, { site: otherSite.siteName });
    assert.equal(await field("uninstalled").isChecked(), false);
    await page.getByTestId("fault-badge").getByText("5 on").waitFor();
    await choose(page, { site: site.siteName });
    assert.equal(await field("uninstalled").isChecked(), true);
  });

  await t.test("all well again", async () => {
    await field("reset").click();
    await until("all to be well", async () => JSON.stringify(await faults()) === JSON.stringify(normal));
    await page.getByTestId("fault-badge").waitFor({ state: "hidden" });
    assert.equal(await field("secretExpired").isChecked(), false);
    assert.equal(await field("retryAfter").isChecked(), true);
    assert.equal(await field("slowMs").inputValue(), "0");
  });

  await t.test("what others set is shown, too", async () => {
    await wix.misbehave({ failNext: 3, secretExpired: true });
    await until("the page to show it", async () => (await field("failNext").inputValue()) === "3");
    assert.equal(await field("secretExpired").isChecked(), true);
    await wix.behave();
  });

  await t.test("a fault is felt in the demo app, and the calls are listed", async () => {
    await wix.forgetCalls();
    await field("uninstalled").check();
    await becomes("uninstalled", [site.instanceId]);
    const now = await choose(page, { site: site.siteName, role: "owner" });
    const refused = await press(now, "call-wix-instance");
    assert.deepEqual([refused.status, refused.code], ["403", "WIX_TOKEN_REFUSED"]);
    await page.getByTestId("fault-calls").getByText("POST /oauth2/token", { exact: true }).first().waitFor();
    assert.match(await page.getByTestId("fault-calls-total").textContent(), /^\(\d+\)$/);
  });
});

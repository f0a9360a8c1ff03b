// The panel "Webhooks" of the simulator's page: what is chosen there is sent, and what became of it is shown live.

import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";

import { violationsOf } from "../lib/axe.mjs";
import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { openDashboard, openPanel } from "../lib/dashboard.mjs";
import { workFile } from "../lib/paths.mjs";
import { until } from "../lib/poll.mjs";
import { simulatorOf } from "../lib/simulator.mjs";
import { opened, startReceiver } from "../lib/webhooks.mjs";

test("the panel \"Webhooks\"", async (t) => {
  const { ready } = await startDev(t);
  const wix = simulatorOf(ready);
  let status = 200;
  const { got, url } = await startReceiver(t, (_, response) => void response.writeHead(status).end());
  const page = await openPage(await openBrowser(t), { viewport: { width: 1440, height: 1000 } });
  // The panel sends to the backend; here the test's own server stands in for it.
  await page.route("**/simulator/v1/webhooks", (route) => {
    if (route.request().method() !== "POST") return route.continue();
    return route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), to: url }) });
  });
  await openDashboard(page, ready);
  await openPanel(page, "webhooks");
  const field = (name) => page.getByTestId(`webhook-${name}`);
  const rows = page.getByTestId("webhook-row");
  const [site, otherSite] = ready.instances;
  const sent = async (count) => {
    await field("send").click();
    await until(`${count} webhooks`, () => got.length >= count);
    return opened(got[count - 1].body);
  };

  await t.test("a sample of a type from the list", async () => {
    assert.equal(await page.locator("#webhook-types option").count(), 177);
    await field("type").fill("wix.ecom.v1.order_approved");
    await field("type").blur();
    await until("the sample", async () => (await field("data").inputValue()).includes("wix.ecom.v1.order"));
    await field("entity").fill("order-1");
    await field("sequence").fill("4");
    const { envelope, payload } = await sent(1);
    assert.deepEqual([envelope.eventType, envelope.instanceId], ["wix.ecom.v1.order_approved", site.instanceId]);
    assert.deepEqual([payload.entityId, payload.entityEventSequence], ["order-1", "4"]);
    await rows.getByText("delivered", { exact: true }).waitFor();
    await rows.getByText(/^200 \(\d+ ms\)$/).waitFor();
  });

  await t.test("edited JSON, for another site", async () => {
    await field("instance").selectOption({ label: otherSite.siteName });
    await field("type").fill("AppInstalled");
    await field("type").blur();
    await until("the sample", async () => (await field("data").inputValue()).includes("appId"));
    assert.ok(await field("entity").isDisabled(), "a lifecycle event has no entity");
    await field("data").fill('{"appId": "x", "originInstanceId": "y"}');
    const { envelope, payload } = await sent(2);
    assert.equal(envelope.instanceId, otherSite.instanceId);
    assert.deepEqual(payload, { appId: "x", originInstanceId: "y" });
    await field("data").fill("{");
    await field("send").click();
    await field("trouble").getByText(/^The payload is not JSON: /).waitFor();
    assert.equal(got.length, 2);
  });

  await t.test("an unknown type", async () => {
    await field("type").fill("AppInstaled");
    await field("data").fill("");
    await field("send").click();
    await field("trouble").getByText(/Did you mean AppInstalled\?/).waitFor();
    await field("data").fill('{"any": 1}');
    assert.deepEqual((await sent(3)).payload, { any: 1 });
    await until("no trouble", async () => (await field("trouble").textContent()) === "");
  });

  await t.test("repeats and a wrong key", async () => {
    await field("repeat").fill("1");
    await field("wrongKey").check();
    await sent(5);
    assert.equal(got[3].body, got[4].body);
    await rows.getByText("repeat, wrong key").waitFor();
    await rows.first().getByRole("button").click();
    await until("it to be sent again", () => got.length === 6);
    assert.equal(got[5].body, got[4].body);
    await field("repeat").fill("0");
    await field("wrongKey").uncheck();
  });

  await t.test("retries are shown live", async () => {
    status = 503;
    await sent(7);
    await rows.first().getByText("will be sent again").waitFor();
    await page.getByTestId("webhooks-badge").getByText("1 waiting").waitFor();
    status = 200;
    await field("speed").fill("1000");
    status = 503;
    await sent(8);
    status = 200;
    await rows.first().getByText("delivered", { exact: true }).waitFor();
    await rows.first().getByText(/^503 \(\d+ ms\), (503 \(\d+ ms\), )*200 \(\d+ ms\)$/).waitFor();
    const { webhooks } = await wix.webhooks();
    assert.equal(webhooks.at(-1).state, "delivered");
  });

  await t.test("the public key can be copied from the page", async () => {
    const shown = await page.getByTestId("webhook-key").textContent();
    const der = createPublicKey(ready.app.publicKey).export({ type: "spki", format: "der" });
    assert.equal(shown, der.toString("base64"));
    assert.ok(await page.locator("#webhook-key-note").isHidden());
  });

  await t.test("by day and by night, wide and narrow", async () => {
    for (const colorScheme of ["light", "dark"]) {
      for (const [name, viewport] of [["wide", { width: 1440, height: 1000 }], ["narrow", { width: 390, height: 844 }]]) {
        // Without motion, colours do not fade from one to the other.
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize(viewport);
        assert.deepEqual(await violationsOf(page.mainFrame()), [], `${colorScheme}, ${name}`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name);
        await page.locator("#webhooks").scrollIntoViewIfNeeded();
        await page.screenshot({ path: workFile(`webhooks-${colorScheme}-${name}.png`), fullPage: name === "narrow" });
      }
    }
    await page.setViewportSize({ width: 1440, height: 1000 });
  });

  await t.test("forgetting", async () => {
    await page.getByTestId("webhooks-forget").click();
    await rows.first().waitFor({ state: "detached" });
    assert.deepEqual((await wix.webhooks()).webhooks, []);
    assert.deepEqual(page.troubles.filter((text) => !text.includes("404 (Not Found)")), []);
  });
});

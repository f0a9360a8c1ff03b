// Events that the simulator sends arrive at the demo's own server, and its page shows them live.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { choose, openDashboard } from "../lib/dashboard.mjs";
import { command } from "../lib/backlot.mjs";

test("events arrive on the demo page", async (t) => {
  const { ready, data, folder } = await startDev(t);
  const page = await openPage(await openBrowser(t));
  await openDashboard(page, ready);
  const [one, other] = ready.instances;
  const send = async (...args) => {
    const { code, stderr } = await command(["simulator", "send", ...args, "--data", data], { cwd: folder });
    assert.equal(code, 0, stderr);
  };

  let frame = await choose(page, { site: one.siteName, role: "owner" });
  await frame.getByTestId("events-state").getByText("No events yet.").waitFor();
  await send("AppInstalled", "--instance", one.instanceId);
  await send("wix.contacts.v4.contact_created", "--instance", one.instanceId, "--entity", "<b>1</b>", "--sequence", "7");
  const shown = () => frame.getByTestId("events-list").locator("li > span:first-child");
  await shown().nth(1).waitFor();
  assert.deepEqual(await shown().allTextContents(), ["AppInstalled", "wix.contacts.v4.contact_created <b>1</b> #7"]);

  frame = await choose(page, { site: other.siteName, role: "owner" });
  await frame.getByTestId("events-state").getByText("No events yet.").waitFor();
  await send("AppRemoved", "--instance", other.instanceId);
  await shown().nth(0).waitFor();
  assert.deepEqual(await shown().allTextContents(), ["AppRemoved"]);
  assert.deepEqual(page.troubles, []);
});

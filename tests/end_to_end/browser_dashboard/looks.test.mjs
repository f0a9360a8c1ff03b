// Pictures of the page, by day and by night, for people to look at.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { openDashboard, press } from "../lib/dashboard.mjs";
import { workFile } from "../lib/paths.mjs";

test("the page is dark where the person likes it dark", async (t) => {
  const { ready } = await startDev(t);
  const browser = await openBrowser(t);
  const brightness = {};

  for (const colorScheme of ["light", "dark"]) {
    const page = await openPage(browser, { colorScheme });
    const frame = await openDashboard(page, ready);
    await press(frame, "call-whoami");
    await press(frame, "call-tampered");
    await press(frame, "call-hello");
    await page.screenshot({ path: workFile(`dashboard-${colorScheme}.png`) });
    brightness[colorScheme] = await page.evaluate(backgroundBrightness);
    const [wide, view] = await frame.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= view, `nothing sticks out at the side: ${wide} of ${view}`);
  }

  assert.ok(brightness.light > 200, `light: ${brightness.light}`);
  assert.ok(brightness.dark < 60, `dark: ${brightness.dark}`);
});

function backgroundBrightness() {
  const colour = getComputedStyle(document.body).backgroundColor;
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
  return (red + green + blue) / 3;
}

// What is said of an instance's end, before and after it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { openDashboard } from "../lib/dashboard.mjs";

test("an instance expires in a while, and then has expired", async (t) => {
  const { ready } = await startDev(t);
  const page = await openPage(await openBrowser(t));
  await page.clock.install();
  const frame = await openDashboard(page, ready);
  const top = page.getByTestId("countdown").locator("xpath=..");
  const again = page.locator("#left-again");
  const hand = frame.getByTestId("hand-left");
  const until = (locator, text) => locator.filter({ hasText: text }).waitFor({ state: "attached" });

  await until(top, /^Instance expires in 3:59:\d\d$/);
  await until(again, /^in 3:59:\d\d$/);
  await until(hand, /^in 3:59:\d\d$/);

  await page.clock.fastForward("04:00:01");
  await until(top, /^Instance expired$/);
  await until(again, /^expired$/);
  await until(hand, /^expired$/);
  assert.equal(await page.locator("#announcer").textContent(), "The instance has run out. Issue a new one.");
});

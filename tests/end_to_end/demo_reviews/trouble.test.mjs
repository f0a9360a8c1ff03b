// What the board says when the server says no, and how it is used without a mouse and on a small screen.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { choose, openDashboard } from "../lib/dashboard.mjs";
import { workFile } from "../lib/paths.mjs";
import { boardOf } from "../lib/reviews.mjs";
import { simulatorOf } from "../lib/simulator.mjs";

test("the board in trouble, by keyboard, and narrow", async (t) => {
  const { ready } = await startDev(t);
  const browser = await openBrowser(t);
  const page = await openPage(browser);
  await openDashboard(page, ready);
  const [site] = ready.instances;
  const frame = await choose(page, { site: site.siteName, role: "member" });
  const board = boardOf(frame);

  await t.test("what breaks the collection's rules is refused by the server, in words", async () => {
    await frame.getByTestId("review-title").evaluate((field) => field.removeAttribute("maxlength"));
    await board.add({ title: "x".repeat(81), rating: 5 });
    assert.match(await board.formError(), /^Not saved\. .*title.*80/);
    assert.deepEqual(await board.titles(), []);
  });

  await t.test("by keyboard alone", async () => {
    await frame.getByTestId("review-title").focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("Typed");
    await page.keyboard.press("Enter");
    await board.row("Typed").waitFor();
    await board.idle();
    assert.equal(await board.formError(), "");
    await board.row("Typed").getByTestId("review-delete").focus();
    await page.keyboard.press("Enter");
    assert.deepEqual(await board.titles(), ["Typed"], "the first press only asks");
    await page.keyboard.press("Enter");
    await board.row("Typed").waitFor({ state: "detached" });
  });

  await t.test("no token to be had, and then one", async () => {
    const simulator = simulatorOf(ready);
    await simulator.misbehave({ uninstalled: [site.instanceId] });
    await board.by("token");
    assert.match(await board.listError(), /^The reviews cannot be shown\. The simulator gave no such credential/);
    await simulator.behave();
    await board.by("instance");
    await board.by("token");
    assert.equal(await board.listError(), "");
  });

  await t.test("400 pixels wide, nothing sticks out", async () => {
    const address = frame.url();
    for (const colorScheme of ["light", "dark"]) {
      const small = await openPage(browser, { viewport: { width: 400, height: 800 }, colorScheme });
      await small.goto(address);
      await small.locator('#reviews-board[aria-busy="false"]').waitFor();
      const [wide, view] = await small.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= view, `${wide} of ${view}`);
      await small.screenshot({ path: workFile(`reviews-narrow-${colorScheme}.png`), fullPage: true });
    }
  });
});

// axe-core finds nothing to mend: in the dashboard, the demo app's page, and the pages of the other listeners, by day and by
// night, wide and narrow, in each state that they have.

import assert from "node:assert/strict";
import { test } from "node:test";

import { violationsOf } from "../lib/axe.mjs";
import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { choose, openDashboard, openPanel, press } from "../lib/dashboard.mjs";
import { boardOf } from "../lib/reviews.mjs";

const views = [
  ["wide, by day", { width: 1440, height: 1000 }, "light"],
  ["wide, by night", { width: 1440, height: 1000 }, "dark"],
  ["narrow, by day", { width: 390, height: 844 }, "light"],
  ["narrow, by night", { width: 390, height: 844 }, "dark"],
];

test("axe-core finds nothing", async (t) => {
  const { ready, admin, backend } = await startDev(t);
  const browser = await openBrowser(t);
  const nothingIn = async (frame, what) => assert.deepEqual(await violationsOf(frame), [], what);

  for (const [name, viewport, colorScheme] of views) {
    await t.test(name, async () => {
      const page = await openPage(browser, { viewport, colorScheme });
      await nothingIn(await openDashboard(page, ready), "the demo app as the owner");
      await nothingIn(page.mainFrame(), "the dashboard");
      for (const panel of ["handed", "webhooks", "faults"]) {
        await openPanel(page, panel);
        await nothingIn(page.mainFrame(), panel);
      }
      const frame = await choose(page, { role: "member" });
      const board = boardOf(frame);
      await board.add({ title: `Good bread, ${name}`, text: "Dense.", product: "Rye", rating: 4 });
      await board.row(name).getByTestId("review-delete").click();
      await nothingIn(frame, "a review that is about to be deleted");
      await board.edit(name);
      await nothingIn(frame, "a review that is edited");
      for (const call of ["call-whoami", "call-tampered", "call-foreign-origin"]) await press(frame, call);
      await nothingIn(frame, "results and the last calls");

      const visitor = await choose(page, { role: "visitor" });
      await boardOf(visitor).add({ title: "May I?", rating: 3 });
      await nothingIn(visitor, "a refusal on the board");

      const alone = new URL(visitor.url()).origin;
      for (const address of [alone, backend, admin]) {
        await page.goto(address);
        await page.locator("h1:visible").waitFor();
        await nothingIn(page.mainFrame(), address);
      }
    });
  }
});

// The demo page's board of reviews: the same with Wix's own client and with the stand-in for it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { choose, openDashboard } from "../lib/dashboard.mjs";
import { temporaryFolder } from "../lib/folder.mjs";
import { deferred } from "../lib/poll.mjs";
import { boardOf, putWixClient } from "../lib/reviews.mjs";

for (const [client, isReal] of [["@wix/data, the real one", true], ["a stand-in with the calls of @wix/data", false]]) {
  test(`reviews by ${client}`, async (t) => {
    const data = join(temporaryFolder(t), "data");
    if (isReal) await putWixClient(data);
    const { ready } = await startDev(t, { data });
    const page = await openPage(await openBrowser(t));
    await openDashboard(page, ready);
    const [one, other] = ready.instances.map((site) => site.siteName);
    const boardFor = async (site, role) => boardOf(await choose(page, { site, role }));

    let board = await boardFor(one, "member");
    assert.equal(await board.client(), client);
    assert.deepEqual(await board.titles(), []);

    await t.test("a member adds: the newest is first, and markup is text", async () => {
      await board.add({ title: "Good bread", product: "Rye", rating: 5, text: "Dense.\nDark." });
      await board.add({ title: "<b>Dry</b>", rating: 2 });
      assert.deepEqual(await board.titles(), ["<b>Dry</b>", "Good bread"]);
      assert.match(await board.row("Good bread").textContent(), /Dense\.\nDark\.Rye · by you/);
      assert.equal(await board.row("Good bread").locator(".stars").getAttribute("aria-label"), "5 of 5 stars");
    });

    await t.test("the list is filtered by rating", async () => {
      await board.filter(2);
      assert.deepEqual(await board.titles(), ["<b>Dry</b>"]);
      await board.filter(1);
      assert.equal(await board.count(), "No review has this rating.");
      await board.filter(null);
      assert.equal(await board.count(), "2 reviews");
    });

    await t.test("one's own is changed, by access token, too", async () => {
      await board.by("token");
      await board.edit("Dry");
      await board.fill({ title: "Fresh now", rating: 4 });
      await board.save();
      assert.equal(await board.formError(), "");
      assert.deepEqual(await board.titles(), ["Fresh now", "Good bread"]);
    });

    await t.test("Delete, and then Edit: the question is taken back, and the form opens", async () => {
      await board.row("Good bread").getByTestId("review-delete").click();
      await board.edit("Good bread");
      assert.deepEqual(await board.form(), { heading: "Change a review", title: "Good bread" });
      await board.cancel();
      assert.deepEqual(await board.titles(), ["Fresh now", "Good bread"]);
    });

    await t.test("Edit while another is being deleted: the form keeps the keyboard", async () => {
      await board.add({ title: "Short-lived", rating: 1 });
      const answer = deferred();
      await page.route("**/items/query", async (route) => {
        await answer.promise;
        await route.continue();
      });
      await board.row("Short-lived").getByTestId("review-delete").click();
      await board.row("Short-lived").getByTestId("review-delete").click();
      await board.edit("Good bread");
      answer.resolve();
      await board.row("Short-lived").waitFor({ state: "detached" });
      await board.idle();
      await page.unroute("**/items/query");
      assert.deepEqual(await board.form(), { heading: "Change a review", title: "Good bread" });
      assert.equal(await board.focused(), "review-title");
      await board.cancel();
    });

    await t.test("a site sees its own only", async () => {
      board = await boardFor(other, "member");
      assert.deepEqual(await board.titles(), []);
      assert.equal(await board.count(), "No reviews here yet.");
    });

    await t.test("a visitor reads, has no buttons to change, and is refused readably", async () => {
      assert.deepEqual(page.troubles, []);
      board = await boardFor(one, "visitor");
      assert.deepEqual(await board.titles(), ["Fresh now", "Good bread"]);
      assert.equal(await board.row("Good bread").getByRole("button").count(), 0);
      await board.add({ title: "May I?", rating: 3 });
      const why = "WDE0027: The current user does not have permissions to insert on the reviews collection.";
      assert.equal(await board.formError(), `Not saved. ${why}`);
      assert.deepEqual(await board.titles(), ["Fresh now", "Good bread"]);
      page.troubles.length = 0;
    });

    await t.test("the owner may delete anybody's, and asks twice", async () => {
      board = await boardFor(one, "owner");
      const rules = "A review is read by anybody, added by members, and changed and deleted by the member who wrote it.";
      assert.equal(await board.rules(), `${rules} The owner may do all of it.`);
      await board.remove("Fresh now");
      assert.deepEqual(await board.titles(), ["Good bread"]);
      assert.deepEqual(page.troubles, []);
    });

    await t.test("page after page", async () => {
      for (let number = 1; number <= 11; number += 1) await board.add({ title: `Number ${number}`, rating: 3 });
      assert.equal(await board.count(), "5 of 12 reviews");
      await board.more();
      assert.equal(await board.count(), "10 of 12 reviews");
      await board.more();
      const expected = Array.from({ length: 11 }, (_, index) => `Number ${11 - index}`);
      assert.deepEqual(await board.titles(), [...expected, "Good bread"]);
      assert.equal(await board.hasMore(), false);
    });
  });
}

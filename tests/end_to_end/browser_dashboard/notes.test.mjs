// Notes of one site are not seen on the other.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { choose, openDashboard, press } from "../lib/dashboard.mjs";

test("each site has its own notes", async (t) => {
  const { ready } = await startDev(t);
  const page = await openPage(await openBrowser(t));
  await openDashboard(page, ready);
  const [one, other] = ready.instances.map((site) => site.siteName);

  const save = async (frame, text) => {
    await frame.getByTestId("note-text").fill(text);
    const answer = await press(frame, "call-note");
    assert.equal(answer.status, "200", answer.body);
    return answer.json.notes.map((note) => note.text);
  };
  // The page asks for them when it opens: either a note is there, or the words that there is none.
  const shown = async (frame) => {
    await frame.locator("#notes li, #notes-state:text('No notes on this site yet.')").first().waitFor();
    return frame.getByTestId("notes-list").locator("li > span:first-child").allTextContents();
  };

  let frame = await choose(page, { site: one, role: "owner" });
  assert.deepEqual(await shown(frame), []);
  assert.deepEqual(await save(frame, "flour"), ["flour"]);
  frame = await choose(page, { site: one, role: "member" });
  assert.deepEqual(await shown(frame), ["flour"], "people of one site share its notes");
  assert.deepEqual(await save(frame, "<b>salt</b>"), ["flour", "<b>salt</b>"]);

  frame = await choose(page, { site: other, role: "owner" });
  assert.deepEqual(await shown(frame), []);
  assert.deepEqual(await save(frame, "mats"), ["mats"]);

  frame = await choose(page, { site: one, role: "visitor" });
  assert.deepEqual(await shown(frame), ["flour", "<b>salt</b>"]);
  assert.deepEqual(page.troubles, []);
});

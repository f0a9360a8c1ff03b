// The dashboard on a telephone: nothing sticks out, nothing is cut off that one must read, and the app page has room.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { choose, openDashboard, openPanel, press } from "../lib/dashboard.mjs";
import { workFile } from "../lib/paths.mjs";

const viewport = { width: 390, height: 844 };

test("390 pixels wide", async (t) => {
  const { ready } = await startDev(t);
  const page = await openPage(await openBrowser(t), { viewport });
  await openDashboard(page, ready);
  const frame = await choose(page, { role: "member" });

  await t.test("each choice can be read", async () => {
    for (const name of ["site", "role", "user", "plan"]) {
      const [text, room] = await page.getByTestId(`choose-${name}`).evaluate(roomOf);
      assert.ok(text <= room, `${name}: ${text} of ${room}`);
    }
  });

  await t.test("the app page has most of a screen", async () => {
    const { width, height } = await page.getByTestId("app-frame").boundingBox();
    assert.equal(width, viewport.width);
    assert.ok(height > viewport.height * 0.7, String(height));
  });

  await t.test("nothing sticks out, panels and results included", async () => {
    await press(frame, "call-whoami");
    assert.deepEqual(await frame.evaluate(stickingOut), []);
    for (const panel of ["handed", "webhooks", "faults"]) {
      await openPanel(page, panel);
      assert.deepEqual(await page.evaluate(stickingOut), [], panel);
      await page.screenshot({ path: workFile(`dashboard-narrow-${panel}.png`) });
    }
  });

  await t.test("what is in a panel can be reached and used", async () => {
    await page.getByTestId("fault-slowMs").fill("5");
    await page.getByTestId("fault-slowMs").blur();
    await page.getByTestId("fault-badge").getByText("1 on").waitFor();
    await page.getByTestId("fault-reset").press("Enter");
    await page.getByTestId("fault-badge").waitFor({ state: "hidden" });
  });
});

// The width of what a select says, and the room that it has for it.
function roomOf(select) {
  const style = getComputedStyle(select);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = style.font;
  const text = pen.measureText(select.selectedOptions[0].text).width;
  return [text, select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)];
}

function stickingOut() {
  const isOut = (element) => {
    const { left, right, width } = element.getBoundingClientRect();
    return width > 0 && (left < -0.5 || right > innerWidth + 0.5);
  };
  // What lies in a box that scrolls does not widen the page.
  const scrolls = (element) => ["auto", "hidden", "scroll"].includes(getComputedStyle(element).overflowX);
  const isHeld = (element) => {
    for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) if (scrolls(box)) return true;
    return false;
  };
  const all = [...document.body.querySelectorAll("*")];
  return all.filter((element) => isOut(element) && !isHeld(element)).map((element) => element.outerHTML.slice(0, 90));
}

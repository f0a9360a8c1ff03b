// The simulator's page and the demo app's page in its frame, as a person uses them.

import assert from "node:assert/strict";

// Opens the simulator's page; resolves to the app page's frame when it stands.
export async function openDashboard(page, ready) {
  await page.goto(ready.simulator);
  return appFrame(page);
}

// Chooses by what the selects say, and waits for the app page that comes of it.
export async function choose(page, { site, role }) {
  const before = await page.getByTestId("app-frame").getAttribute("src");
  let changed = false;
  for (const [name, label] of Object.entries({ site, role })) {
    const select = page.getByTestId(`choose-${name}`);
    if (label === undefined || (await select.locator("option:checked").textContent()) === label) continue;
    const reopened = page.waitForFunction(differs, await page.getByTestId("app-frame").getAttribute("src"));
    await select.selectOption({ label });
    await reopened;
    changed = true;
  }
  if (changed) assert.notEqual(await page.getByTestId("app-frame").getAttribute("src"), before);
  return appFrame(page);
}

function differs(before) {
  const now = document.getElementById("app-frame").getAttribute("src");
  return now !== null && now !== before;
}

async function appFrame(page) {
  await page.locator('#stage[aria-busy="false"]').waitFor();
  const element = await page.getByTestId("app-frame").elementHandle();
  const frame = await element.contentFrame();
  await frame.getByTestId("call-whoami").waitFor();
  await frame.locator('#reviews-board[aria-busy="false"]').waitFor();
  return frame;
}

// Opens a panel at the foot, "handed" or "faults", by its keyboard: where the page scrolls as a whole, a click just after
// scrolling may still go to the app page's frame, which is another process.
export async function openPanel(page, id) {
  await page.locator(`#${id} summary`).press("Enter");
  await page.locator(`#${id}[open]`).waitFor();
}

// Presses a button of the demo app and reads the result panel when the call is over.
export async function press(frame, testId) {
  await frame.getByTestId(testId).click();
  await frame.locator('#result[aria-busy="false"]').waitFor();
  const read = (name) => frame.getByTestId(`result-${name}`).textContent();
  const body = await read("body");
  return {
    status: await read("status"),
    code: await read("code"),
    requestId: await read("request-id"),
    lesson: await read("lesson"),
    sent: await read("request"),
    body,
    json: parsed(body),
  };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

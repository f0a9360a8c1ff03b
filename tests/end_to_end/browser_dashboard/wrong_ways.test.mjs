// The buttons for the ways it can go wrong: each is refused with the one code of its cause, which the
// page can read, but for the foreign origin: there the browser itself keeps the reply from the page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { openDashboard, press } from "../lib/dashboard.mjs";

const refusals = [
  ["call-missing", "CREDENTIAL_MISSING"],
  ["call-tampered", "INSTANCE_SIGNATURE_INVALID"],
  ["call-expired", "INSTANCE_EXPIRED"],
  // Signed with another app's secret, so that Backlot cannot even tell whose it is.
  ["call-other-app", "INSTANCE_SIGNATURE_INVALID"],
];

test("each wrong way is refused with its reason", async (t) => {
  const { ready } = await startDev(t);
  const page = await openPage(await openBrowser(t));
  const frame = await openDashboard(page, ready);

  for (const [button, code] of refusals) {
    await t.test(button, async () => {
      page.troubles.length = 0;
      const answer = await press(frame, button);
      assert.equal(answer.status, "401");
      assert.equal(answer.code, code);
      assert.equal(answer.json.details.applicationError.code, code);
      assert.ok(answer.json.message.length > 20, answer.json.message);
      assert.match(answer.requestId, /^[\w-]{8,}$/);
      assert.match(answer.lesson, /^Refused because: /);
      // The browser itself notes each failed request, and nothing else may be there.
      assert.equal(page.troubles.length, 1, page.troubles.join("\n"));
      assert.match(page.troubles[0], /status of 401/);
    });
  }

  await t.test("call-foreign-origin", async () => {
    page.troubles.length = 0;
    const answer = await press(frame, "call-foreign-origin");
    assert.equal(answer.status, "blocked");
    assert.equal(answer.code, "");
    assert.equal(answer.requestId, "not readable");
    assert.match(answer.lesson, /^The browser blocked it: the origin "null" is not on the backend's list/);
    assert.match(page.troubles.join("\n"), /from origin 'null' has been blocked by CORS policy/);
    for (const trouble of page.troubles) assert.match(trouble, /CORS policy|net::ERR_FAILED/);
  });

  await t.test("a right call still works afterwards", async () => {
    assert.equal((await press(frame, "call-whoami")).status, "200");
  });
});

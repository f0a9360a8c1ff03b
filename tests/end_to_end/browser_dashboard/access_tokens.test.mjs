// The demo page's calls with an access token, right and wrong, and its call to Wix.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { call } from "../lib/call.mjs";
import { choose, openDashboard, press } from "../lib/dashboard.mjs";
import { simulatorOf } from "../lib/simulator.mjs";

const roles = ["owner", "member", "visitor"];

test("the demo page's calls with an access token", async (t) => {
  const { backend, ready } = await startDev(t);
  const page = await openPage(await openBrowser(t));
  await openDashboard(page, ready);
  const authorizations = [];
  page.on("request", (request) => {
    const { origin, pathname } = new URL(request.url());
    if (origin === backend && request.method() !== "OPTIONS") authorizations.push([pathname, request.headers().authorization]);
  });

  for (const site of ready.instances) {
    for (const role of roles) {
      await t.test(`${role} of ${site.siteName}`, async () => {
        const frame = await choose(page, { site: site.siteName, role });
        authorizations.length = 0;
        const me = await press(frame, "call-token-whoami");
        assert.equal(me.status, "200", me.body);
        const { credential, instanceId, userId } = me.json;
        assert.deepEqual([me.json.role, instanceId, credential], [role, site.instanceId, "accessToken"]);
        const plain = await press(frame, "call-whoami");
        assert.equal(plain.json.userId, userId, "it is the same person as by the instance");
        assert.match(me.lesson, /Only Wix can check a token, so Backlot asked Wix/);

        const hello = await press(frame, "call-token-hello");
        assert.equal(hello.status, "200", hello.body);
        assert.deepEqual(hello.json.caller, { instanceId, role, userId });
        assert.equal(hello.json.requestId, hello.requestId);

        const tokens = authorizations.filter(([path, value]) => path !== "/api/notes" && value?.startsWith("OauthNG.JWS."));
        assert.deepEqual(tokens.map(([path]) => path), ["/whoami", "/api/hello"]);
        for (const [, value] of tokens) assert.ok(!me.sent.includes(value) && !hello.sent.includes(value), "shown shortened");

        for (const button of ["call-wix-instance", "call-token-wix-instance"]) {
          const wix = await press(frame, button);
          if (role === "owner") {
            assert.equal(wix.status, "200", wix.body);
            assert.equal(wix.json.site.siteDisplayName, site.siteName);
            assert.match(wix.lesson, new RegExp(`Wix says: ${site.siteName}`));
          } else {
            assert.deepEqual([wix.status, wix.code], ["403", "ROLE_NOT_ALLOWED"]);
          }
        }
      });
    }
  }

  await t.test("a note with a token is the site's, as one with the instance", async () => {
    const [site] = ready.instances;
    const frame = await choose(page, { site: site.siteName, role: "member" });
    authorizations.length = 0;
    await frame.getByTestId("note-text").fill("yeast");
    const answer = await press(frame, "call-token-note");
    assert.equal(answer.status, "200", answer.body);
    assert.deepEqual(answer.json.notes.map(({ text }) => text), ["yeast"]);
    assert.ok(authorizations.some(([path, value]) => path === "/api/notes" && value.startsWith("OauthNG.JWS.")));
    await frame.getByTestId("notes-list").getByText("yeast").waitFor();
  });

  await t.test("the clock with a token ticks and stops; nothing of the token is in an address", async () => {
    const frame = page.frames().at(-1);
    const addresses = [];
    page.on("request", (request) => addresses.push(request.url()));
    const first = await press(frame, "call-token-clock");
    assert.equal(first.status, "200", first.body);
    assert.ok(Number.isFinite(Date.parse(first.json.time)), first.body);
    await frame.locator("#clock-count", { hasText: "2 ticks" }).waitFor();
    const ended = page.waitForEvent("requestfailed", (request) => request.url().includes("/api/clock"));
    await Promise.all([ended, frame.getByTestId("stop-clock").click()]);
    assert.equal(await frame.locator("#clock-count").textContent(), "stopped");
    const clocks = addresses.filter((address) => address.includes("/api/clock"));
    assert.deepEqual([...new Set(clocks)], [`${backend}/api/clock`]);
  });
  assert.deepEqual(page.troubles.filter((trouble) => !/status of 403/.test(trouble)), []);

  const wrong = [["call-token-dead", /^ACCESS_TOKEN_(EXPIRED|INACTIVE)$/], ["call-token-other-app", /^ACCESS_TOKEN_WRONG_APP$/]];
  for (const [button, code] of wrong) {
    await t.test(button, async () => {
      const frame = page.frames().at(-1);
      page.troubles.length = 0;
      const answer = await press(frame, button);
      assert.equal(answer.status, "401");
      assert.match(answer.code, code);
      assert.match(answer.lesson, /^Refused because: /);
      assert.match(answer.requestId, /^[\w-]{8,}$/);
      assert.equal(page.troubles.length, 1, page.troubles.join("\n"));
    });
  }

  await t.test("the token that the dashboard shows is a good one, of whom it shows", async () => {
    const [, site] = ready.instances;
    await choose(page, { site: site.siteName, role: "visitor" });
    const shown = await page.getByTestId("access-token").textContent();
    const { status, json } = await call(`${backend}/whoami`, { headers: { Authorization: shown } });
    assert.deepEqual([status, json.role, json.instanceId], [200, "visitor", site.instanceId]);
    await simulatorOf(ready).revoke({ accessToken: shown });
  });
});

// Each site and each role: the app page opens from an origin of its own, and its calls work.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { choose, openDashboard, press } from "../lib/dashboard.mjs";

const roles = ["owner", "member", "visitor"];

test("the dashboard opens the app page for each site and role, and its calls work", async (t) => {
  const { ready } = await startDev(t);
  const page = await openPage(await openBrowser(t));
  await openDashboard(page, ready);
  const instances = new Set();

  for (const site of ready.instances) {
    for (const role of roles) {
      await t.test(`${role} of ${site.siteName}`, async () => {
        const frame = await choose(page, { site: site.siteName, role });

        const address = new URL(frame.url());
        assert.equal(address.hostname, "localhost");
        assert.notEqual(address.origin, new URL(ready.simulator).origin);
        assert.notEqual(address.origin, new URL(ready.backend).origin);
        assert.match(address.searchParams.get("instance"), /^[\w-]{43}\.[\w-]+$/);
        assert.equal(address.searchParams.get("siteUrl"), site.siteUrl);
        instances.add(address.searchParams.get("instance"));
        assert.equal(await frame.getByTestId("hand-role").textContent(), role);
        assert.equal((await page.getByTestId("person-role").textContent()).split(" ")[0].toLowerCase(), role);

        const me = await press(frame, "call-whoami");
        assert.equal(me.status, "200", me.body);
        assert.equal(me.code, "");
        assert.equal(me.json.role, role);
        assert.equal(me.json.instanceId, site.instanceId);
        assertUser(site, role, me.json.userId);

        const hello = await press(frame, "call-hello");
        assert.equal(hello.status, "200", hello.body);
        assert.deepEqual(hello.json.caller, { instanceId: site.instanceId, role, userId: me.json.userId });
        assert.equal(hello.json.requestId, hello.requestId, "the page can read the id that the server saw");
        assert.match(hello.sent, new RegExp(`Origin: ${address.origin}`));
      });
    }
  }

  assert.equal(instances.size, ready.instances.length * roles.length, "each choice has an instance of its own");
  assert.deepEqual(page.troubles, []);
});

function assertUser(site, role, userId) {
  if (role === "owner") assert.equal(userId, site.ownerId);
  if (role === "member") assert.ok(site.memberIds.includes(userId), userId);
  if (role === "visitor") assert.ok(userId && userId !== site.ownerId && !site.memberIds.includes(userId), userId);
}

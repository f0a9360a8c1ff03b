// Sites that move, sites that remove the app, and what is the case without the setting.

import assert from "node:assert/strict";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { fetchIn } from "../lib/cors_stage.mjs";
import { until } from "../lib/poll.mjs";
import { openSites } from "../lib/site_pages.mjs";
import { startWix } from "../lib/wix_stage.mjs";

const config = "[cors]\ninstalled_sites = true\n";

test("a site that leaves, and one that moves", async (t) => {
  const { admin, app, backend, otherSite, send, site, wix } = await startWix(t, { config });
  const openAt = await openSites(t);
  const visitor = async (of) => ({ headers: { Authorization: await wix.token(of, "visitor") } });
  const ask = async (page, of) => fetchIn(page, `${backend}/whoami`, await visitor(of));
  const here = await openAt(site.siteUrl);
  for (const { instanceId } of [site, otherSite]) await send("/whoami", instanceOf(app, { instanceId }));
  await until("the site to be known", async () => (await ask(here, site)).status === 200);

  await t.test("moved: the new address is let in once Wix was asked again, the old one no longer", async () => {
    const moved = "https://old-mill.example";
    await wix.change(site, { siteUrl: `${moved}/shop` });
    const page = await openAt(moved);
    assert.ok((await ask(page, site)).failure);
    const refreshed = await fetch(`${admin}/admin/v1/instances/${site.instanceId}/refresh`, { method: "POST" });
    assert.equal(refreshed.status, 200);
    assert.equal((await ask(page, site)).status, 200);
    assert.ok((await ask(here, site)).failure);
  });

  await t.test("uninstalled: let in no longer, once Wix has refused a token", async () => {
    const page = await openAt(otherSite.siteUrl);
    const known = await visitor(otherSite);
    const whoami = () => fetchIn(page, `${backend}/whoami`, known);
    await until("the site to be known", async () => (await whoami()).status === 200);
    await wix.revoke({ instanceId: otherSite.instanceId });
    await wix.misbehave({ uninstalled: [otherSite.instanceId] });
    await fetch(`${admin}/admin/v1/instances/${otherSite.instanceId}/refresh`, { method: "POST" });
    assert.match((await whoami()).failure ?? "let in", /^TypeError: Failed to fetch/);
  });
});

test("without the setting no site is let in", async (t) => {
  const { app, backend, send, site, wix } = await startWix(t);
  const page = await (await openSites(t))(site.siteUrl);
  await send("/whoami", instanceOf(app, { instanceId: site.instanceId }));
  await send("/api/things", instanceOf(app, { instanceId: site.instanceId }));
  const options = { headers: { Authorization: await wix.token(site, "visitor") } };
  assert.match((await fetchIn(page, `${backend}/whoami`, options)).failure, /^TypeError: Failed to fetch/);
  assert.match(page.troubles.join("\n"), /blocked by CORS policy/);
  assert.equal((await wix.calls("/apps/")).total, 0, "nor is Wix asked about one");
});

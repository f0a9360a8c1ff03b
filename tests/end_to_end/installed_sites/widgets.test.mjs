// Widgets in the pages of sites that have the app: each site's own origin is let in, for its own
// instance, as soon as the instance was seen. Nobody else is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { fetchIn } from "../lib/cors_stage.mjs";
import { until } from "../lib/poll.mjs";
import { openSites } from "../lib/site_pages.mjs";
import { startWix } from "../lib/wix_stage.mjs";

const config = `
[cors]
installed_sites = true

[wix]
allow = ["visitor"]
calls = ["GET /widgets/v1/settings"]
`;

test("a widget on the sites themselves", async (t) => {
  const { app, backend, otherSite, send, site, upstream, wix } = await startWix(t, { config });
  const openAt = await openSites(t);
  const [here, there] = [await openAt(site.siteUrl), await openAt(otherSite.siteUrl)];
  const as = (token) => ({ headers: { Authorization: token } });
  const visitorHere = as(await wix.token(site, "visitor"));
  const visitorThere = as(await wix.token(otherSite, "visitor"));
  const blocked = async (page, path, options) => {
    page.troubles.length = 0;
    const reply = await fetchIn(page, backend + path, options);
    assert.match(reply.failure ?? JSON.stringify(reply), /^TypeError: Failed to fetch/);
    assert.match(page.troubles.join("\n"), /blocked by CORS policy/);
  };
  const letIn = (page, options) => async () => (await fetchIn(page, `${backend}/whoami`, options)).status === 200;

  await t.test("before the instance was seen, its site is a page like any other", async () => {
    await blocked(here, "/whoami", visitorHere);
    await blocked(here, "/api/things", visitorHere);
    assert.equal((await wix.calls("/")).total, 0, "a page that is not let in makes Backlot ask nothing");
  });

  await t.test("after the owner opened the app, its visitors' widgets are let in", async () => {
    assert.equal((await send("/whoami", instanceOf(app, { instanceId: site.instanceId }))).status, 200);
    await until("the site to be known", letIn(here, visitorHere));
    const things = await fetchIn(here, `${backend}/api/things?x=1`, {
      method: "POST",
      headers: { ...visitorHere.headers, "Content-Type": "application/json" },
      body: "{}",
    });
    assert.equal(things.status, 200, things.failure);
    assert.equal(things.json.headers["x-backlot-role"], "visitor");
    assert.equal(things.json.headers["x-backlot-instance-id"], site.instanceId);
    assert.equal(things.json.headers.origin, site.siteUrl);
    assert.equal(things.headers["x-request-id"], things.json.headers["x-request-id"], "the page can read it");
  });

  await t.test("calls to Wix, too", async () => {
    const reply = await fetchIn(here, `${backend}/wix/widgets/v1/settings`, visitorHere);
    assert.equal(reply.status, 200, reply.failure);
    assert.match(reply.headers["x-wix-request-id"], /^[\w-]{8,}$/);
  });

  await t.test("the other site is not, yet", async () => {
    await blocked(there, "/whoami", visitorThere);
    await blocked(there, "/whoami", visitorHere);
  });

  await t.test("a site's page with another site's visitor is refused, and can read why", async () => {
    assert.equal((await send("/whoami", instanceOf(app, { instanceId: otherSite.instanceId }))).status, 200);
    await until("the other site to be known", letIn(there, visitorThere));
    upstream.seen.length = 0;
    for (const [page, options] of [[here, visitorThere], [there, visitorHere]]) {
      for (const path of ["/whoami", "/api/things", "/wix/widgets/v1/settings"]) {
        const reply = await fetchIn(page, backend + path, options);
        assert.deepEqual([reply.status, reply.code], [403, "ORIGIN_NOT_ALLOWED"], reply.failure);
        assert.match(reply.headers["x-request-id"], /^[\w-]{8,}$/);
      }
    }
    assert.deepEqual(upstream.seen, []);
  });

  await t.test("other refusals are readable as well", async () => {
    const expected = [
      [401, "CREDENTIAL_MISSING", "/whoami", {}],
      [401, "CREDENTIAL_MALFORMED", "/whoami", as("nothing")],
      [404, "ROUTE_NOT_FOUND", "/nothing", visitorHere],
      [403, "WIX_CALL_NOT_ALLOWED", "/wix/apps/v1/instance", visitorHere],
    ];
    for (const [status, code, path, options] of expected) {
      const reply = await fetchIn(here, backend + path, options);
      assert.deepEqual([reply.status, reply.code], [status, code], reply.failure);
    }
    await wix.misbehave({ failNext: 1000, failStatus: 503, paths: ["/oauth2/token-info"] });
    const reply = await fetchIn(here, `${backend}/whoami`, as(await wix.token(site, "visitor", crypto.randomUUID())));
    assert.deepEqual([reply.status, reply.code], [503, "WIX_UNAVAILABLE"], reply.failure);
    assert.ok(Number(reply.headers["retry-after"]) >= 1);
    await wix.behave();
  });

  await t.test("names that only look like a site's", async () => {
    const { host } = new URL(site.siteUrl);
    const strangers = [`https://${host}.evil.com`, `https://www.${host}`, `https://${host}:8443`, `http://${host}`, `https://evil-${host}`];
    for (const origin of strangers) {
      const page = await openAt(origin);
      await blocked(page, "/whoami", visitorHere);
      await page.context().close();
    }
  });

  await t.test("a page of the site in a frame without an origin", async () => {
    const answer = await here.evaluate(async ({ url, options }) => {
      const frame = document.createElement("iframe");
      frame.sandbox = "allow-scripts";
      const call = `fetch(${JSON.stringify(url)}, ${JSON.stringify(options)})`;
      const code = `${call}.then(() => "let in", () => "blocked").then((it) => parent.postMessage(it, "*"))`;
      frame.srcdoc = `<script>${code}</script>`;
      const heard = new Promise((resolve) => addEventListener("message", ({ data }) => resolve(data), { once: true }));
      document.body.append(frame);
      return heard;
    }, { url: `${backend}/whoami`, options: visitorHere });
    assert.equal(answer, "blocked");
  });
});

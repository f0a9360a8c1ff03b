// What a real browser shows after the provider: light and dark, loaded anew, and after a form that the provider's page posts.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { test } from "node:test";

import { openBrowser, openPage } from "../lib/browser.mjs";
import { atEnd } from "../lib/cleanup.mjs";
import { google, post, startAccounts } from "./lib/accounts.mjs";
import { accountConnection, accountEnvironment, startProvider } from "./lib/provider.mjs";
import { startConnections } from "./lib/stage.mjs";

const pictures = new URL("../.work/", import.meta.url).pathname;

test("the page after the provider", async (t) => {
  const { backend, provider, site } = await startAccounts(t, { more: 'title = "Google Calendar"' });
  const { owner, instanceId } = site();
  const begin = async () => (await owner(google("authorize"), post)).json.authorizationUrl;
  const isConnected = async () => (await owner(google("status"))).json.connected;
  const browser = await openBrowser(t);
  mkdirSync(pictures, { recursive: true });
  const brightness = (page) =>
    page.evaluate(() => {
      const sum = (color) => color.match(/\d+/g).slice(0, 3).map(Number).reduce((one, other) => one + other);
      const style = (of) => getComputedStyle(document.querySelector(of));
      return { card: sum(style("main").backgroundColor), text: sum(style("h1").color) };
    });

  for (const colorScheme of ["light", "dark"]) {
    await t.test(`it is ${colorScheme}, says what to do next, and says so again when it is loaded anew`, async () => {
      const page = await openPage(browser, { colorScheme, viewport: { width: 720, height: 560 } });
      const { back } = provider.consent(await begin(), instanceId);
      await page.goto(backend + back);
      for (const _ of ["first", "anew", "once more"]) {
        const text = await page.locator("main").innerText();
        assert.match(text, /is connected to Google Calendar/);
        assert.match(text, /Close this window/);
        await page.reload();
      }
      const { card, text } = await brightness(page);
      assert.ok(colorScheme === "dark" ? card < text : card > text, `${card} under ${text}`);
      await page.screenshot({ path: join(pictures, `connected-${colorScheme}.png`) });
      assert.deepEqual(page.troubles, []);
      const state = new URL(await begin()).searchParams.get("state");
      await page.goto(`${backend}${google(`callback?error=access_denied&state=${state}`)}`);
      assert.match(await page.locator("main").innerText(), /is not connected to Google Calendar/);
      assert.match(await page.locator(".next").innerText(), /begin again .* accept what Google Calendar asks/);
      await page.screenshot({ path: join(pictures, `not-connected-${colorScheme}.png`) });
    });
  }
  await t.test("where the account is taken back it says so no more", async () => {
    const page = await openPage(browser);
    const { back } = provider.consent(await begin(), instanceId);
    await page.goto(backend + back);
    await owner(google("disconnect"), post);
    await page.reload();
    assert.match(await page.locator("h1").innerText(), /is not connected/);
    assert.equal(await isConnected(), false);
  });
});

test("a provider that posts a form, as Sign in with Apple does", async (t) => {
  const provider = await startProvider(t);
  const scopes = 'scopes = ["one", "two"]\n';
  const entry = accountConnection(provider.address);
  assert.ok(entry.includes(scopes));
  const config = entry.replace(scopes, `${scopes}parameters = { response_mode = "form_post" }\n`);
  const server = await startConnections(t, { config, env: accountEnvironment });
  const { owner, instanceId } = server.site();
  const { json } = await owner(google("authorize"), post);
  const { asked: sentAlong, code, back } = provider.consent(json.authorizationUrl, instanceId);
  assert.equal(sentAlong.response_mode, "form_post");
  const state = new URL(back, server.backend).searchParams.get("state");
  // The provider's page, at another origin.
  const apple = http.createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(`<form method="post" action="${server.backend}${google("callback")}">
      <input name="state" value="${state}"><input name="code" value="${code}"><input name="user" value='{"name":"Ann"}'>
      <button>Continue</button></form>`);
  });
  await new Promise((done) => apple.listen(0, "127.0.0.1", done));
  atEnd(t, () => apple.close());
  const page = await openPage(await openBrowser(t));
  await page.goto(`http://localhost:${apple.address().port}/`);
  await page.click("button");
  assert.match(await page.locator("h1").innerText(), /is connected to Google/);
  assert.equal((await owner(google("status"))).json.connected, true);
  assert.equal((await owner(google("me"))).json.whose, instanceId);
});

// A page of the developer's own in the dashboard: its name, and what is said when it is not running.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";

import { violationsOf } from "../lib/axe.mjs";
import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { atEnd } from "../lib/cleanup.mjs";
import { listening } from "../lib/program.mjs";

const html = `<!doctype html><html lang="en"><title>Mine</title><h1>Mine</h1><script>onmessage = () => location.reload();</script></html>`;

function ownPage(t) {
  const server = http.createServer((request, response) => {
    const isMoved = request.url.startsWith("/moved");
    const headers = isMoved ? { Location: "http://127.0.0.1:9/elsewhere" } : { "Content-Type": "text/html" };
    response.writeHead(isMoved ? 302 : 200, headers).end(isMoved ? "" : html);
  });
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  atEnd(t, stop);
  return { server, stop };
}

test("the developer's own page in the dashboard", async (t) => {
  const first = ownPage(t);
  const port = await listening(first.server);
  await first.stop();
  const address = `http://localhost:${port}/app`;
  const config = `[dev]\napp_page = "${address}"\napp_name = "Bakery <b>reviews</b>"\n`;
  const { ready } = await startDev(t, { config, showsDemo: false });
  const page = await openPage(await openBrowser(t));
  const trouble = page.getByTestId("trouble");
  const frame = page.frameLocator("#app-frame");

  await t.test("not running: what it is, where, and how to start it", async () => {
    await page.goto(ready.simulator);
    await trouble.getByRole("heading", { name: "The page of Bakery <b>reviews</b> is not running" }).waitFor();
    const said = await trouble.textContent();
    assert.match(said, new RegExp(`Nothing answers at ${address}\\.`));
    assert.match(said, /npm run dev/);
    assert.match(said, /app_page under \[dev\] in backlot\.toml/);
    assert.equal(await page.getByTestId("app-frame").isVisible(), false);
    assert.deepEqual(await violationsOf(page.mainFrame()), []);
  });

  const { server, stop } = ownPage(t);
  await t.test("started: it opens by itself, under its own name", async () => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    await frame.getByRole("heading", { name: "Mine" }).waitFor();
    assert.equal(await trouble.textContent(), "");
    assert.equal(await page.getByTestId("app-frame").getAttribute("title"), "Bakery <b>reviews</b>");
    assert.equal(await page.locator("#app-name").textContent(), "Bakery <b>reviews</b>");
    assert.match(await page.title(), /^Bakery <b>reviews<\/b> on /);
    assert.match(await page.locator("#link-alone").textContent(), /^Bakery <b>reviews<\/b> on its own/);
  });

  await t.test("gone: said as soon as the page loads again, and with the next choice", async () => {
    await stop();
    await page.evaluate(() => document.getElementById("app-frame").contentWindow.postMessage("reload", "*"));
    await trouble.getByRole("heading", { name: /is not running/ }).waitFor();
    await page.getByTestId("choose-role").selectOption("member");
    await trouble.getByRole("heading", { name: /is not running/ }).waitFor();
  });
});

test("a page that leads elsewhere is running", async (t) => {
  const { server } = ownPage(t);
  const port = await listening(server);
  const config = `[dev]\napp_page = "http://localhost:${port}/moved"\n`;
  const { ready } = await startDev(t, { config, showsDemo: false });
  const page = await openPage(await openBrowser(t));
  await page.goto(ready.simulator);
  await page.locator('#app-frame[src*="/moved"]').waitFor();
  assert.equal(await page.locator("#app-name").textContent(), "Your app");
  assert.equal(await page.getByTestId("trouble").textContent(), "");
});

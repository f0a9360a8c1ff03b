// A page in a browser, on an origin of its own, with Wix's client in it: what it sends the browser must
// let through, and what it is answered it must be let read, errors above all.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { test } from "node:test";

import { build } from "esbuild";

import { openBrowser, openPage } from "../lib/browser.mjs";
import { atEnd } from "../lib/cleanup.mjs";
import { startData } from "../lib/data_stage.mjs";
import { suite } from "../lib/paths.mjs";
import { listening } from "../lib/program.mjs";

const folder = join(suite, "wix_data/page");

// A collection of a file, whose rules hold.
const notes = `
[permissions]
read = "ANYONE"
insert = "SITE_MEMBER"
update = "ANYONE"
remove = "ANYONE"

[[fields]]
key = "title"
type = "TEXT"
required = true
max = 20

[[fields]]
key = "when"
type = "DATETIME"
`;

// The page and its script in one file, at an origin of its own.
async function servePage(t) {
  const { outputFiles } = await build({
    entryPoints: [join(folder, "page.mjs")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  const html = readFileSync(join(folder, "index.html"));
  const server = http.createServer((request, response) => {
    const script = request.url === "/page.js";
    response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
    response.end(script ? outputFiles[0].text : html);
  });
  const port = await listening(server);
  atEnd(t, () => server.close());
  atEnd(t, () => server.closeAllConnections());
  return `http://127.0.0.1:${port}`;
}

test("a page with Wix's client", async (t) => {
  const origin = await servePage(t);
  const { backend, site: makeSite } = await startData(t, {
    config: `[cors]\norigins = ["${origin}"]\n`,
    collections: { notes },
  });
  const site = await makeSite();
  const browser = await openBrowser(t);
  const open = async ({ authorization }) => {
    const page = await openPage(browser);
    await page.goto(`${origin}/?${new URLSearchParams({ backend, instance: authorization })}`);
    const idle = () => page.locator('body[aria-busy="false"]').waitFor();
    await idle();
    const texts = () => page.locator("#notes li").allTextContents();
    const error = () => page.locator("#error").textContent();
    const press = async (name) => {
      await page.getByRole("button", { name }).click();
      await idle();
    };
    const add = async (title) => {
      await page.getByLabel("Title").fill(title);
      await press("Add");
    };
    return { page, texts, error, press, add };
  };
  const ann = await open(site.ann);

  await t.test("inserts, and asks for what there is", async () => {
    assert.deepEqual([await ann.texts(), await ann.error()], [[], ""]);
    await ann.add("note 1");
    await ann.add("note 2, é 日本");
    assert.equal(await ann.error(), "");
    assert.deepEqual(await ann.texts(), [
      "note 2, é 日本, 2024-02-02T00:00:00.000Z",
      "note 1, 2024-02-01T00:00:00.000Z",
    ]);
    const { items } = await site.app.items.query("notes").ascending("when").find();
    assert.deepEqual(
      items.map(({ _owner }) => _owner),
      [site.ann.userId, site.ann.userId],
    );
  });
  await t.test("a query by POST", async () => {
    await ann.press("Ask for much");
    assert.equal(await ann.page.locator("#count").textContent(), "1 found");
  });
  await t.test("the browser had nothing to complain of", () => {
    assert.deepEqual(ann.page.troubles, []);
  });
  await t.test("errors are shown: a rule that is broken, a collection that is not there", async () => {
    await ann.add("far too long for a title");
    assert.match(await ann.error(), /^WDE0080: .*title must be at most 20 characters long/);
    await ann.press("Ask for what is not there");
    assert.match(await ann.error(), /^WDE0025: .*nowhere/);
    await ann.add("note 3");
    assert.equal(await ann.error(), "");
    assert.equal((await ann.texts()).length, 3);
  });
  await t.test("a visitor reads, and is told that they may not write", async () => {
    const visitor = await open(site.visitor);
    assert.equal((await visitor.texts()).length, 3);
    await visitor.add("not mine");
    assert.match(await visitor.error(), /^WDE0027: .*does not have permissions to insert/);
    assert.equal(await site.app.items.query("notes").count(), 3);
  });
  await t.test("with an instance that nobody signed, the reason is readable", async () => {
    const stranger = await open({ authorization: site.ann.authorization.slice(0, -6) });
    assert.match(await stranger.error(), /^INSTANCE_SIGNATURE_INVALID: /);
  });
});

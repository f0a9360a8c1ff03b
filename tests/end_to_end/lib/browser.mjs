// The system's Chromium, and a page that remembers what went wrong in it.

import { chromium } from "playwright-core";

import { atEnd } from "./cleanup.mjs";
import { chromium as executablePath } from "./paths.mjs";

const quiet = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function openBrowser(t, { args = [] } = {}) {
  const sandbox = process.getuid() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath, headless: true, args: [...sandbox, ...quiet, ...args] });
  atEnd(t, () => browser.close());
  return browser;
}

// A page of its own context. `page.troubles` has what its console and its scripts complained of.
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1440, height: 1000 }, ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  page.troubles = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") page.troubles.push(message.text());
  });
  page.on("pageerror", (error) => page.troubles.push(`uncaught: ${error.message}`));
  return page;
}

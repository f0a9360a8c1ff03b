// Pages as a browser sees them on the sites themselves, at https addresses that nobody serves: what a
// browser asks of those hosts, the test answers.

import { openBrowser, openPage } from "./browser.mjs";

const html = '<!doctype html><link rel="icon" href="data:,"><title>A site</title>';

// Chromium asks a person before a page of the public web may reach this machine. Here the backend is on
// this machine, in real life it is not.
const args = ["--disable-features=LocalNetworkAccessChecks,PrivateNetworkAccessSendPreflights"];

export async function openSites(t) {
  const browser = await openBrowser(t, { args });
  // A page of a site, to be used with `fetchIn` of cors_stage.mjs.
  return async (origin) => {
    const page = await openPage(browser);
    await page.route((url) => url.origin === origin, (route) => route.fulfill({ contentType: "text/html", body: html }));
    await page.goto(`${origin}/`);
    return page;
  };
}

// `backlot serve` with one page's origin on its list, and a browser with pages of that origin and of
// another: `allowed` is http://127.0.0.1:PORT, `refused` http://evil.example:PORT, which the browser
// is told to find on this machine.

import http from "node:http";

import { instanceOf } from "./app.mjs";
import { startServe } from "./backlot.mjs";
import { openBrowser, openPage } from "./browser.mjs";
import { atEnd } from "./cleanup.mjs";
import { listening } from "./program.mjs";
import { startUpstream } from "./upstream.mjs";

// Nothing listens there.
const NOBODY = "http://127.0.0.1:1";

function config(origin, upstream) {
  const entry = (path, lines) => `
[[api]]
path = "${path}"
${lines.join("\n")}
`;
  const everybody = 'allow = ["owner", "member", "visitor"]';
  const here = `upstream = "${upstream}"`;
  return `
[cors]
origins = ["${origin}"]
${entry("/api", [here, 'methods = ["GET", "POST"]', 'allow = ["owner", "member"]', 'body_limit = "64KiB"'])}
${entry("/api/read-only", [here, 'methods = ["GET"]', everybody])}
${entry("/api/seldom", [here, everybody, 'rate_limit = { requests = 1, per = "1h" }'])}
${entry("/api/slow", [here, everybody, 'timeout = "150ms"'])}
${entry("/api/down", [`upstream = "${NOBODY}"`, everybody])}
${entry("/api/broken", [here, everybody])}
`;
}

// Answers nothing under /api/slow, hangs up under /api/broken, and tells everything else back.
function behave(request) {
  if (request.url.startsWith("/api/broken")) return request.socket.destroy();
  return request.url.startsWith("/api/slow") ? undefined : false;
}

export async function startStage(t) {
  const pages = http.createServer((_request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end('<!doctype html><link rel="icon" href="data:,"><title>A page</title>');
  });
  const port = await listening(pages);
  atEnd(t, () => pages.closeAllConnections());
  atEnd(t, () => pages.close());
  const allowed = `http://127.0.0.1:${port}`;
  const refused = `http://evil.example:${port}`;
  const upstream = await startUpstream(t, behave);
  const { app, backend } = await startServe(t, { config: config(allowed, upstream.address) });
  return { app, backend, upstream, allowed, refused, instance: instanceOf(app) };
}

export async function openPageAt(t, origin) {
  const rules = "--host-resolver-rules=MAP *.wix.run 127.0.0.1, MAP *.example 127.0.0.1";
  const page = await openPage(await openBrowser(t, { args: [rules] }));
  await page.goto(`${origin}/`);
  return page;
}

// `fetch` as the page's own script calls it: what the script can read of the reply, or {failure}.
// A body of `fill` bytes is made in the page.
export function fetchIn(page, url, { fill, ...options } = {}) {
  return page.evaluate(
    async ({ url, options, fill }) => {
      try {
        const body = fill ? "x".repeat(fill) : options.body;
        const reply = await fetch(url, { ...options, body });
        const text = await reply.text();
        const json = text.startsWith("{") ? JSON.parse(text) : undefined;
        return {
          status: reply.status,
          headers: Object.fromEntries(reply.headers),
          json,
          code: json?.details?.applicationError?.code,
        };
      } catch (error) {
        return { failure: `${error.name}: ${error.message}` };
      }
    },
    { url, options, fill },
  );
}

// HTTP/2 on the inside: pages speak HTTP/1.1 to Backlot, Backlot speaks HTTP/2 to the upstream.

import assert from "node:assert/strict";
import http2 from "node:http2";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { startDev } from "../lib/backlot.mjs";
import { call, postJson } from "../lib/call.mjs";
import { atEnd } from "../lib/cleanup.mjs";
import { listening } from "../lib/program.mjs";

test("an upstream that speaks HTTP/2", async (t) => {
  let sessions = 0;
  const server = http2.createServer((request, response) => {
    const { method, url, headers, httpVersion } = request;
    response.setHeader("content-type", "application/json");
    const told = { version: httpVersion, method, url, role: headers["x-backlot-role"], secret: headers.authorization };
    let text = "";
    request.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => response.end(JSON.stringify({ ...told, text })));
  });
  server.on("session", (session) => {
    sessions += 1;
    atEnd(t, () => session.destroy());
  });
  const port = await listening(server);
  atEnd(t, () => server.close());
  const config = `[[api]]\npath = "/api"\nupstream = "http://127.0.0.1:${port}"\nhttp2 = true\nallow = ["owner"]\n`;
  const { backend, ready } = await startDev(t, { config });
  const headers = { Authorization: instanceOf(ready.app) };

  const replies = await Promise.all(Array.from({ length: 20 }, (_, number) => call(`${backend}/api/${number}?a=b`, { headers })));
  replies.forEach((reply, number) => {
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(reply.json, { version: "2.0", method: "GET", url: `/api/${number}?a=b`, role: "owner", text: "" });
  });
  const posted = await postJson(`${backend}/api/x`, { word: 1 }, headers);
  assert.equal(posted.json.text, '{"word":1}');
  assert.ok(sessions <= 2, `twenty calls at once shared ${sessions} connections`);
});

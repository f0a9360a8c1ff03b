// Bodies stream in both directions at once: each piece comes back before the next one is sent.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { startDev } from "../lib/backlot.mjs";
import { atEnd } from "../lib/cleanup.mjs";
import { within } from "../lib/poll.mjs";
import { startUpstream } from "../lib/upstream.mjs";

test("a request and its reply stream at the same time", async (t) => {
  const upstream = await startUpstream(t, (request, response) => {
    response.flushHeaders();
    request.pipe(response);
  });
  const config = `[[api]]\npath = "/api"\nupstream = "${upstream.address}"\nallow = ["owner"]\n`;
  const { backend, ready } = await startDev(t, { config });

  const headers = { Authorization: instanceOf(ready.app), "Content-Type": "text/plain" };
  const request = http.request(`${backend}/api/echo`, { method: "POST", headers });
  atEnd(t, () => request.destroy());
  const answered = once(request, "response");
  request.write("first");
  const [response] = await within("the head, with the request still open", answered);
  assert.equal(response.statusCode, 200);
  response.setEncoding("utf8");

  const hears = async () => (await within("a piece", once(response, "data")))[0];
  assert.equal(await hears(), "first");
  for (const piece of ["second", "third"]) {
    const heard = hears();
    request.write(piece);
    assert.equal(await heard, piece);
  }
  request.end();
  await within("the end", once(response.resume(), "end"));
  assert.equal(response.complete, true);
});

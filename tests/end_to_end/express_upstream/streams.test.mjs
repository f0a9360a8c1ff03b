// Server-sent events pass one by one, while the stream goes on; when the client leaves, so does Backlot.

import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import { test } from "node:test";

import { atEnd } from "../lib/cleanup.mjs";
import { startExpress } from "../lib/express_stage.mjs";
import { until, within } from "../lib/poll.mjs";

test("events arrive one by one", async (t) => {
  const { as, backend, relay } = await startExpress(t);
  const instance = encodeURIComponent(as("visitor").Authorization);

  const request = http.get(`${backend}/api/clock?zone=utc&instance=${instance}`);
  atEnd(t, () => request.destroy());
  const [response] = await within("the head", once(request, "response"));
  assert.equal(response.statusCode, 200);
  assert.match(response.headers["content-type"], /^text\/event-stream/);
  response.setEncoding("utf8");

  // The stream has no end, so whatever arrives was not waited for to be whole.
  const [first] = await within("the first event", once(response, "data"));
  assert.match(first, /^data: \{"time":"[^"]+"\}\n\n$/);
  const [second] = await within("the second event", once(response, "data"));
  assert.match(second, /^data: \{"time":"[^"]+"\}\n\n$/);
  assert.notEqual(second, first);

  assert.match(relay.sent, /^GET \/api\/clock\?zone=utc HTTP\/1\.1\r$/m, "the instance is taken out of the address");
  assert.equal(relay.open, 1);
  request.destroy();
  await until("Backlot to leave the upstream, too", () => relay.open === 0);
});

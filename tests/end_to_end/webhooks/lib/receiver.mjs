// The app's own server: takes deliveries, checks their signatures with npm's `standardwebhooks`, and remembers them.

import assert from "node:assert/strict";
import http from "node:http";

import { Webhook } from "standardwebhooks";

import { atEnd } from "../../lib/cleanup.mjs";
import { until } from "../../lib/poll.mjs";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

export async function startReceiver(t) {
  const events = [];
  const webhook = new Webhook(SECRET);
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      try {
        events.push(webhook.verify(Buffer.concat(chunks).toString("utf8"), request.headers));
        response.writeHead(200).end();
      } catch (error) {
        response.writeHead(400).end(String(error));
      }
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(t, () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    events,
    subscription: `
[[subscription]]
name = "all"
events = ["*"]
to = "http://127.0.0.1:${server.address().port}/events"
secret = { inline = "${SECRET}" }
`,
    // The event with this id, once it has been delivered.
    delivered: (id) => until(`the event ${id}`, () => events.find((event) => event.id === id)),
    // Everything so far, after an event that was sent last.
    all: (count) =>
      until(`${count} events`, () => events.length >= count).then(() => {
        assert.equal(events.length, count, JSON.stringify(events));
        return events;
      }),
  };
}

// An app's server that gets events, written with npm's `standardwebhooks`: what it does not verify counts as not sent.

import http from "node:http";

import { Webhook } from "standardwebhooks";

import { atEnd } from "../../lib/cleanup.mjs";
import { until } from "../../lib/poll.mjs";
import { listening } from "../../lib/program.mjs";

export const SECRET = `whsec_${Buffer.from("the-secret-of-the-tests-of-events").toString("base64")}`;

// `answer(event, response, attempts)` may answer an attempt; where it returns false, the answer is 200. `attempts` counts
// those of this event. `got` has each attempt, {event, headers, at}, and `accepted` each event by the order of its 200.
export async function startDestination(t, { secret = SECRET, answer = () => false, port = 0 } = {}) {
  const destination = { got: [], accepted: [], unverified: [], ids: new Set(), attempts: new Map(), secret, answer };
  const server = http.createServer(async (request, response) => {
    request.on("error", () => {});
    response.on("error", () => {});
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const at = performance.now();
    const body = Buffer.concat(chunks).toString("utf8");
    let event;
    try {
      event = new Webhook(destination.secret).verify(body, request.headers);
    } catch (error) {
      destination.unverified.push({ body, headers: request.headers, error });
      response.writeHead(401).end();
      return;
    }
    const attempts = (destination.attempts.get(event.id) ?? 0) + 1;
    destination.attempts.set(event.id, attempts);
    destination.got.push({ event, headers: request.headers, at });
    const accept = () => {
      if (!destination.ids.has(event.id)) destination.accepted.push(event);
      destination.ids.add(event.id);
    };
    if (destination.answer(event, response, attempts, accept) !== false) return;
    accept();
    response.end("ok");
  });
  const listen = async (at) => {
    if (at === 0) return listening(server);
    await new Promise((resolve, reject) => server.once("error", reject).listen(at, "127.0.0.1", resolve));
    return at;
  };
  destination.port = await listen(port);
  destination.url = `http://127.0.0.1:${destination.port}/events`;
  // Nothing listens until `open`.
  destination.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  destination.open = () => listen(destination.port);
  atEnd(t, () => server.listening && destination.close());
  destination.has = (ids, patience) => {
    const all = [...ids];
    const missing = () => all.filter((id) => !destination.ids.has(id));
    return until(`${all.length} events at the destination`, () => missing().length === 0, patience).catch((error) => {
      throw new Error(`${error.message}; missing ${missing().length}, such as ${missing().slice(0, 5)}`);
    });
  };
  return destination;
}

// Answers of a server in trouble.
export const answers = {
  status: (status, headers = {}) => (_, response) => response.writeHead(status, headers).end("no"),
  // In the middle of the head.
  closesHalfWay: (_, response) => {
    response.socket.write("HTTP/1.1 200 O");
    response.socket.destroy();
  },
  hangs: () => {},
};

// The first attempts of each entity's events, which have to be in the order of their sequences.
export function outOfOrder(events) {
  const last = new Map();
  const seen = new Set();
  const wrong = [];
  for (const { id, instanceId, entityId, sequence } of events) {
    if (seen.has(id)) continue;
    seen.add(id);
    const entity = `${instanceId}/${entityId}`;
    const before = last.get(entity);
    if (before !== undefined && sequence < before) wrong.push({ entity, sequence, before });
    last.set(entity, Math.max(sequence, before ?? sequence));
  }
  return wrong;
}

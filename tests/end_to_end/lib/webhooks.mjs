// Wix's sample payloads and a webhook that Wix itself has signed, and a server of an app that gets webhooks.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import http from "node:http";

import { atEnd } from "./cleanup.mjs";
import { repository } from "./paths.mjs";
import { listening } from "./program.mjs";

const read = (path) => JSON.parse(readFileSync(join(repository, path), "utf8"));

// Every sample with the type under which the simulator has it: {type, number, sample}. The number counts the samples of
// one type.
export function eventSamples() {
  const counts = new Map();
  return read("crates/simulator/samples/wix-event-samples.json").samples.map(({ sample }) => {
    const type = typeOf(sample);
    const number = (counts.get(type) ?? 0) + 1;
    counts.set(type, number);
    // Three samples are whole envelopes.
    const payload = typeof sample.data === "string" ? JSON.parse(sample.data) : sample;
    return { type, number, sample: payload };
  });
}

function typeOf({ entityFqdn, slug, eventType, wixAppId }) {
  if (entityFqdn) return `${entityFqdn}_${slug}`;
  return wixAppId ? "wix.payment.api.pay.v3.PaymentEvent" : eventType;
}

// The `AppInstalled` that Wix has signed, with the public key of that app.
export function realWebhook() {
  const { webhook_jwts: jwts } = read("crates/wix/tests/vectors/wix-vectors.json");
  return jwts.find(({ name }) => name === "wix-AppInstalled-2021");
}

// An app's server. `answer(number, response)` may answer the request with this number, counted from 0; otherwise it is
// answered with 200. `got` has {body, contentType, url, at} of each.
export async function startReceiver(t, answer = () => false) {
  const got = [];
  const server = http.createServer(async (request, response) => {
    const at = performance.now();
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString("utf8");
    got.push({ body, contentType: request.headers["content-type"], url: request.url, at });
    if (answer(got.length - 1, response) === false) response.end("ok");
  });
  const port = await listening(server);
  atEnd(t, () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${port}/hook`, got };
}

// What is inside a webhook's body; the signature is not checked.
export function opened(body) {
  const part = (text) => JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  const [header, claims] = body.split(".").slice(0, 2).map(part);
  const envelope = JSON.parse(claims.data);
  return { header, claims, envelope, payload: JSON.parse(envelope.data) };
}

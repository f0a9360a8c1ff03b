// Webhooks as Wix makes them, signed by the test itself: written after Wix's guide and not after Backlot's code.

import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import http from "node:http";

import { call } from "../../lib/call.mjs";

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const privateKey = pair.privateKey;
export const publicKeyPem = pair.publicKey.export({ type: "spki", format: "pem" });

const WEEKS = 3_600_000;
const seconds = () => Math.floor(Date.now() / 1000);
export const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

// The token with these claims, signed with RS256.
export function token(claims, { key = privateKey, header = { kid: "LGuapkSD", alg: "RS256" } } = {}) {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
}

// JSON in a string in JSON in a string in a claim.
export function claimsOf({ eventType, instanceId, identity, payload }, more = {}) {
  const envelope = { data: JSON.stringify(payload), ...(instanceId && { instanceId }), eventType };
  if (identity) envelope.identity = JSON.stringify(identity);
  return { data: JSON.stringify(envelope), iat: seconds(), exp: seconds() + WEEKS, ...more };
}

// A contact that was updated.
export function contactUpdated({ instanceId, entityId = randomUUID(), sequence, id = randomUUID(), name = "Ann", ...more }) {
  const payload = {
    id,
    entityFqdn: "wix.contacts.v4.contact",
    slug: "updated",
    entityId,
    updatedEvent: { currentEntityAsJson: JSON.stringify({ id: entityId, name }) },
    eventTime: new Date().toISOString(),
    triggeredByAnonymizeRequest: false,
    ...(sequence !== undefined && { entityEventSequence: String(sequence) }),
    ...more,
  };
  return { id, entityId, sequence, instanceId, eventType: "wix.contacts.v4.contact_updated", payload };
}

export const bodyOf = (event) => token(claimsOf(event));

const agent = new http.Agent({ keepAlive: true });

// One webhook; the reply is {status, headers, text, json, code}.
export function deliver(backend, body, { contentType = "text/plain", headers } = {}) {
  const all = { "Content-Type": contentType, "Content-Length": Buffer.byteLength(body), ...headers };
  return call(`${backend}/webhooks`, { method: "POST", headers: all, body, agent });
}

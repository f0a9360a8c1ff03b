// What both events rivals do with a webhook of Wix, with no framework in it: the signature over the token, its expiry, and
// the text in text in text as far as the event's id. One public key, RS256 and nothing else.
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const key = createPublicKey(readFileSync(process.env.BENCHMARK_PUBLIC_KEY));

/** The event of a body, or null if it is not signed with the key or has expired. */
export function openWebhook(body) {
  const [header, payload, signature] = body.split('.');
  if (!signature || JSON.parse(Buffer.from(header, 'base64url')).alg !== 'RS256') return null;
  const signed = Buffer.from(body.slice(0, body.length - signature.length - 1), 'latin1');
  if (!verify('RSA-SHA256', signed, key, Buffer.from(signature, 'base64url'))) return null;
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  if (claims.exp * 1000 <= Date.now()) return null;
  const { data, instanceId, eventType } = JSON.parse(claims.data);
  return { eventId: JSON.parse(data).id, instanceId, eventType, data };
}

// The check that a Wix app's own backend makes of the signed instance in the Authorization header,
// written as a careful engineer would: the key object is made once, the comparison takes constant
// time, the message is the payload segment as received. Shared by the Express and Fastify rivals.
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

const appId = process.env.BENCHMARK_APP_ID;
const key = createSecretKey(process.env.BENCHMARK_APP_SECRET, 'utf8');

/** The origin that Wix serves this app's pages from. */
export const pageOrigin = `https://${appId}.wix.run`;

/** Who sent this Authorization value, or null when it proves nothing. */
export function callerOf(authorization) {
  if (!authorization) return null;
  const dot = authorization.indexOf('.');
  if (dot < 0) return null;
  const payload = authorization.slice(dot + 1);
  const signature = Buffer.from(authorization.slice(0, dot), 'base64url');
  const expected = createHmac('sha256', key).update(payload).digest();
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return null;
  let instance;
  try {
    instance = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  if (instance.appDefId !== appId) return null;
  if (!(Date.parse(instance.expirationDate) > Date.now())) return null;
  return { instanceId: instance.instanceId, role: roleOf(instance), userId: instance.uid ?? null };
}

function roleOf(instance) {
  if (instance.permissions === 'OWNER') return 'owner';
  return instance.uid ? 'member' : 'visitor';
}

// Access tokens that look like Wix's and are signed by nobody.

import { randomBytes } from "node:crypto";

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const header = part({ kid: "YHBsuJpH", alg: "HS256" });

// For an owner of `site`, made `age` seconds ago.
export function fakeToken(app, site, { age = 0 } = {}) {
  const now = Math.floor(Date.now() / 1000) - age;
  const instance = { instanceId: site.instanceId, appDefId: app.id, uid: site.ownerId, permissions: "OWNER" };
  const data = JSON.stringify({ instance });
  return `OauthNG.JWS.${header}.${part({ data, iat: now, exp: now + 14_400 })}.${randomBytes(32).toString("base64url")}`;
}

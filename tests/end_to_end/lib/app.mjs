// A Wix app of the test's own, and instances signed with its secret: written after Wix's guide and
// not after Backlot's code, so that the two judge each other.

import { createHmac, generateKeyPairSync, randomUUID } from "node:crypto";

const HOUR = 3_600_000;
let keyPair;

export function makeApp() {
  // The key is not used by these tests, only asked for: one is enough.
  keyPair ??= generateKeyPairSync("rsa", { modulusLength: 2048 });
  const app = {
    id: randomUUID(),
    secret: randomUUID(),
    publicKey: keyPair.publicKey.export({ type: "spki", format: "pem" }),
  };
  app.environment = {
    WIX_CLIENT_ID: app.id,
    WIX_CLIENT_SECRET: app.secret,
    WIX_CLIENT_PUBLIC_KEY: app.publicKey,
  };
  return app;
}

export function sign(secret, payload) {
  const body = Buffer.from(JSON.stringify(payload)).toString("base64url");
  return `${createHmac("sha256", secret).update(body).digest("base64url")}.${body}`;
}

// An instance of `app` for a person; what is given in `changes` replaces what is usual.
export function instanceOf(app, { instanceId = randomUUID(), role = "owner", userId = randomUUID(), changes } = {}) {
  const now = Date.now();
  const payload = {
    instanceId,
    appDefId: app.id,
    signDate: new Date(now).toISOString(),
    expirationDate: new Date(now + 4 * HOUR).toISOString(),
    demoMode: false,
    ...people[role](userId),
    ...changes,
  };
  return sign(app.secret, payload);
}

const people = {
  owner: (id) => ({ uid: id, siteOwnerId: id, permissions: "OWNER" }),
  member: (id) => ({ uid: id, siteMemberId: id, permissions: "" }),
  visitor: (id) => ({ aid: id, permissions: "" }),
};

// The same instance with one character of its payload changed.
export function tamper(instance) {
  const place = instance.indexOf(".") + 20;
  const other = instance[place] === "A" ? "B" : "A";
  return instance.slice(0, place) + other + instance.slice(place + 1);
}

export function expired(app, options = {}) {
  const ago = (hours) => new Date(Date.now() - hours * HOUR).toISOString();
  return instanceOf(app, { ...options, changes: { signDate: ago(30), expirationDate: ago(26) } });
}

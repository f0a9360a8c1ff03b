// The ready file: scripts depend on its keys.

import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LOOPBACK = /^http:\/\/127\.0\.0\.1:\d+$/;

test("the ready file says where everything is, and it is so", async (t) => {
  const { folder, ready } = await startDev(t);

  assert.deepEqual(Object.keys(ready).sort(), ["admin", "app", "backend", "instances", "simulator"]);
  for (const name of ["backend", "admin", "simulator"]) assert.match(ready[name], LOOPBACK);
  assert.deepEqual(Object.keys(ready.app).sort(), ["id", "publicKey", "secret"]);
  assert.match(ready.app.id, GUID);
  assert.match(ready.app.publicKey, /^-----BEGIN PUBLIC KEY-----\n/);
  assert.ok(ready.app.secret.length >= 32);
  assert.equal(ready.instances.length, 2);
  const keys = ["instanceId", "memberIds", "ownerId", "siteId", "siteName", "siteUrl"];
  for (const site of ready.instances) {
    assert.deepEqual(Object.keys(site).sort(), keys);
    for (const id of [site.instanceId, site.siteId, site.ownerId, ...site.memberIds]) assert.match(id, GUID);
    assert.ok(site.memberIds.length >= 1);
    assert.equal(new URL(site.siteUrl).protocol, "https:");
  }

  assert.equal((await call(`${ready.backend}/healthz`)).status, 200);
  assert.equal((await call(`${ready.backend}/readyz`)).status, 200);
  assert.equal((await call(`${ready.admin}/healthz`)).status, 200);
  assert.equal((await call(`${ready.simulator}/`)).status, 200);

  const mode = statSync(join(folder, "ready.json")).mode & 0o777;
  assert.equal(mode, 0o600, "it holds a secret");
  assert.deepEqual(readdirSync(folder).sort(), ["data", "ready.json"], "nothing unfinished is left");
});

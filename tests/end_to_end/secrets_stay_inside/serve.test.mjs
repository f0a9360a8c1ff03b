// `backlot serve` writes no credential anywhere. Its log is one JSON object a line, whatever is sent; it
// says which calls used an old app secret, but not the secret.

import assert from "node:assert/strict";
import { test } from "node:test";

import { instanceOf, makeApp } from "../lib/app.mjs";
import { startServe } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { assertNothingLeaks, configuration } from "../lib/secrets_stage.mjs";
import { startUpstream } from "../lib/upstream.mjs";

const secretsByName = '[app]\nsecret = [{ env = "NEW_SECRET" }, { env = "OLD_SECRET" }]\n';

test("backlot serve keeps its secrets", async (t) => {
  const upstream = await startUpstream(t);
  const app = makeApp();
  const old = { ...app, secret: makeApp().secret };
  const env = { WIX_CLIENT_SECRET: undefined, NEW_SECRET: app.secret, OLD_SECRET: old.secret };
  const backlot = await startServe(t, { app, config: configuration(upstream, secretsByName), env });

  const instance = instanceOf(old);
  const reply = await call(`${backlot.backend}/whoami`, { headers: { Authorization: instance } });
  assert.equal(reply.status, 200, "an old secret is still good");
  const log = await assertNothingLeaks({ ...backlot, upstream });

  assert.ok(!log.includes(old.secret) && !log.includes(instance.split(".")[0]));
  const records = log.trimEnd().split("\n").map((line) => JSON.parse(line));
  const requests = records.filter((record) => record.event === "request");
  assert.equal(requests.find((record) => record.request_id === reply.headers["x-request-id"]).app_secret, "old");
  assert.equal(requests.filter((record) => record.app_secret === "old").length, 1);
  assert.equal(backlot.program.stdout, "");
});

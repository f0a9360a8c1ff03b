// `backlot dev` writes no credential anywhere, but for the one curl line that it prints to be pasted.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { assertNothingLeaks, configuration } from "../lib/secrets_stage.mjs";
import { startUpstream } from "../lib/upstream.mjs";

const CURL = /^ *curl -H 'Authorization: ([\w-]{43}\.[\w-]+)' (http:\S+)$/gm;

test("backlot dev keeps its secrets", async (t) => {
  const upstream = await startUpstream(t);
  const backlot = await startDev(t, { config: configuration(upstream) });
  const { app } = backlot.ready;

  const [[, instance, url], ...others] = backlot.program.stdout.matchAll(CURL);
  assert.equal(others.length, 0);
  assert.equal((await call(url, { headers: { Authorization: instance } })).status, 200, "the line works");
  await assertNothingLeaks({ ...backlot, app, upstream }, (text) => text.replace(CURL, ""));
  assert.ok(!backlot.program.stderr.includes(instance.split(".")[0]));
});

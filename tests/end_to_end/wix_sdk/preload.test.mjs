// The preload takes every kind of call to Wix's hosts to the simulator, and leaves all others alone.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { repository } from "../lib/paths.mjs";
import { run } from "../lib/program.mjs";
import { startUpstream } from "../lib/upstream.mjs";
import { runWixProgram } from "../lib/wix_program.mjs";
import { startWix } from "../lib/wix_stage.mjs";

test("every kind of fetch goes where it should", async (t) => {
  const { ready, site, wix } = await startWix(t);
  const { address, seen } = await startUpstream(t);
  const accessToken = await wix.token(site, "visitor");
  const settings = { simulator: ready.simulator, accessToken, elsewhere: `${address}/oauth2/token-info?x=1` };
  const outcome = await runWixProgram("kinds_of_fetch", settings);

  for (const name of ["text", "URL object", "Request", "Request that streams", "Request and more", "the other host"]) {
    await t.test(name, () => {
      assert.equal(outcome[name].value?.status, 200, JSON.stringify(outcome[name]));
      assert.equal(outcome[name].value.json.subjectType, "VISITOR");
    });
  }
  await t.test("the query goes along", async () => {
    assert.deepEqual(outcome.query.value, { status: 200, json: {} });
    const { calls } = await wix.calls("/things/");
    assert.deepEqual(calls.map(({ path, query }) => [path, query]), [["/things/v1", "a=1&b=%20"]]);
  });
  await t.test("a call that was given up is not made", () => {
    assert.equal(outcome["given up"].error.message, "changed my mind");
  });
  await t.test("others are left alone", () => {
    const kinds = ["text", "URL object", "Request"].map((kind) => outcome[`elsewhere, ${kind}`].value.json);
    assert.deepEqual(kinds.map(({ method, url, bytes }) => [method, url, bytes]), [
      ["GET", "/oauth2/token-info?x=1", 0],
      ["GET", "/oauth2/token-info?x=1", 0],
      ["POST", "/oauth2/token-info?x=1", 4],
    ]);
    assert.equal(kinds[2].headers["x-mine"], "1");
    assert.equal(seen.length, 3);
  });
});

test("the preload refuses an address elsewhere", async () => {
  const preload = join(repository, "examples/node/wix-in-simulator.mjs");
  for (const address of ["http://192.0.2.1:8082", "https://www.wixapis.com", "http://127.0.0.1.evil.example"]) {
    const env = { WIX_SIMULATOR_URL: address };
    const { code, stderr } = await run(process.execPath, ["--import", preload, "-e", "0"], { env });
    assert.equal(code, 1);
    assert.match(stderr, /WIX_SIMULATOR_URL must be on this machine/);
  }
});

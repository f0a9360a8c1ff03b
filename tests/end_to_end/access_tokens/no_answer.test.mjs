// When Wix gives no answer, or nonsense, nobody new is let in: 503 that says when to come back, which
// pages can read. Those who are known go on, and when Wix is well again all do.

import assert from "node:assert/strict";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { call } from "../lib/call.mjs";
import { startDev, startServe } from "../lib/backlot.mjs";
import { until } from "../lib/poll.mjs";
import { simulatorOf } from "../lib/simulator.mjs";
import { startWix } from "../lib/wix_stage.mjs";

const ORIGIN = "http://localhost:5173";
const config = '[wix]\ntoken_timeout = "1s"\n';
const MEBIBYTE = 1024 * 1024;

const faults = {
  "500": { failNext: 1000, failStatus: 500 },
  "503": { failNext: 1000, failStatus: 503 },
  "not JSON": { tokenInfo: "notJson" },
  huge: { tokenInfo: "huge" },
  endless: { tokenInfo: "endless" },
  "broken off in the middle": { resetNext: 1000 },
  "slower than wix.token_timeout": { slowMs: 30_000 },
};

function assertUnavailable(reply) {
  assert.deepEqual([reply.status, reply.code], [503, "WIX_UNAVAILABLE"], reply.text);
  assert.ok(Number(reply.headers["retry-after"]) >= 1, reply.headers["retry-after"]);
  assert.equal(reply.headers["access-control-allow-origin"], ORIGIN);
  assert.match(reply.headers["access-control-expose-headers"], /retry-after/);
  assert.match(reply.headers["x-request-id"], /^[\w-]{8,}$/);
}

test("Wix misbehaves", async (t) => {
  const { app, program, send, site, wix } = await startWix(t, { config });
  const known = await wix.token(site, "owner");
  const headers = { Origin: ORIGIN };
  assert.equal((await send("/whoami", known)).status, 200);
  const memory = program.peakMemory;

  for (const [name, fault] of Object.entries(faults)) {
    await t.test(name, async () => {
      await wix.misbehave({ ...fault, paths: ["/oauth2/"] });
      const token = await wix.token(site, "member", crypto.randomUUID());
      const start = performance.now();
      assertUnavailable(await send("/api/things", token, { headers }));
      assert.ok(performance.now() - start < 5000, "nobody waits for long");
      assert.equal((await send("/whoami", known)).status, 200, "who is known goes on");
      assert.equal((await send("/whoami", instanceOf(app, site))).status, 200, "so does a signed instance");
      await wix.behave();
      assert.equal((await send("/whoami", token)).status, 200, "and all is well again");
    });
  }
  const grown = program.peakMemory - memory;
  assert.ok(grown < 24 * MEBIBYTE, `Backlot grew by ${Math.round(grown / MEBIBYTE)} MiB`);
});

test("one failure in between is not noticed", async (t) => {
  const { send, site, wix } = await startWix(t, { config });
  for (const fault of [{ failNext: 1, failStatus: 503 }, { resetNext: 1 }]) {
    await wix.misbehave({ ...fault, paths: ["/oauth2/token-info"] });
    const token = await wix.token(site, "visitor", crypto.randomUUID());
    assert.equal((await send("/whoami", token)).status, 200, JSON.stringify(fault));
  }
});

test("Wix is down, and comes back", async (t) => {
  // The app and its simulator, which is stopped and started anew at the same address.
  const first = await startDev(t);
  const { app, instances: [site], simulator } = first.ready;
  const wix = simulatorOf(first.ready);
  const [known, fresh] = [await wix.token(site), await wix.token(site, "member")];
  const environment = { WIX_CLIENT_ID: app.id, WIX_CLIENT_SECRET: app.secret, WIX_CLIENT_PUBLIC_KEY: app.publicKey };
  const { backend } = await startServe(t, {
    app: { ...app, environment },
    config: `[cors]\norigins = ["${ORIGIN}"]\n`,
    env: { BACKLOT_WIX_BASE_URL: simulator },
  });
  const whoami = (token) => call(`${backend}/whoami`, { headers: { Authorization: token, Origin: ORIGIN } });
  assert.equal((await whoami(known)).status, 200);

  await first.program.stop("SIGINT");
  assertUnavailable(await whoami(fresh));
  assert.equal((await whoami(known)).status, 200);
  assert.equal((await whoami(instanceOf(app, site))).status, 200);

  const { host } = new URL(simulator);
  await startDev(t, { data: first.data, simulatorListen: host });
  await until("the recovery", async () => (await whoami(fresh)).status === 200);
});

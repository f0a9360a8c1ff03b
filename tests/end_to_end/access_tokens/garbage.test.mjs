// Somebody sends garbage that looks like tokens, as fast as they can. Wix is spared, memory stays as it
// is, and those who are in do not notice.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import http from "node:http";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { fakeToken } from "../lib/fake_token.mjs";
import { flood } from "../lib/flood.mjs";
import { until } from "../lib/poll.mjs";
import { startWix } from "../lib/wix_stage.mjs";

const MEBIBYTE = 1024 * 1024;
const TOKENS = 20_000;
// A machine that is very slow may not get through all of them.
const FEWEST = 5000;
const limits = { count: TOKENS, connections: 100, seconds: 20 };

test("a flood of garbage from one address", async (t) => {
  const stage = await startFlooded(t);
  const { app, send, site, wix } = stage;
  // Somebody else, at another address, with a new token each time.
  const elsewhere = new http.Agent({ keepAlive: true, localAddress: "127.0.0.2" });
  t.after(() => elsewhere.destroy());
  const newcomer = async () => send("/whoami", await wix.token(site, "visitor", crypto.randomUUID()), { agent: elsewhere });

  const garbage = garbageFor(app, site);
  const { 401: refused = 0, 429: tooMany = 0, ...others } = await stage.flood(() => `Authorization: ${garbage()}\r\n`, newcomer);
  assert.deepEqual(others, {});
  assert.ok(refused >= 50, `${refused} were checked`);
  assert.ok(refused + tooMany >= FEWEST, `${refused + tooMany} in ${limits.seconds} s`);
  const { total } = await wix.calls("/oauth2/token-info");
  assert.ok(total < 2000, `Wix was asked ${total} times`);

  await until("one refusal for the number", async () => {
    const late = await send("/whoami", garbage());
    if (late.status === 401) return false;
    assert.deepEqual([late.status, late.code], [429, "TOO_MANY_REFUSED_TOKENS"]);
    assert.ok(Number(late.headers["retry-after"]) >= 1);
    return true;
  });
  const patient = await wix.token(site, "member");
  await until("a good token from there", async () => (await send("/whoami", patient)).status === 200);
});

test("a flood of garbage from everywhere", async (t) => {
  const config = '[server]\ntrusted_proxies = ["127.0.0.0/8"]\n[access_token]\nquestions_per_minute = 1000\n';
  const stage = await startFlooded(t, { config });
  const { app, site, wix } = stage;
  const garbage = garbageFor(app, site);
  let number = 0;
  const address = () => {
    number += 1;
    return `10.${number >> 16}.${(number >> 8) % 256}.${number % 256}`;
  };
  const headers = () => `Authorization: ${garbage()}\r\nX-Forwarded-For: ${address()}\r\n`;
  const { 401: refused = 0, 503: tooMany = 0, ...others } = await stage.flood(headers);
  assert.deepEqual(others, {});
  assert.ok(refused >= 900 && refused + tooMany >= FEWEST, JSON.stringify({ refused, tooMany }));
  const { total } = await wix.calls("/oauth2/token-info");
  assert.ok(total < 2000, `Wix was asked ${total} times`);
});

// While the flood lasts, who is known gets through, and so does `others()`; memory does not grow.
async function startFlooded(t, options) {
  const stage = await startWix(t, options);
  const { app, backend, program, send, site, wix } = stage;
  const known = await wix.token(site, "owner");
  assert.equal((await send("/whoami", known)).status, 200);
  const instance = instanceOf(app, site);

  const run = async (headers, others = async () => {}) => {
    const memory = program.peakMemory;
    let isOver = false;
    const storm = flood(backend, "/whoami", headers, limits).finally(() => {
      isOver = true;
    });
    do {
      const replies = await Promise.all([send("/whoami", known), send("/whoami", instance), others()]);
      for (const reply of replies) assert.equal(reply?.status ?? 200, 200, reply?.text);
    } while (!isOver);
    const statuses = await storm;
    const grown = program.peakMemory - memory;
    assert.ok(grown < 60 * MEBIBYTE, `Backlot grew by ${Math.round(grown / MEBIBYTE)} MiB`);
    return statuses;
  };
  return { ...stage, flood: run };
}

// No two alike: half of them well made, half of them only by their beginning.
function garbageFor(app, site) {
  let made = 0;
  return () => {
    made += 1;
    return made % 2 ? fakeToken(app, site) : `OauthNG.JWS.${randomBytes(300).toString("base64url")}`;
  };
}

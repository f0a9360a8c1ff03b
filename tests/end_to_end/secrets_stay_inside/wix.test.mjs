// `backlot serve` between pages and Wix: neither the app's secret, nor the account's API key, nor any
// token is written anywhere, whatever goes wrong at Wix. Between it and the simulator stands a relay,
// which sees the app's tokens.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { startDev, startServe } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { leaks, remember } from "../lib/credential_traffic.mjs";
import { startRelay } from "../lib/relay.mjs";
import { configuration } from "../lib/secrets_stage.mjs";
import { simulatorOf } from "../lib/simulator.mjs";
import { startUpstream } from "../lib/upstream.mjs";
import { makeWixTraffic } from "../lib/wix_traffic.mjs";

const apiKey = `IST.${"aB3".repeat(20)}.${"cD4".repeat(40)}.${"eF5".repeat(20)}`;
const everythingOfWix = `
[server]
trusted_proxies = ["127.0.0.0/8"]

[access_token]
ceiling = "0s"
refusal_ceiling = "0s"

[cors]
installed_sites = true

[wix]
token_timeout = "500ms"
timeout = "1s"
queue_time = "0s"
requests_per_minute = 100000
api_key = { env = "MY_API_KEY" }
allow = ["owner", "app"]
calls = [
  "GET /apps/v1/instance",
  "POST /apps/v1/instance",
  { call = "GET /site-properties/v4/properties", as = "site", allow = ["app"] },
]
`;

test("backlot serve keeps what it knows of Wix", { timeout: 120_000 }, async (t) => {
  const upstream = await startUpstream(t);
  const dev = await startDev(t);
  const { ready } = dev;
  const wix = simulatorOf(ready);
  const relay = await startRelay(t, { mostKept: Infinity });
  relay.target = Number(new URL(ready.simulator).port);
  const { app, instances: [site] } = ready;
  const environment = { WIX_CLIENT_ID: app.id, WIX_CLIENT_SECRET: app.secret, WIX_CLIENT_PUBLIC_KEY: app.publicKey };
  const { admin, backend, data, folder, program } = await startServe(t, {
    app: { ...app, environment },
    config: configuration(upstream, everythingOfWix),
    env: { BACKLOT_WIX_BASE_URL: relay.address, MY_API_KEY: apiKey },
  });

  const traffic = await makeWixTraffic({ app, backend, site, upstream, wix, apiKey });
  const { elevated, replies, secrets } = traffic;
  const statuses = new Set(replies.map((reply) => reply.status));
  for (const status of [200, 400, 401, 403, 404, 405, 428, 429, 500, 502, 503]) {
    assert.ok(statuses.has(status), `no reply was ${status}: ${[...statuses].join()}`);
  }
  assert.ok(elevated.size >= 1, "elevated tokens were handed out");
  const used = new Set([...relay.sent.matchAll(/^authorization: (\S+)\r$/gim)].map(([, value]) => value));
  const ofTheApp = [...used].filter((value) => value.startsWith("OauthNG."));
  assert.ok(ofTheApp.length >= 2, "the app's tokens went by");
  assert.ok(used.has(apiKey), "so did the API key");
  ofTheApp.forEach((token, index) => remember(secrets, `app token ${index}`, token));

  const pages = ["/metrics", "/", "/admin/v1/instances", `/admin/v1/instances/${site.instanceId}`, "/healthz", "/readyz"];
  const shown = await Promise.all(pages.map((path) => call(admin + path)));
  assert.match(shown[0].text, /backlot_/);
  const instance = shown[3];
  assert.equal(instance.status, 200, instance.text);
  await program.stop("SIGINT");
  const lines = program.stderr.trimEnd().split("\n");
  assert.ok(lines.length > 1000, `the log tells of the calls: ${lines.length}`);
  for (const line of lines) assert.doesNotThrow(() => JSON.parse(line), line);

  assert.deepEqual(leaks(secrets, program.stderr), [], "standard error");
  assert.deepEqual(leaks(secrets, dev.program.stderr), [], "standard error of the simulator's program");
  assert.deepEqual(leaks(secrets, JSON.stringify(await wix.calls("/"))), [], "the simulator's record of calls");
  assert.equal(program.stdout, "");
  pages.forEach((path, index) => assert.deepEqual(leaks(secrets, shown[index].text), [], path));
  // What the upstream answers is its own affair: here it tells its headers back.
  const own = replies.filter((reply) => reply.json?.method === undefined);
  assert.ok(own.length > 1000, `${own.length}`);
  for (const { headers, text } of own) assert.deepEqual(leaks(secrets, text + JSON.stringify(headers)), [], text);
  const files = [...readdirSync(data, { recursive: true, withFileTypes: true }), ...readdirSync(folder, { withFileTypes: true })];
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath ?? file.path, file.name));
  assert.ok(paths.some((path) => path.endsWith(".db")) && paths.some((path) => path.endsWith("ready.json")), paths.join());
  for (const path of paths) assert.deepEqual(leaks(secrets, readFileSync(path, "latin1")), [], path);
});

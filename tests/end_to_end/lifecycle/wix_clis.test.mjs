// Pages of all three generations of the Wix CLI: let in, explained, and known to `init`.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { command, startDev, startServe } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { temporaryFolder } from "../lib/folder.mjs";

const TODAY = "https://my-app-1a2b3c.wix-host.com";

test("pages of each CLI call, and nobody else's", async (t) => {
  const { app, backend } = await startServe(t);
  const asks = async (origin, header = "Authorization") => {
    const preflight = await call(`${backend}/whoami`, {
      method: "OPTIONS",
      headers: { Origin: origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": header },
    });
    const reply = await call(`${backend}/whoami`, { headers: { Origin: origin, [header]: instanceOf(app) } });
    assert.equal(preflight.headers["access-control-allow-origin"], reply.headers["access-control-allow-origin"]);
    return [reply.status, reply.headers["access-control-allow-origin"]];
  };
  for (const origin of [TODAY, `https://${app.id}.wix.run`]) {
    assert.deepEqual(await asks(origin), [200, origin]);
    assert.deepEqual(await asks(origin, "X-Wix-Instance"), [200, origin]);
  }
  for (const origin of [
    "https://a.b.wix-host.com",
    "http://my-app.wix-host.com",
    "https://x.wix-development-sites.org",
    `https://${crypto.randomUUID()}.wix.run`,
  ]) {
    assert.deepEqual(await asks(origin), [403, undefined]);
  }
});

test("explain says whose page an origin is", async (t) => {
  const { data, folder, ready } = await startDev(t);
  // What `serve` refuses ends with 1, whatever `dev` does.
  const explain = async (value, expected = 0) => {
    const { code, stdout, stderr } = await command(["explain", value, "--data", data], { cwd: folder });
    assert.equal(code, expected, stderr);
    return stdout;
  };
  assert.match(await explain(TODAY), /today's Wix CLI[^]*ok +serve +allowed[^]*ok +dev/);
  assert.match(await explain(`https://${ready.app.id}.wix.run`), /first Wix CLI[^]*ok +serve/);
  const another = await explain(`https://${crypto.randomUUID()}.wix.run`, 1);
  assert.match(another, /another app's[^]*FAILED +serve[^]*ORIGIN_NOT_ALLOWED/);
  assert.match(await explain("http://localhost:4321", 1), /dev server of today's[^]*FAILED +serve[^]*ok +dev/);
  const page = await explain(`${TODAY}/_wix/page?locale=en&instance=${instanceOf(ready.app)}`);
  assert.match(page, /today's Wix CLI[^]*Its credential:[^]*Verdict: accepted/);
});

test("init knows the app beside it", async (t) => {
  for (const [name, words] of [
    ["@wix/custom-extensions", /today's Wix CLI[^]*wix-host\.com[^]*4321/],
    ["@wix/astro", /Wix CLI on Astro[^]*wix-host\.com[^]*4321/],
    ["@wix/cli-app", /first Wix CLI[^]*wix\.run[^]*5173/],
    ["express", /all three Wix CLIs/],
  ]) {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies: { [name]: "1" } }));
    const { code, stderr } = await command(["init"], { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.match(stderr, words);
  }
});

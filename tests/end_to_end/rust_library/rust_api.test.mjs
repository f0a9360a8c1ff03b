// The Rust example: Backlot as a library, with routes of its own in place of an upstream.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { expired, instanceOf } from "../lib/app.mjs";
import { command, startDev } from "../lib/backlot.mjs";
import { call, postJson } from "../lib/call.mjs";
import { repository } from "../lib/paths.mjs";
import { until } from "../lib/poll.mjs";

const wanted = process.env.BACKLOT_RUST_EXAMPLE;
const built = ["release", "debug"].map((kind) => join(repository, "target", kind, "examples/rust_api"));
const program = wanted ?? built.find((path) => existsSync(path));

test("the Rust example", { skip: !program && "not built: cargo build --example rust_api" }, async (t) => {
  assert.ok(existsSync(program), `BACKLOT_RUST_EXAMPLE names ${program}, which is not there`);
  const { backend, data, folder, ready } = await startDev(t, { program });
  const [site] = ready.instances;
  const ask = (path, role, userId) => {
    const instance = instanceOf(ready.app, { instanceId: site.instanceId, role, userId });
    return call(backend + path, { headers: { Authorization: instance } });
  };

  for (const role of ["owner", "member", "visitor"]) {
    await t.test(`a ${role} is greeted`, async () => {
      const userId = crypto.randomUUID();
      const reply = await ask("/api/hello", role, userId);
      assert.equal(reply.status, 200, reply.text);
      assert.deepEqual(reply.json.caller, { instanceId: site.instanceId, role, userId });
      assert.ok(reply.headers["x-request-id"]);
    });
  }

  await t.test("owners see the report, members do not", async () => {
    const report = await ask("/api/reports/2026", "owner");
    assert.equal(report.status, 200);
    assert.equal(report.json.instanceId, site.instanceId);
    assert.equal((await ask("/api/reports/2026", "member")).status, 403);
  });

  await t.test("the best reviews of the site are read by whoever may read them", async () => {
    const instance = instanceOf(ready.app, { instanceId: site.instanceId, role: "member" });
    for (const rating of [5, 2]) {
      const item = { dataCollectionId: "reviews", dataItem: { data: { title: `worth ${rating}`, rating } } };
      const kept = await postJson(`${backend}/wix-data/v2/items`, item, { Authorization: instance });
      assert.equal(kept.status, 200, kept.text);
    }
    const best = await ask("/api/reviews/best", "visitor");
    assert.deepEqual(best.json, [{ title: "worth 5", rating: 5, product: null }]);
  });

  await t.test("a new site is welcomed by a handler of events", async () => {
    const args = ["simulator", "send", "AppInstalled", "--instance", site.instanceId, "--data", data];
    const { code, stderr } = await command(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    const titles = async () => (await ask("/api/reviews/best", "visitor")).json.map(({ title }) => title);
    await until("the welcome", async () => (await titles()).some((title) => title.startsWith("Welcome, ")));
  });

  await t.test("without a credential, or with an old one: 401", async () => {
    const missing = await call(`${backend}/api/hello`);
    assert.deepEqual([missing.status, missing.code], [401, "CREDENTIAL_MISSING"]);
    const old = await call(`${backend}/api/hello`, { headers: { Authorization: expired(ready.app) } });
    assert.deepEqual([old.status, old.code], [401, "INSTANCE_EXPIRED"]);
  });

  await t.test("a page on localhost may read it, another may not", async () => {
    const from = (origin) => call(`${backend}/api/hello`, { headers: { Origin: origin } });
    assert.equal((await from("http://localhost:5173")).headers["access-control-allow-origin"], "http://localhost:5173");
    assert.equal((await from("https://evil.example")).headers["access-control-allow-origin"], undefined);
  });
});

// A page of another origin reads nothing, with a good instance and without, and makes nothing happen.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fetchIn, openPageAt, startStage } from "../lib/cors_stage.mjs";

test("a page that is not on the list gets nothing", async (t) => {
  const { backend, instance, refused, upstream } = await startStage(t);
  const page = await openPageAt(t, refused);
  assert.equal(await page.evaluate(() => location.origin), refused);
  const attempts = {
    "GET with Authorization": ["/api/things", { headers: { Authorization: instance } }],
    "GET with the instance in the address": [`/api/things?instance=${instance}`, {}],
    "POST that needs no preflight": ["/api/things", { method: "POST", body: "x=1" }],
    "the keys, which are public": ["/.well-known/jwks.json", {}],
    "a path that does not exist": ["/nothing/here", {}],
  };

  for (const [name, [path, options]] of Object.entries(attempts)) {
    await t.test(name, async () => {
      page.troubles.length = 0;
      const reply = await fetchIn(page, backend + path, options);
      assert.match(reply.failure ?? JSON.stringify(reply), /^TypeError: Failed to fetch/);
      assert.match(page.troubles.join("\n"), /blocked by CORS policy/);
    });
  }

  await t.test("an opaque request is let go, but not forwarded", async () => {
    const opaque = await page.evaluate(async (url) => {
      const reply = await fetch(url, { method: "POST", mode: "no-cors", body: "x=1" });
      return { type: reply.type, status: reply.status };
    }, `${backend}/api/things`);
    assert.deepEqual(opaque, { type: "opaque", status: 0 });
  });

  assert.deepEqual(upstream.seen, [], "nothing of it reached the upstream");
});

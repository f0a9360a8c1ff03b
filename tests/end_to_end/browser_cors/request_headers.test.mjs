// The headers that Wix's clients and their companions send pass the preflight, and so does Backlot-Echo; an unknown one does not.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fetchIn, openPageAt, startStage } from "../lib/cors_stage.mjs";

const companions = {
  "x-wix-consistent": "v1",
  "x-wix-linguist": "en|en-us|true",
  "x-wix-bi-gateway": "environment=js-sdk",
  baggage: "trace=1",
  "sentry-trace": "0123456789abcdef0123456789abcdef-0123456789abcdef-1",
  "backlot-echo": "contact/1",
};

test("headers of Wix's clients and Backlot-Echo pass, unknown ones do not", async (t) => {
  const { allowed, backend, instance, upstream } = await startStage(t);
  const page = await openPageAt(t, allowed);

  for (const [name, value] of Object.entries(companions)) {
    await t.test(name, async () => {
      const headers = { Authorization: instance, [name]: value };
      const reply = await fetchIn(page, `${backend}/api/things`, { headers });
      assert.equal(reply.status, 200, reply.failure);
      assert.equal(reply.json.headers[name], value, "and it reaches the upstream");
    });
  }

  await t.test("an unknown header is blocked by the browser", async () => {
    const before = upstream.seen.length;
    const headers = { Authorization: instance, "x-of-my-own": "1" };
    const reply = await fetchIn(page, `${backend}/api/things`, { headers });
    assert.match(reply.failure ?? JSON.stringify(reply), /^TypeError: Failed to fetch/);
    assert.match(page.troubles.join("\n"), /header field x-of-my-own is not allowed/i);
    assert.equal(upstream.seen.length, before);
  });
});

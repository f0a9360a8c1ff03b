// Calls that are signed, judged by the one who is called.

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";

import { of } from "./lib/accounts.mjs";
import { startConnections } from "./lib/stage.mjs";
import { startThirdParty } from "./lib/third_party.mjs";

const entry = (address, lines, { name = "things", auth = '{ bearer = { secret = "key" } }' } = {}) => `
[[connection]]
name = "${name}"
base_url = "${address}"
networks = ["127.0.0.1"]
auth = ${auth}
retries = 0
${lines}
`;

test("calls that are signed", async (t) => {
  const KEY = "the-key-that-signs-0123456789";
  const hmac = (hash, text, encoding) => createHmac(hash, KEY).update(text).digest(encoding);
  const party = await startThirdParty(t);
  const ways = {
    stripe: {
      auth: '{ hmac = { key = { secret = "key" }, sign = "{timestamp}.{body}", headers = { "X-Signature" = "t={timestamp},v1={signature}" } } }',
      check: ({ headers, body }) => {
        const [, timestamp, signature] = headers["x-signature"].match(/^t=(\d+),v1=([0-9a-f]{64})$/);
        assert.ok(Math.abs(timestamp - Date.now() / 1000) < 5);
        assert.equal(signature, hmac("sha256", `${timestamp}.${body}`, "hex"));
      },
    },
    everything: {
      auth: '{ hmac = { key = { secret = "key" }, hash = "sha512", encoding = "base64", sign = "{method}\\n{host}\\n{path}\\n{query}\\n{target}\\n{date}\\n{timestamp_ms}\\n{body_sha256}\\n{{}}", headers = { Authorization = "HMAC {signature}", "X-Date" = "{date}", "X-Time" = "{timestamp_ms}", "X-Content-Sha256" = "{body_sha256}" } } }',
      check: ({ method, url, headers, body }) => {
        const [path, query = ""] = url.split("?");
        const hash = createHash("sha256").update(body).digest("hex");
        assert.equal(headers["x-content-sha256"], hash);
        assert.match(headers["x-date"], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        const text = [method, headers.host, path, query, url, headers["x-date"], headers["x-time"], hash, "{}"].join(
          "\n",
        );
        assert.equal(headers.authorization, `HMAC ${hmac("sha512", text, "base64")}`);
      },
    },
    old: {
      auth: '{ hmac = { key = { secret = "key" }, hash = "sha1", sign = "{target}", headers = { "X-Signature" = "sha1={signature}" } } }',
      check: ({ url, headers }) => assert.equal(headers["x-signature"], `sha1=${hmac("sha1", url, "hex")}`),
    },
  };
  const lines = 'allow = ["owner"]\ncalls = ["GET /things/*?*", "POST /things?*"]';
  const config = Object.entries(ways)
    .map(([name, { auth }]) => entry(`${party.address}/base`, lines, { name, auth }))
    .join("");
  const { site, backend } = await startConnections(t, { config, secrets: { key: KEY } });
  const { owner } = site();
  const text = { "Content-Type": "text/plain; charset=utf-8" };

  for (const [name, { check }] of Object.entries(ways)) {
    await t.test(name, async () => {
      const calls = [
        ["/things/%C3%A9a?b=%20c&d", {}],
        ["/things?a=1", { method: "POST", headers: text, body: "grüße\u0000\n{body}" }],
        ["/things", { method: "POST", headers: text, body: "" }],
        ["/things", { method: "POST", headers: text, body: "x".repeat(500_000) }],
      ];
      for (const [path, options] of calls) {
        const reply = await owner(`/connections/${name}${path}`, options);
        assert.equal(reply.status, 200, reply.text);
        const last = party.seen.at(-1);
        assert.equal(last.url, `/base${path}`);
        assert.ok(last.body === (options.body ?? ""));
        check(last);
      }
    });
    await t.test(`${name}: a body without a length`, async () => {
      const reply = await fetch(`${backend}/connections/${name}/things`, {
        method: "POST",
        headers: { ...text, Authorization: owner.credential },
        body: new Blob(["one ", "two"]).stream(),
        duplex: "half",
      });
      assert.equal(reply.status, 200);
      assert.equal(party.seen.at(-1).body, "one two");
      check(party.seen.at(-1));
    });
    await t.test(`${name}: what the page says of it does not count`, async () => {
      await owner(`/connections/${name}/things/1`, { headers: { "X-Signature": "mine", "X-Date": "mine" } });
      check(party.seen.at(-1));
    });
  }
  await t.test("a body that is too large to be signed", async () => {
    const reply = await owner("/connections/stripe/things", {
      method: "POST",
      headers: text,
      body: "x".repeat(1_100_000),
    });
    assert.deepEqual([reply.status, reply.code], [413, "BODY_TOO_LARGE"]);
  });
});

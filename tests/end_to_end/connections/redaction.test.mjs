// A credential never comes back, whatever the third party does with it.

import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";

import { until } from "../lib/poll.mjs";
import { accountConnection, accountEnvironment, connect, startProvider } from "./lib/provider.mjs";
import { readAll } from "./lib/raw.mjs";
import { sender, startConnections } from "./lib/stage.mjs";
import { startThirdParty } from "./lib/third_party.mjs";

// What JSON escapes, what addresses encode, and what looks like its own beginning.
const KEY = 'sk/sk/live+"key"\\<é>&=日本 sk/sk/0123456789';
const PLAIN = "sk_live_sk_live_0123456789abcdef";
const OTHER = "acct-0123456789-of-the-account";

const base64 = (text) => Buffer.from(text).toString("base64");
// Python's JSON holds nothing but ASCII, and PHP's no plain slash either.
const ascii = (secret) =>
  JSON.stringify(secret).replace(/[^\x20-\x7e]/g, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`);
const spellings = (secret) => ({
  "as it is": secret,
  "in JSON": JSON.stringify({ error: `Invalid key: ${secret}.` }),
  "in JSON, as Python writes it": `{"a":${ascii(secret)}}`,
  "in JSON, as PHP writes it": `{"a":${ascii(secret).replaceAll("/", "\\/")}}`,
  "in base64": base64(secret),
  "in base64 without padding": base64(secret).replace(/=+$/, ""),
  "in base64 for addresses": Buffer.from(secret).toString("base64url"),
  "in base64, one further": base64(`a${secret}b`),
  "in base64, two further": base64(`ab${secret}c`),
  "in base64 after Bearer": base64(`Bearer ${secret}`),
  "in base64 as a user": base64(`${secret}:`),
  encoded: encodeURIComponent(secret),
  "encoded as a form": new URLSearchParams({ a: secret }).toString(),
  "twice in a row": secret + secret,
  "after its own beginning": secret.slice(0, 7) + secret,
});
function assertCovered(secret, text, what) {
  const forms = [
    secret,
    base64(secret).slice(4, -8),
    base64(`a${secret}`).slice(4, -8),
    base64(`ab${secret}`).slice(4, -8),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
  for (const form of forms) assert.ok(!text.includes(form), `${what}: ${text}`);
}

const entry = (address, name, auth, more = "") => `
[[connection]]
name = "${name}"
base_url = "${address}"
networks = ["127.0.0.1"]
auth = ${auth}
allow = ["owner"]
calls = ["GET /echo?*", "GET /headers", "POST /echo"]
retries = 0
reply_headers = ["X-*", "Location", "Set-Cookie", "WWW-Authenticate"]
${more}
`;

for (const secret of [PLAIN, KEY]) {
  const isPlain = secret === PLAIN;
  test(`a key ${isPlain ? "of plain characters" : "of odd characters"}`, async (t) => {
    const forms = spellings(secret);
    // The next reply: how its text is cut into pieces, and how encoded.
    const next = { text: "", size: Infinity, encoding: null, status: 200 };
    const party = await startThirdParty(t, async (request, response) => {
      const bytes =
        { gzip: zlib.gzipSync, br: zlib.brotliCompressSync }[next.encoding]?.(next.text) ?? Buffer.from(next.text);
      const echo = next.text.slice(0, 500).replace(/[^\x20-\x7e]/g, "?");
      const headers = { "Content-Type": "text/plain", "X-Echo": echo, Location: `/?a=${encodeURIComponent(secret)}` };
      if (next.encoding) headers["Content-Encoding"] = next.encoding;
      response.writeHead(next.status, headers);
      for (let at = 0; at < bytes.length; at += next.size) {
        response.write(bytes.subarray(at, Math.min(bytes.length, at + next.size)));
        // Each piece on its own way.
        if (next.size < 100) await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    const value = '{ secret = "key" }';
    const config = [
      isPlain ? entry(party.address, "bearer", `{ bearer = ${value} }`) : "",
      isPlain
        ? entry(party.address, "header", `{ header = { name = "X-Key", prefix = "Key ", value = ${value} } }`)
        : "",
      entry(party.address, "query", `{ query = { name = "key", value = ${value} } }`),
      entry(
        party.address,
        "hmac",
        `{ hmac = { key = ${value}, sign = "{path}", headers = { "X-Signature" = "{signature}" } } }`,
      ),
      entry(party.address, "basic", `{ basic = { user = "somebody", password = ${value} } }`),
      entry(party.address, "user", `{ basic = { user = ${value} } }`),
    ].join("");
    const { backend, site, program } = await startConnections(t, { config, secrets: { key: secret } });
    const { owner } = site();
    const get = (name, change) => {
      Object.assign(next, { size: Infinity, encoding: null, status: 200 }, change);
      return readAll(`${backend}/connections/${name}/echo`, { headers: { Authorization: owner.credential } });
    };
    const around = (text) => `before ${text} after`;
    const names = ["bearer", "header", "query", "hmac", "basic", "user"].filter((name) =>
      config.includes(`name = "${name}"\nbase`),
    );

    for (const name of names) {
      await t.test(`${name}: in every spelling, in the body and in headers`, async () => {
        for (const [what, form] of Object.entries(forms)) {
          const reply = await get(name, { text: around(form) });
          assert.deepEqual([reply.status, reply.whole], [200, true]);
          assertCovered(secret, reply.text, `${name}, ${what}`);
          assert.match(reply.text, /^before .*\*{6}.* after$/, what);
          for (const [header, text] of reply.headers) assertCovered(secret, text, `${name}, ${header}, ${what}`);
          assert.match(reply.headers.get("location"), /^\/\?a=\*+$/);
        }
      });
    }
    await t.test("cut into pieces anywhere", async () => {
      for (const size of [1, 2, 3, 5, 7, 16]) {
        for (const what of ["as it is", "in JSON", "in base64", "after its own beginning"]) {
          const reply = await get(names[0], { text: around(forms[what]), size });
          assertCovered(secret, reply.text, `${size}, ${what}`);
          assert.ok(reply.whole && reply.text.startsWith("before ") && reply.text.endsWith(" after"), reply.text);
        }
      }
    });
    await t.test("compressed", async () => {
      for (const encoding of ["gzip", "br"]) {
        const reply = await get(names[0], { text: around(forms["in JSON"]), encoding });
        assertCovered(secret, reply.text, encoding);
        assert.match(reply.text, /\*{6}/);
      }
    });
    await t.test("in errors of the third party's", async () => {
      for (const status of [400, 401, 403, 500]) {
        const reply = await get(names[0], { text: around(forms["in JSON"]), status });
        assert.equal(reply.status, status);
        assertCovered(secret, reply.text, `${status}`);
      }
    });
    await t.test("what is not the key stays as it is", async () => {
      for (const text of [
        around(secret.slice(0, -1)),
        around(secret.slice(1)),
        secret.slice(0, 9),
        "sk_live_",
        "s",
        "",
        around("\u0000\u0001ÿ"),
        "x".repeat(100_000),
      ]) {
        for (const size of [3, Infinity].filter((it) => text.length < 1000 || it === Infinity)) {
          const reply = await get("hmac", { text, size });
          assert.ok(reply.whole);
          assert.ok(reply.text === text, `${text.slice(0, 60)}: ${reply.text.slice(0, 60)}`);
        }
      }
    });
    await t.test("it is reported, but not said", async () => {
      await until("the log", () => program.stderr.includes("redacted the credential"));
      await program.stop("SIGINT");
      assertCovered(secret, program.stderr, "the log");
    });
  });
}

test("secrets that are put on as headers and parameters", async (t) => {
  const party = await startThirdParty(t);
  const more = 'headers = { "X-Account" = { secret = "account" } }\nquery = { account = { secret = "account" } }';
  const config = entry(party.address, "things", '"none"', more);
  const { site } = await startConnections(t, { config, secrets: { account: OTHER } });
  const reply = await site().owner("/connections/things/headers");
  assert.equal(reply.status, 200, reply.text);
  assert.equal(party.seen[0].headers["x-account"], OTHER);
  assert.equal(party.seen[0].url, `/headers?account=${OTHER}`);
  assertCovered(OTHER, reply.text, "told back");
});

test("the tokens of an account", async (t) => {
  const provider = await startProvider(t);
  const party = await startThirdParty(t);
  const config = accountConnection(provider.address).replace(/base_url = .*/, `base_url = "${party.address}"`);
  const { backend, site } = await startConnections(t, { config, env: accountEnvironment });
  const one = site();
  await connect(one, sender(backend), provider);
  const reply = await one.owner("/connections/google/me");
  const [token] = provider.access.keys();
  assert.equal(party.seen[0].headers.authorization, `Bearer ${token}`);
  assertCovered(token, reply.text, "told back");
  assert.equal(reply.json.headers.authorization, `Bearer ${"*".repeat(token.length)}`);
});

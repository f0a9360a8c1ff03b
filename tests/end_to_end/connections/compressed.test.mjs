// Compressed replies come back plain; bombs end early.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import zlib from "node:zlib";

import { within } from "../lib/poll.mjs";
import { of } from "./lib/accounts.mjs";
import { readAll } from "./lib/raw.mjs";
import { startConnections } from "./lib/stage.mjs";
import { startThirdParty } from "./lib/third_party.mjs";

const entry = (address, name, more = "") => `
[[connection]]
name = "${name}"
base_url = "${address}"
networks = ["127.0.0.1"]
auth = { bearer = { inline = "a-key-of-the-api" } }
allow = ["owner"]
calls = ["GET /**", "POST /**", "PUT /**"]
${more}
`;

test("compressed replies", async (t) => {
  const text = "hello, hello, hello — grüße ".repeat(200);
  const zeros = Buffer.alloc(60 * 1024 * 1024);
  const bombs = {
    gzip: zlib.gzipSync(zeros),
    br: zlib.brotliCompressSync(zeros, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
    deflate: zlib.deflateSync(zeros),
  };
  const random = Buffer.concat(Array.from({ length: 40 }, (_, n) => Buffer.from(`${n}:${Math.PI * n}:`.repeat(900))));
  const replies = {
    gzip: ["gzip", zlib.gzipSync(text)],
    "x-gzip": ["x-gzip", zlib.gzipSync(text)],
    br: ["br", zlib.brotliCompressSync(text)],
    deflate: ["deflate", zlib.deflateSync(text)],
    identity: ["identity", Buffer.from(text)],
    "bomb-gzip": ["gzip", bombs.gzip],
    "bomb-br": ["br", bombs.br],
    "bomb-deflate": ["deflate", bombs.deflate],
    "bomb-twice": ["gzip, gzip", zlib.gzipSync(bombs.gzip)],
    large: ["gzip", zlib.gzipSync(random)],
    broken: ["gzip", zlib.gzipSync(text).subarray(0, 60)],
    padded: ["gzip", Buffer.concat([zlib.gzipSync(text), Buffer.from("more")])],
    "broken-and-large": ["gzip", zlib.gzipSync(randomBytes(300_000)).subarray(0, 200_000)],
    "not-gzip": ["gzip", Buffer.from("this is no gzip at all")],
    "not-br": ["br", Buffer.from("this is no brotli at all")],
    "not-deflate": ["deflate", Buffer.from("this is no deflate at all")],
    "cut-at-once": ["gzip", zlib.gzipSync(text).subarray(0, 7)],
    "not-inside": ["gzip, br", zlib.brotliCompressSync(Buffer.from("this is no gzip at all"))],
    unknown: ["compress", Buffer.from("x")],
    "many-times": [Array(20).fill("gzip").join(", "), zlib.gzipSync(text)],
  };
  const party = await startThirdParty(t, (request, response) => {
    const [encoding, bytes] = replies[request.url.slice(1)];
    response.writeHead(200, {
      "Content-Type": "text/plain",
      "Content-Encoding": encoding,
      "Content-Length": bytes.length,
    });
    response.end(bytes);
  });
  const config =
    entry(party.address, "things", 'retries = 0\nreply_limit = "20MiB"') +
    entry(party.address, "small", 'retries = 0\nreply_limit = "256KiB"');
  const { backend, site, program } = await startConnections(t, { config });
  const { owner } = site();
  const get = (path, name = "things") =>
    readAll(`${backend}/connections/${name}/${path}`, {
      headers: { Authorization: owner.credential, "Accept-Encoding": "gzip, br" },
    });

  for (const name of ["gzip", "x-gzip", "br", "deflate", "identity"]) {
    await t.test(`${name} comes back plain`, async () => {
      const reply = await get(name);
      assert.deepEqual([reply.status, reply.text === text, reply.whole], [200, true, true]);
      assert.equal(reply.headers.get("content-encoding"), null);
      assert.equal(party.seen.at(-1).headers["accept-encoding"], "identity");
    });
  }
  for (const name of ["bomb-gzip", "bomb-br", "bomb-deflate", "bomb-twice"]) {
    await t.test(`${name} ends early`, async () => {
      const reply = await within("the reply", get(name), 10_000);
      if (reply.status === 200) {
        assert.equal(reply.whole, false);
        assert.ok(reply.bytes.length <= 20 * 1024 * 1024, `${reply.bytes.length}`);
      } else assert.match(reply.text, /CONNECTION_REPLY_REFUSED/);
    });
  }
  await t.test("it stays small", () => assert.ok(program.peakMemory < 400 * 1024 * 1024, `${program.peakMemory}`));
  await t.test("the limit counts what comes out", async () => {
    const [, bytes] = replies.large;
    assert.ok(bytes.length < 256 * 1024 && random.length > 256 * 1024);
    assert.equal((await get("large")).bytes.length, random.length);
    const reply = await get("large", "small");
    assert.equal(reply.whole, false);
    assert.ok(reply.bytes.length <= 256 * 1024);
  });
  await t.test("what breaks off in its middle is not taken for whole", async () => {
    // It may end before its head is sent.
    const reply = await get("broken-and-large").catch(() => ({ whole: false }));
    assert.ok(reply.whole === false || reply.status === 502, `${reply.status}`);
  });
  // Of small ones the end is known before the head is sent.
  for (const name of ["broken", "padded", "unknown", "many-times", "not-gzip", "not-br", "not-deflate", "cut-at-once", "not-inside"]) {
    await t.test(`${name} is refused`, async () => {
      const reply = await get(name);
      assert.equal(reply.status, 502, reply.text);
      assert.match(reply.text, /CONNECTION_REPLY_REFUSED/);
    });
  }
});

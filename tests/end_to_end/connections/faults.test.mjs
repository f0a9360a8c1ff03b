// A third party that hangs, breaks off, lies about lengths, and never ends.

import assert from "node:assert/strict";
import { test } from "node:test";

import { until, within } from "../lib/poll.mjs";
import { of } from "./lib/accounts.mjs";
import { readAll, startRawThirdParty } from "./lib/raw.mjs";
import { startConnections } from "./lib/stage.mjs";

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

// What a third party writes, byte for byte, and what becomes of it.
const ok = "HTTP/1.1 200 OK\r\n";
const endings = {
  close: (socket) => socket.end(),
  reset: (socket) => socket.resetAndDestroy(),
  stay: () => {},
};
const raws = [
  ["a well-formed reply", `${ok}Content-Length: 5\r\n\r\nhello`, "stay", { status: 200, text: "hello", whole: true }],
  ["a body that ends with the connection", `${ok}\r\nhello`, "close", { status: 200, text: "hello", whole: true }],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", "close", { status: 200, text: "hello", whole: true }],
  [
    "early hints before it",
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}Content-Length: 2\r\n\r\nhi`,
    "stay",
    { status: 200, text: "hi", whole: true },
  ],
  ["a length that is too large", `${ok}Content-Length: 100\r\n\r\nhello`, "close", { status: 200, whole: false }],
  ["a length that is too large, and a reset", `${ok}Content-Length: 100\r\n\r\nhello`, "reset", { whole: false }],
  [
    "chunks that end too early",
    `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    "close",
    { status: 200, whole: false },
  ],
  [
    "chunks that are none",
    `${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`,
    "close",
    { status: 502, code: "CONNECTION_BROKEN" },
  ],
  [
    "a chunk of an endless length",
    `${ok}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello`,
    "close",
    { status: 502, code: "CONNECTION_BROKEN" },
  ],
  ["a silence in the middle", `${ok}Content-Length: 100\r\n\r\nhello`, "stay", { status: 200, whole: false }],
  [
    "chunks, and a length that is wrong",
    `${ok}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    "stay",
    { status: 200, text: "hello", whole: true },
  ],
  [
    "two lengths",
    `${ok}Content-Length: 5\r\nContent-Length: 50\r\n\r\nhello`,
    "close",
    { status: 502, code: "CONNECTION_BROKEN" },
  ],
  ["a negative length", `${ok}Content-Length: -5\r\n\r\nhello`, "close", { status: 502, code: "CONNECTION_BROKEN" }],
  [
    "a length that is a word",
    `${ok}Content-Length: five\r\n\r\nhello`,
    "close",
    { status: 502, code: "CONNECTION_BROKEN" },
  ],
  ["no HTTP", "SSH-2.0-OpenSSH_9.9\r\n\r\n", "close", { status: 502, code: "CONNECTION_BROKEN" }],
  ["HTTP/9.9", "HTTP/9.9 200 OK\r\n\r\n", "close", { status: 502, code: "CONNECTION_BROKEN" }],
  ["a status that is none", "HTTP/1.1 2000 OK\r\n\r\n", "close", { status: 502, code: "CONNECTION_BROKEN" }],
  [
    "another protocol, which nobody asked for",
    "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "stay",
    { status: 502, code: "CONNECTION_BROKEN" },
  ],
  ["nothing, and the end", "", "close", { status: 502, code: "CONNECTION_BROKEN" }],
  ["nothing, and a reset", "", "reset", { status: 502, code: "CONNECTION_BROKEN" }],
  ["half a head, and the end", `${ok}Content-Le`, "close", { status: 502, code: "CONNECTION_BROKEN" }],
  ["nothing at all", "", "stay", { status: 504, code: "CONNECTION_TIMEOUT" }],
  ["half a head, and nothing", `${ok}Content-Le`, "stay", { status: 504, code: "CONNECTION_TIMEOUT" }],
  [
    "10,000 headers",
    `${ok}${Array.from({ length: 10_000 }, (_, n) => `X-${n}: ${n}\r\n`).join("")}Content-Length: 0\r\n\r\n`,
    "stay",
    { status: 502, code: "CONNECTION_BROKEN" },
  ],
  [
    "a header of 4 MiB",
    `${ok}X-Large: ${"x".repeat(4 * 1024 * 1024)}\r\nContent-Length: 0\r\n\r\n`,
    "stay",
    { status: 502, code: "CONNECTION_BROKEN" },
  ],
  [
    "a reason of 4 MiB",
    `HTTP/1.1 200 ${"O".repeat(4 * 1024 * 1024)}\r\nContent-Length: 0\r\n\r\n`,
    "stay",
    { status: 502, code: "CONNECTION_BROKEN" },
  ],
  [
    "a line break in a header",
    `${ok}ETag: "a\rX-Injected: 1"\r\nContent-Length: 0\r\n\r\n`,
    "close",
    { status: 502, code: "CONNECTION_BROKEN" },
  ],
];

test("replies, byte for byte", async (t) => {
  let number = 0;
  const party = await startRawThirdParty(t, (socket, head) => {
    const [, index] = head.match(/^GET \/raw\/(\d+)/) ?? [];
    if (index === undefined) return socket.write(`${ok}Content-Length: 4\r\n\r\nwell`);
    const [, bytes, ending] = raws[index];
    return socket.write(bytes, () => endings[ending](socket));
  });
  const config = entry(party.address, "things", 'retries = 0\ntimeout = "400ms"\nidle_timeout = "400ms"');
  const { backend, site, program } = await startConnections(t, { config });
  const { owner } = site();
  const get = (path) =>
    readAll(`${backend}/connections/things/${path}`, { headers: { Authorization: owner.credential } });

  for (const [name, , , { status, code, text, whole }] of raws) {
    const index = number;
    number += 1;
    await t.test(name, async () => {
      const reply = await within("the reply", get(`raw/${index}`), 5000).catch((error) => ({ whole: false, error }));
      if (status !== undefined) assert.equal(reply.status, status, reply.text ?? reply.error);
      if (code !== undefined) assert.match(reply.text, new RegExp(`"${code}"`));
      if (text !== undefined) assert.equal(reply.text, text);
      if (whole !== undefined) assert.equal(reply.whole, whole);
      assert.ok(!reply.headers?.has("x-injected"));
      const next = await get("well");
      assert.deepEqual([next.status, next.text], [200, "well"], "the next call goes well");
    });
  }
  await t.test("a reply with more than it says is not taken for the next one", async () => {
    let first = true;
    const poisoned = await startRawThirdParty(t, (socket) => {
      const more = first ? `${ok}Content-Length: 6\r\n\r\npoison` : "";
      first = false;
      socket.write(`${ok}Content-Length: 5\r\n\r\nhello${more}`);
    });
    const server = await startConnections(t, { config: entry(poisoned.address, "things") });
    const who = server.site().owner;
    for (let count = 0; count < 5; count += 1) assert.equal((await who("/connections/things/a")).text, "hello");
  });
  await t.test("it stays small", () => {
    assert.ok(program.peakMemory < 400 * 1024 * 1024, `${program.peakMemory}`);
  });
});

test("replies without an end", async (t) => {
  const party = await startRawThirdParty(t, (socket, head) => {
    socket.write(head.includes("/drips") ? ok : `${ok}Content-Type: text/plain\r\n\r\n`);
    const piece = head.includes("/drips") ? "X-A: b\r\n" : "x".repeat(16 * 1024);
    const more = () => {
      if (socket.destroyed) return;
      socket.write(piece, () => setImmediate(more));
    };
    more();
  });
  const config = entry(party.address, "things", 'retries = 0\ntimeout = "500ms"\nreply_limit = "1MiB"');
  const { backend, site, program } = await startConnections(t, { config });
  const { owner } = site();
  const get = (path) =>
    readAll(`${backend}/connections/things/${path}`, { headers: { Authorization: owner.credential } });

  await t.test("an endless body ends at the limit", async () => {
    const reply = await within("the reply", get("endless"), 5000);
    assert.deepEqual([reply.status, reply.whole], [200, false]);
    assert.ok(reply.bytes.length <= 1024 * 1024);
  });
  await t.test("an endless head ends, too", async () => {
    const reply = await within("the reply", get("drips"), 5000);
    assert.ok([502, 504].includes(reply.status), reply.text);
  });
  await t.test("nothing is left open", () => until("the connections to close", () => party.open === 0));
  await t.test("it stays small", () => assert.ok(program.peakMemory < 400 * 1024 * 1024));
});

test("a page that hangs up", async (t) => {
  const party = await startRawThirdParty(t, (socket) => {
    socket.write(`${ok}Content-Type: text/event-stream\r\n\r\ndata: 1\n\n`);
  });
  const { backend, site } = await startConnections(t, { config: entry(party.address, "things") });
  const leave = new AbortController();
  const reply = await fetch(`${backend}/connections/things/stream`, {
    headers: { Authorization: site().owner.credential },
    signal: leave.signal,
  });
  const reader = reply.body.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "data: 1\n\n");
  assert.equal(party.open, 1);
  leave.abort();
  await until("the third party's connection to close", () => party.open === 0, 5000);
});

// Which headers go along with a call, and which come back.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sendRaw } from "./lib/raw.mjs";
import { json, pages, startConnections } from "./lib/stage.mjs";
import { answerJson, sent, startThirdParty } from "./lib/third_party.mjs";

const passes = {
  accept: "application/json",
  "accept-language": "de",
  "content-type": "application/json; charset=utf-8",
  "if-none-match": '"abc"',
  "if-match": '"abc"',
  "if-modified-since": "Wed, 21 Oct 2015 07:28:00 GMT",
  "x-custom-a": "1",
  "x-custom-b": "2",
};
const stays = {
  cookie: "session=secret-cookie",
  origin: pages,
  referer: `${pages}/?instance=abc`,
  "user-agent": "a browser",
  "x-backlot-role": "app",
  "x-backlot-elevated-token": "a.b.c",
  "x-forwarded-for": "203.0.113.9",
  "x-forwarded-host": "evil.example",
  forwarded: "for=203.0.113.9",
  "x-real-ip": "203.0.113.9",
  // A part of a reply could hold a part of the credential, which nobody would find.
  range: "bytes=0-9",
  te: "trailers",
  "proxy-authorization": "Basic Zm9yZ2Vk",
  "accept-encoding": "gzip, br",
  "x-http-method-override": "DELETE",
  "x-of-my-own": "1",
  "x-custom-secret": "removed",
  "x-api-version": "mine",
  via: "1.1 proxy",
  "sec-fetch-mode": "cors",
};

test("what goes along", async (t) => {
  const party = await startThirdParty(t);
  const entry = (name, auth, more = "") => `
[[connection]]
name = "${name}"
base_url = "${party.address}"
networks = ["127.0.0.1"]
auth = ${auth}
allow = ["owner"]
calls = ["POST /things", "GET /things"]
${more}`;
  const config = [
    entry(
      "things",
      '{ bearer = { inline = "a-key-of-the-api" } }',
      'pass_headers = ["x-custom-*"]\nremove_headers = ["X-Custom-Secret"]\nheaders = { "X-Api-Version" = "7", "User-Agent" = "shop/1" }',
    ),
    entry("open", '"none"'),
    entry(
      "keyed",
      '{ header = { name = "X-Custom-Key", value = { inline = "a-key-of-the-api" } } }',
      'pass_headers = ["x-custom-*"]',
    ),
  ].join("");
  const { backend, site } = await startConnections(t, { config });
  const { owner } = site();
  const last = () => party.seen.at(-1);
  const body = '{"a": 1,   "b": "ü"}';

  await t.test("a list, what is put on, and nothing else", async () => {
    const headers = { ...stays, ...passes, "idempotency-key": "order-1" };
    const reply = await owner("/connections/things/things", { ...json({}), headers, body });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(last().headers.host, new URL(party.address).host);
    // Made of the instance and the key, since the API knows all instances by one credential.
    const { "idempotency-key": key, ...others } = sent(last());
    assert.match(key, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    assert.deepEqual(others, {
      ...passes,
      "x-api-version": "7",
      "user-agent": "shop/1",
      authorization: "Bearer a-key-of-the-api",
      "accept-encoding": "identity",
      "content-length": String(Buffer.byteLength(body)),
    });
    assert.equal(last().body, body);
  });
  await t.test("a client that names headers in Connection takes none away that matters", async () => {
    const headers = { connection: "keep-alive, authorization, content-type, x-api-version, host", accept: "text/x" };
    const reply = await owner("/connections/things/things", { headers });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(last().headers.authorization, "Bearer a-key-of-the-api");
    assert.equal(last().headers["x-api-version"], "7");
  });
  await t.test("a client's own words in place of the key", async () => {
    const reply = await owner("/connections/keyed/things", { headers: { "X-Custom-Key": ["mine", "mine too"] } });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(last().headers["x-custom-key"], "a-key-of-the-api");
    assert.equal(last().rawHeaders.filter((it) => it.toLowerCase() === "x-custom-key").length, 1);
    assert.equal(last().headers.authorization, undefined);
  });
  await t.test("without auth, the caller's own credential stays here", async () => {
    for (const options of [{}, { headers: { "X-Wix-Instance": owner.credential } }]) {
      const reply = await owner("/connections/open/things", options);
      assert.equal(reply.status, 200, reply.text);
      assert.ok(!JSON.stringify(last()).includes(owner.credential));
    }
  });
  await t.test("bytes that would end a header", async () => {
    const before = party.seen.length;
    const head = (line) =>
      `GET /connections/things/things HTTP/1.1\r\nHost: x\r\nAuthorization: ${owner.credential}\r\n${line}\r\nConnection: close\r\n\r\n`;
    const lines = [
      "X-Custom-A: a\rX-Injected: 1",
      "X-Custom-A: a\u0000b",
      "X-Custom-A: a\r\n X-Injected: 1",
      "X-Custom-A : 1",
      "X Custom: 1",
      "X-Custom-A: a\nX-Api-Version: 9",
    ];
    for (const line of lines) {
      const { status } = await sendRaw(backend, Buffer.from(head(line), "latin1"));
      if (status === 200) assert.equal(last().headers["x-injected"], undefined, line);
      else assert.equal(status, 400, line);
      assert.equal(last().headers["x-injected"], undefined);
    }
    for (const { headers } of party.seen.slice(before)) assert.equal(headers["x-api-version"], "7");
  });
  await t.test("two lengths, and a length with chunks", async () => {
    const before = party.seen.length;
    const head = `POST /connections/things/things HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nAuthorization: ${owner.credential}\r\n`;
    const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    for (const rest of [
      `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
      `Content-Length: ${smuggled.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
      `Content-Length: +5\r\n\r\nhello`,
    ]) {
      const { status } = await sendRaw(backend, `${head}Connection: close\r\n${rest}`);
      assert.ok(status === 400 || status === 200, `${rest}: ${status}`);
    }
    for (const { url, body: came } of party.seen.slice(before)) assert.deepEqual([url, came], ["/things", ""]);
  });
  await t.test("a body without a length goes along in chunks", async () => {
    const reply = await fetch(`${backend}/connections/things/things`, {
      method: "POST",
      headers: { Authorization: owner.credential, "Content-Type": "text/plain" },
      body: new ReadableStream({
        start(controller) {
          for (const text of ["one ", "two ", "three"]) controller.enqueue(new TextEncoder().encode(text));
          controller.close();
        },
      }),
      duplex: "half",
    });
    assert.equal(reply.status, 200);
    assert.deepEqual([last().body, last().headers["content-length"]], ["one two three", undefined]);
  });
  await t.test("a large body goes along as it is", async () => {
    const large = "x".repeat(900_000);
    const reply = await owner("/connections/things/things", {
      method: "POST",
      headers: { "Content-Type": "text/plain" },
      body: large,
    });
    assert.equal(reply.status, 200);
    assert.ok(last().body === large);
  });
});

test("what comes back", async (t) => {
  const theirs = {
    "X-Request-Id": "theirs",
    "X-RateLimit-Left": "3",
    "X-RateLimit-Secret": "no",
    "X-Powered-By": "PHP",
    Server: "nginx",
    "Set-Cookie": ["a=1", "b=2"],
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "true",
    "Strict-Transport-Security": "max-age=1",
    "Content-Security-Policy": "default-src *",
    "Clear-Site-Data": '"*"',
    "Service-Worker-Allowed": "/",
    "WWW-Authenticate": "Basic",
    Location: "https://evil.example/",
    Refresh: "0; url=https://evil.example/",
    ETag: '"v1"',
    "Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT",
    "Content-Language": "de",
    Link: '</next>; rel="next"',
    "Cache-Control": "public, max-age=60",
    "Keep-Alive": "timeout=5",
  };
  let status = 200;
  const party = await startThirdParty(t, (request, response) => answerJson(response, { a: 1 }, status, theirs));
  const config = `
[[connection]]
name = "things"
base_url = "${party.address}"
networks = ["127.0.0.1"]
auth = "none"
allow = ["owner"]
retries = 0
reply_headers = ["x-ratelimit-*", "X-Powered-By"]
remove_reply_headers = ["X-RateLimit-Secret", "Last-Modified"]
add_reply_headers = { "X-From" = "things", "Content-Language" = "en" }
calls = ["GET /things"]
`;
  const { site } = await startConnections(t, { config });
  const { owner } = site();

  await t.test("a list, what is put on, and nothing else", async () => {
    const { headers, text } = await owner("/connections/things/things", { headers: { Origin: pages } });
    assert.equal(text, '{"a":1}');
    const { date, "x-request-id": requestId, ...others } = headers;
    assert.notEqual(requestId, "theirs");
    assert.equal(others["access-control-allow-origin"], pages);
    assert.match(others["access-control-expose-headers"], /x-request-id/i);
    const plain = Object.fromEntries(
      Object.entries(others).filter(
        ([name]) => !name.startsWith("access-control-") && name !== "connection" && name !== "keep-alive",
      ),
    );
    assert.match(plain.vary, /Authorization/i);
    delete plain.vary;
    assert.deepEqual(plain, {
      "content-type": "application/json",
      "content-length": "7",
      etag: '"v1"',
      "content-language": "en",
      link: '</next>; rel="next"',
      "cache-control": "no-store",
      "x-ratelimit-left": "3",
      "x-powered-by": "PHP",
      "x-from": "things",
      // What a browser would make of it, were it opened as a page of this server's.
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
    });
    assert.equal(others["access-control-allow-credentials"], undefined);
  });
  await t.test("a page can read the headers that come back", async () => {
    const { headers } = await owner("/connections/things/things", { headers: { Origin: pages } });
    const exposed = headers["access-control-expose-headers"].toLowerCase().split(/, */);
    assert.ok(exposed.includes("*") || exposed.includes("x-ratelimit-left"), exposed.join());
  });
  await t.test("its errors are its own, whatever they say", async () => {
    for (status of [400, 401, 403, 404, 409, 418, 422, 451, 500]) {
      const reply = await owner("/connections/things/things");
      assert.deepEqual([reply.status, reply.json], [status, { a: 1 }]);
      assert.equal(reply.headers["www-authenticate"], undefined, "no browser asks for a password");
    }
    status = 200;
    await owner("/connections/things/things");
    status = 304;
    const reply = await owner("/connections/things/things", { headers: { "If-None-Match": '"v1"' } });
    assert.deepEqual([reply.status, reply.text], [304, ""]);
  });
});

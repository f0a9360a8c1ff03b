// What of a page's request reaches Wix, and what of Wix's reply reaches the page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startWix } from "../lib/wix_stage.mjs";

const config = `
[wix]
allow = ["owner"]
calls = ["GET /**", "POST /**", "PUT /**"]
`;
const forged = {
  cookie: "session=secret-cookie",
  "wix-site-id": "11111111-1111-4111-8111-111111111111",
  "wix-account-id": "22222222-2222-4222-8222-222222222222",
  "x-wix-instance-id": "33333333-3333-4333-8333-333333333333",
  "x-wix-client-artifact-id": "forged",
  "x-backlot-role": "app",
  "x-backlot-elevated-token": "a.b.c",
  "x-forwarded-for": "203.0.113.9",
  forwarded: "for=203.0.113.9",
  "x-forwarded-host": "evil.example",
  origin: "http://localhost:5173",
  referer: "http://localhost:5173/?instance=abc",
  te: "trailers",
  "proxy-authorization": "Basic Zm9yZ2Vk",
  connection: "keep-alive, authorization, content-type",
  "x-of-my-own": "1",
};
const passes = {
  accept: "application/json",
  "accept-language": "de",
  "content-type": "application/json",
  "x-wix-linguist": "en|en-us|true|abc",
  "x-wix-consistent": "v1",
};

test("exactly what should reaches Wix", async (t) => {
  const { send, site, wix } = await startWix(t, { config });
  const token = await wix.token(site);
  const last = async () => (await wix.calls("/")).calls.at(-1);

  await t.test("headers: a list, and no other", async () => {
    const body = '{"a": 1,   "b": "ü"}';
    const { connection, ...rest } = forged;
    const reply = await send("/wix/things/v1?q=%20a&z", token, { method: "POST", body, headers: { ...rest, ...passes } });
    assert.equal(reply.status, 200, reply.text);
    const { headers, ...made } = await last();
    const { host, ...others } = headers;
    assert.equal(host, new URL(wix.address).host);
    assert.deepEqual(others, { ...passes, "content-length": String(Buffer.byteLength(body)) });
    assert.deepEqual(
      [made.method, made.path, made.query, made.body, made.instanceId, made.subjectType],
      ["POST", "/things/v1", "q=%20a&z", body, site.instanceId, "APP"],
    );
  });

  await t.test("a client that names headers in Connection does not change whose call it is", async () => {
    const { connection } = forged;
    const reply = await send("/wix/things/v1", token, { headers: { connection, accept: "text/x" } });
    assert.equal(reply.status, 200, reply.text);
    const made = await last();
    assert.deepEqual([made.status, made.subjectType, made.instanceId], [200, "APP", site.instanceId]);
  });

  await t.test("the answer comes back as it is, and is nobody else's to keep", async () => {
    const { status, json, headers } = await send("/wix/apps/v1/instance", token, { headers: { Origin: "http://localhost:5173" } });
    assert.equal(status, 200);
    assert.equal(json.instance.instanceId, site.instanceId);
    assert.match(headers["x-wix-request-id"], /^[\w-]{8,}$/);
    assert.match(headers["x-request-id"], /^[\w-]{8,}$/);
    assert.equal(headers["cache-control"], "no-store");
    assert.match(headers.vary, /Authorization/);
    assert.equal(headers["access-control-allow-origin"], "http://localhost:5173");
    assert.match(headers["access-control-expose-headers"], /x-wix-request-id/);
    assert.equal(headers["set-cookie"], undefined);
  });

  await t.test("HEAD comes with GET", async () => {
    const reply = await send("/wix/things/v1", token, { method: "HEAD" });
    assert.deepEqual([reply.status, reply.text], [200, ""]);
    assert.equal((await last()).method, "HEAD");
  });

  await t.test("a large body streams through", async () => {
    const body = JSON.stringify({ fill: "x".repeat(1024 * 1024) });
    const options = { method: "PUT", body, headers: { "content-type": "application/json" } };
    const reply = await send("/wix/things/v1", token, options);
    assert.equal(reply.status, 200, reply.text);
    const { headers } = await last();
    assert.equal(headers["content-length"] ?? headers["transfer-encoding"], String(body.length));
  });
});

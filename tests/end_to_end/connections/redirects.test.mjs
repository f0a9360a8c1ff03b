// Redirects: off; and where they are on, within the API to calls that the list allows, and never inward.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import { json, startConnections } from "./lib/stage.mjs";
import { answerJson, startThirdParty } from "./lib/third_party.mjs";

const KEY = "a-key-of-the-api";
const entry = (address, name, more = "", auth = `{ bearer = { inline = "${KEY}" } }`) => `
[[connection]]
name = "${name}"
base_url = "${address}"
networks = ["127.0.0.1"]
auth = ${auth}
allow = ["owner"]
calls = ["GET /**?*", "POST /**", { call = "GET /private/**", allow = ["app"] }]
retries = 0
headers = { "X-Account-Token" = { inline = "the-token-of-the-account" }, "X-Version" = "2" }
query = { token = { inline = "the-token-in-the-query" } }
pass_headers = ["X-Note"]
${more}
`;

test("redirects", async (t) => {
  const elsewhere = await startThirdParty(t);
  let status = 302;
  let location = "";
  const party = await startThirdParty(t, (request, response) => {
    const { pathname } = new URL(request.url, "http://x");
    if (pathname === "/landing") return false;
    const number = Number(pathname.match(/^\/loop\/(\d+)$/)?.[1]);
    const to = Number.isNaN(number) ? location : `/loop/${number + 1}`;
    response.writeHead(status, { Location: to });
    response.end();
    return undefined;
  });
  const config = [
    entry(party.address, "off"),
    entry(party.address, "on", "redirects = 3"),
    entry(party.address, "keyed", "redirects = 3", `{ query = { name = "key", value = { inline = "${KEY}" } } }`),
    entry(
      party.address,
      "signed",
      "redirects = 3",
      `{ hmac = { key = { inline = "${KEY}" }, sign = "{path}", headers = { "X-Signature" = "{signature}" } } }`,
    ),
  ].join("");
  const { site } = await startConnections(t, { config });
  const { owner } = site();
  const get = (name, options) => owner(`/connections/${name}/start`, options);

  await t.test("off: the reply comes back, and nobody is asked", async () => {
    for (status of [301, 302, 303, 307, 308]) {
      location = `${elsewhere.address}/landing`;
      const before = party.seen.length;
      const reply = await get("off");
      assert.equal(reply.status, status);
      assert.equal(party.seen.length - before, 1);
    }
    assert.equal(elsewhere.seen.length, 0);
  });
  await t.test("on: followed within the API", async () => {
    for (status of [301, 302, 303, 307, 308]) {
      location = "/landing?a=1";
      const reply = await get("on");
      assert.deepEqual(
        [reply.status, reply.json.method, new URL(reply.json.url, "http://x").pathname],
        [200, "GET", "/landing"],
      );
      assert.equal(party.seen.at(-1).headers.authorization, `Bearer ${KEY}`);
    }
  });
  await t.test("on: the credential goes along within the API, and a signature is of the new path", async () => {
    location = "/landing?a=1";
    await get("keyed");
    assert.equal(party.seen.at(-1).url, `/landing?a=1&token=the-token-in-the-query&key=${KEY}`);
    await get("signed");
    const signature = createHmac("sha256", KEY).update("/landing").digest("hex");
    assert.equal(party.seen.at(-1).headers["x-signature"], signature);
  });
  await t.test("on: a redirect that repeats the key, or what is put on, does not double it", async () => {
    location = `/landing?key=${KEY}&a=1&token=another`;
    await get("keyed");
    assert.equal(party.seen.at(-1).url, `/landing?a=1&token=the-token-in-the-query&key=${KEY}`);
  });
  await t.test("to another origin with the key in the address: not followed", async () => {
    location = `${elsewhere.address}/landing?key=${KEY}`;
    const before = elsewhere.seen.length;
    const reply = await get("keyed");
    assert.deepEqual([reply.status, reply.code], [502, "CONNECTION_REDIRECTED"]);
    assert.equal(elsewhere.seen.length, before);
    assert.ok(!reply.text.includes(KEY));
  });
  await t.test("to a call that another line keeps: not followed, in no spelling", async () => {
    for (location of ["/private/1", "/%70rivate/1", "/Private/1", "/x/../private/1", "/private/1?a=1"]) {
      const before = party.seen.length;
      const reply = await get("on");
      assert.deepEqual([reply.status, reply.code], [502, "CONNECTION_REDIRECTED"], location);
      assert.equal(party.seen.length - before, 1);
    }
  });
  await t.test("to another port in `networks`: not followed, and that stops no other instance", async () => {
    for (const to of [elsewhere.address, `//127.0.0.1:${elsewhere.port}`, `https://127.0.0.1:${elsewhere.port}`]) {
      location = `${to}/landing`;
      for (let number = 0; number < 8; number += 1) {
        const { status: code } = await site().owner("/connections/on/start");
        assert.equal(code, 502);
      }
      location = "/landing";
      assert.equal((await site().owner("/connections/on/start")).status, 200);
    }
    assert.equal(elsewhere.seen.length, 0);
  });
  await t.test("writes are not followed", async () => {
    for (status of [301, 302, 303, 307, 308]) {
      location = `${elsewhere.address}/landing`;
      const before = elsewhere.seen.length;
      const reply = await get("on", json({ a: 1 }));
      assert.equal(reply.status, status);
      assert.equal(elsewhere.seen.length, before);
    }
    status = 302;
  });
  await t.test("so often, and not more often", async () => {
    const before = party.seen.length;
    const reply = await owner("/connections/on/loop/1");
    assert.deepEqual([reply.status, reply.code], [502, "CONNECTION_REDIRECTED"]);
    assert.equal(party.seen.length - before, 4);
  });

  const inward = [
    `http://127.0.0.2:${elsewhere.port}/landing`,
    `http://[::1]:${elsewhere.port}/landing`,
    `http://0.0.0.0:${elsewhere.port}/landing`,
    `http://[::]:${elsewhere.port}/landing`,
    `http://0:${elsewhere.port}/landing`,
    `http://127.2:${elsewhere.port}/landing`,
    `http://2130706434:${elsewhere.port}/landing`,
    `http://0x7f000002:${elsewhere.port}/landing`,
    `http://017700000002:${elsewhere.port}/landing`,
    `http://[::ffff:127.0.0.2]:${elsewhere.port}/landing`,
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
  ];
  for (const to of inward) {
    await t.test(`inward: ${to}`, async () => {
      location = to;
      const before = elsewhere.seen.length;
      const reply = await get("on");
      assert.deepEqual([reply.status, reply.code], [502, "CONNECTION_ADDRESS_REFUSED"], reply.text);
      assert.equal(elsewhere.seen.length, before);
      // It is refused here, so it is none of the third party's faults, and no rest begins.
      location = "/landing";
      assert.equal((await get("on")).status, 200);
    });
  }
  for (const to of [
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "ftp://127.0.0.1/",
    "javascript:alert(1)",
    "data:text/plain,hi",
    "http://",
    "http://user:pass@127.0.0.1:1/",
    "http://exa mple/",
    "https://%00/",
    "unix:/tmp/x",
  ]) {
    await t.test(`nowhere: ${to}`, async () => {
      location = to;
      const reply = await get("on");
      assert.deepEqual([reply.status, reply.code], [502, "CONNECTION_REDIRECTED"], reply.text);
    });
  }
  await t.test("without a Location", async () => {
    const bare = await startThirdParty(t, (request, response) => answerJson(response, {}, 302));
    const server = await startConnections(t, { config: entry(bare.address, "bare", "redirects = 3") });
    const reply = await server.site().owner("/connections/bare/start");
    assert.ok([302, 502].includes(reply.status), reply.text);
  });
});

// The developer's side: an upstream with its elevated token, and pages on other origins.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call } from "../lib/call.mjs";
import { startUpstream } from "../lib/upstream.mjs";
import { of } from "./lib/accounts.mjs";
import { accountConnection, accountEnvironment, startProvider } from "./lib/provider.mjs";
import { json, pages, startConnections } from "./lib/stage.mjs";
import { answerJson, startThirdParty } from "./lib/third_party.mjs";

const entry = (address, lines, { name = "things", auth = '{ bearer = { secret = "key" } }' } = {}) => `
[[connection]]
name = "${name}"
base_url = "${address}"
networks = ["127.0.0.1"]
auth = ${auth}
retries = 0
${lines}
`;

test("an upstream makes calls with its elevated token", async (t) => {
  const party = await startThirdParty(t);
  let backend;
  // Makes the call that it is told to make, and tells what came of it.
  const upstream = await startUpstream(t, async (request, response) => {
    const [method, path] = decodeURIComponent(new URL(request.url, "http://x").searchParams.get("make")).split(" ");
    const headers = { Authorization: request.headers["x-backlot-elevated-token"] };
    const {
      status,
      code,
      json: told,
    } = await call(backend, { method, path, headers, body: method === "POST" ? "{}" : undefined });
    answerJson(response, { status, code, told });
  });
  const lines = `
allow = ["owner"]
rate_limit = { requests = 8, per = "1h" }
quota = { "*" = 6 }
calls = [
  { call = "POST /mail", allow = ["app"] },
  { call = "GET /things?limit", allow = ["app", "owner"] },
  "GET /private",
]`;
  const own = entry(party.address, 'allow = ["app"]\ncalls = ["GET /own"]', {
    name: "own",
    auth: '{ bearer = { instance_secret = "own" } }',
  });
  const api = `\n[[api]]\npath = "/api"\nupstream = "${upstream.address}"\nallow = ["owner", "visitor"]\n`;
  const server = await startConnections(t, {
    config: entry(party.address, lines) + own + api,
    secrets: { key: "key-of-all" },
  });
  ({ backend } = server);
  const one = server.site();
  const make = async (who, what) => (await who(`/api/do?make=${encodeURIComponent(what)}`)).json;

  await t.test("those that are for it", async () => {
    const { status, told } = await make(one.visitor, "POST /connections/things/mail");
    assert.equal(status, 200);
    assert.deepEqual(
      [told.method, told.url, told.headers.authorization.length],
      ["POST", "/mail", "Bearer key-of-all".length],
    );
    assert.equal(party.seen[0].headers.authorization, "Bearer key-of-all");
    assert.ok(!JSON.stringify(party.seen[0]).includes("backlot"));
  });
  await t.test("and no others: it is held by the same rules", async () => {
    const rules = [
      ["GET /connections/things/private", 403, "ROLE_NOT_ALLOWED"],
      ["GET /connections/things/other", 403, "CONNECTION_CALL_NOT_ALLOWED"],
      ["GET /connections/things/things?a=1", 403, "CONNECTION_QUERY_NOT_ALLOWED"],
      ["GET /connections/things//things", 400, "PATH_NOT_ALLOWED"],
      ["GET /connections/nothing/things", 404, "CONNECTION_NOT_FOUND"],
      ["GET /connections/own/own", 409, "CONNECTION_NOT_CONNECTED"],
      ["GET /connections/own/status", 200, undefined],
    ];
    for (const [what, status, code] of rules) {
      const made = await make(one.visitor, what);
      assert.deepEqual([made.status, made.code], [status, code], what);
    }
    assert.equal((await one.visitor("/connections/things/mail", json({}))).code, "ROLE_NOT_ALLOWED");
    assert.equal(party.seen.length, 1);
  });
  await t.test("its calls are the instance's: one rate and one quota for all", async () => {
    const codes = [];
    for (let number = 0; number < 5; number += 1)
      codes.push((await make(one.owner, "GET /connections/things/things?limit=1")).status);
    assert.deepEqual(codes, Array(5).fill(200));
    assert.equal((await one.owner("/connections/things/things")).code, "CONNECTION_QUOTA_EXHAUSTED");
    assert.equal((await make(one.owner, "GET /connections/things/things")).code, "CONNECTION_QUOTA_EXHAUSTED");
    assert.equal((await make(one.owner, "GET /connections/things/things")).code, "RATE_LIMITED");
    assert.equal((await make(server.site().owner, "GET /connections/things/things")).status, 200);
  });
  await t.test("with the instance's own key", async () => {
    const [mine, theirs] = [server.site(), server.site()];
    for (const [site, key] of [
      [mine, "key-of-mine"],
      [theirs, "key-of-theirs"],
    ]) {
      assert.equal((await site.owner("/connections/own/key", json({ key }, "PUT"))).status, 200);
    }
    for (const [site, key] of [
      [mine, "key-of-mine"],
      [theirs, "key-of-theirs"],
    ]) {
      assert.equal((await make(site.visitor, "GET /connections/own/own")).status, 200);
      assert.equal(party.seen.at(-1).headers.authorization, `Bearer ${key}`);
    }
  });
});

test("preflights of pages on other origins", async (t) => {
  const party = await startThirdParty(t);
  const lines =
    'allow = ["owner"]\npass_headers = ["X-Note"]\ncalls = ["GET /things", "POST /things", "DELETE /things/{id}"]';
  const own = entry(party.address, 'allow = ["owner"]\ncalls = ["GET /own"]', {
    name: "own",
    auth: '{ bearer = { instance_secret = "own" } }',
  });
  const provider = await startProvider(t);
  const config = entry(party.address, lines) + own + accountConnection(provider.address);
  const { backend, site } = await startConnections(t, { config, env: accountEnvironment });
  const ask = (path, method, headers = {}) =>
    call(backend, {
      path,
      method: "OPTIONS",
      headers: { Origin: pages, "Access-Control-Request-Method": method, ...headers },
    });
  const methods = ({ headers }) =>
    (headers["access-control-allow-methods"] ?? "")
      .split(/, */)
      .filter((it) => it && it !== "HEAD")
      .sort();

  const rules = [
    ["/connections/things/things", ["GET", "POST"]],
    ["/connections/things/things/1", ["DELETE"]],
    ["/connections/own/key", ["PUT"]],
    ["/connections/own/status", ["GET"]],
    ["/connections/own/disconnect", ["POST"]],
    ["/connections/google/authorize", ["GET", "POST"]],
    ["/connections/google/status", ["GET"]],
    ["/connections/google/disconnect", ["POST"]],
  ];
  for (const [path, allowed] of rules) {
    await t.test(path, async () => {
      const reply = await ask(path, allowed[0]);
      assert.equal(reply.status, 204, reply.text);
      assert.equal(reply.headers["access-control-allow-origin"], pages);
      assert.deepEqual(methods(reply), allowed);
      const names = reply.headers["access-control-allow-headers"].toLowerCase().split(/, */);
      for (const name of ["authorization", "content-type"]) assert.ok(names.includes(name), names.join());
    });
  }
  await t.test("headers that go along may be sent", async () => {
    const reply = await ask("/connections/things/things", "POST", {
      "Access-Control-Request-Headers": "authorization,idempotency-key,x-note",
    });
    const names = reply.headers["access-control-allow-headers"].toLowerCase().split(/, */);
    for (const name of ["idempotency-key", "x-note"]) assert.ok(names.includes(name), names.join());
  });
  await t.test("what is not there has no methods", async () => {
    for (const path of [
      "/connections/things/other",
      "/connections/nothing/things",
      "/connections/things/a/../things",
      "/connections/things",
    ]) {
      assert.deepEqual(methods(await ask(path, "GET")), [], path);
    }
  });
  await t.test("a page that is not let in", async () => {
    const reply = await ask("/connections/things/things", "GET", { Origin: "https://evil.example" });
    for (const name of Object.keys(reply.headers)) assert.doesNotMatch(name, /^access-control-/);
    const refused = await site().owner("/connections/things/things", { headers: { Origin: "https://evil.example" } });
    assert.deepEqual([refused.status, refused.code], [403, "ORIGIN_NOT_ALLOWED"]);
  });
  await t.test("refusals can be read by the page", async () => {
    const reply = await site().visitor("/connections/things/things", { headers: { Origin: pages } });
    assert.deepEqual([reply.status, reply.headers["access-control-allow-origin"]], [403, pages]);
  });
  await t.test("OPTIONS that is no preflight is answered here, too", async () => {
    const reply = await site().owner("/connections/things/things", { method: "OPTIONS" });
    assert.ok(reply.status < 500, reply.text);
  });
  assert.equal(party.seen.length, 0, "no preflight reaches the third party");
});

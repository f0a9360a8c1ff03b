// Which calls are made, for whom, and to which path.

import assert from "node:assert/strict";
import { test } from "node:test";

import { roles } from "../lib/wix_stage.mjs";
import { sendRaw } from "./lib/raw.mjs";
import { json, sender, startConnections } from "./lib/stage.mjs";
import { startThirdParty } from "./lib/third_party.mjs";

const entry = (address, name, lines) => `
[[connection]]
name = "${name}"
base_url = "${address}"
networks = ["127.0.0.1"]
auth = { bearer = { inline = "a-key-of-the-api" } }
${lines}
`;
const things = (rest) => `/connections/things${rest}`;

test("who may make which call", async (t) => {
  const party = await startThirdParty(t);
  const config = entry(
    party.address,
    "things",
    `
allow = ["owner"]
calls = [
  "GET /plain",
  { call = "POST /both", allow = ["owner", "member"] },
  { call = "GET /members/*/name", allow = ["visitor"] },
  { call = "PATCH /things/{id}", allow = ["owner"] },
  { call = "GET /deep/**", allow = ["owner"] },
  { call = "GET /paid", allow = ["owner"], plans = ["pro", "business"] },
  { call = "GET /paid", allow = ["app"] },
  { call = "DELETE /things/{id}", allow = ["app"] },
]`,
  );
  const { backend, site } = await startConnections(t, { config });
  const one = site();
  const people = { owner: one.owner, member: one.member, visitor: one.visitor, app: await one.server() };
  const asked = async (act) => {
    const before = party.seen.length;
    const reply = await act();
    return [reply, party.seen.slice(before)];
  };

  const rules = [
    ["GET", "/plain", ["owner"]],
    ["HEAD", "/plain", ["owner"]],
    ["POST", "/both", ["owner", "member"]],
    ["GET", "/members/me/name", ["visitor"]],
    ["PATCH", "/things/42", ["owner"]],
    ["GET", "/deep/a/b/c", ["owner"]],
    ["GET", "/paid", ["app"]],
    ["DELETE", "/things/%C3%A9-1", ["app"]],
  ];
  for (const [method, path, allowed] of rules) {
    await t.test(`${method} ${path}`, async () => {
      for (const who of roles) {
        const body = ["POST", "PATCH"].includes(method) ? '{"a": 1}' : undefined;
        const options = { method, ...(body && { ...json({}, method), body }) };
        const [reply, made] = await asked(() => people[who](things(path), options));
        if (allowed.includes(who)) {
          assert.equal(reply.status, 200, `${who}: ${reply.text}`);
          assert.deepEqual(
            made.map((it) => [it.method, it.url, it.body]),
            [[method, path, body ?? ""]],
          );
          assert.equal(made[0].headers.authorization, "Bearer a-key-of-the-api");
        } else {
          const expected = who === "owner" && path === "/paid" ? "PLAN_NOT_ALLOWED" : "ROLE_NOT_ALLOWED";
          assert.equal(reply.status, 403, `${who}: ${reply.text}`);
          if (method !== "HEAD") assert.equal(reply.code, expected, who);
          assert.deepEqual(made, [], `${who}: nothing was asked`);
        }
      }
    });
  }
  await t.test("a plan that the instance has", async () => {
    for (const [plan, status] of [
      ["pro", 200],
      ["business", 200],
      ["basic", 403],
      ["PRO", 403],
    ]) {
      const [reply] = await asked(() => one.person("owner", { vendorProductId: plan })(things("/paid")));
      assert.equal(reply.status, status, plan);
    }
    const [reply] = await asked(() => one.person("visitor", { vendorProductId: "pro" })(things("/paid")));
    assert.deepEqual([reply.status, reply.code], [403, "ROLE_NOT_ALLOWED"]);
  });
  await t.test("nobody without a credential, or with a wrong one", async () => {
    const none = await sender(backend)(things("/plain"));
    assert.deepEqual([none.status, none.code], [401, "CREDENTIAL_MISSING"]);
    const wrong = await sender(backend, `${one.owner.credential}x`)(things("/plain"));
    assert.equal(wrong.status, 401);
    const itself = await sender(backend, "Bearer a-key-of-the-api")(things("/plain"));
    assert.equal(itself.status, 401);
  });

  const refusals = [
    ["a path that is not on the list", "GET", "/other", 403, "CONNECTION_CALL_NOT_ALLOWED"],
    ["only the beginning of one", "GET", "/plai", 403, "CONNECTION_CALL_NOT_ALLOWED"],
    ["more than one", "GET", "/plain/more", 403, "CONNECTION_CALL_NOT_ALLOWED"],
    ["another case", "GET", "/Plain", 403, "CONNECTION_CALL_NOT_ALLOWED"],
    ["encoded letters", "GET", "/pl%61in", 403, "CONNECTION_CALL_NOT_ALLOWED"],
    ["a method that is not on the list", "PUT", "/plain", 403, "CONNECTION_CALL_NOT_ALLOWED"],
    ["a method of nobody's", "FROB", "/plain", 403, "CONNECTION_CALL_NOT_ALLOWED"],
    ["one part too many", "PATCH", "/things/42/43", 403, "CONNECTION_CALL_NOT_ALLOWED"],
    ["an empty part", "PATCH", "/things/", 403, "CONNECTION_CALL_NOT_ALLOWED"],
    ["a slash at the end", "GET", "/plain/", 403, "CONNECTION_CALL_NOT_ALLOWED"],
    ["two slashes", "GET", "//plain", 400, "PATH_NOT_ALLOWED"],
    ["two slashes within", "GET", "/deep//a", 400, "PATH_NOT_ALLOWED"],
    ["another host by slashes", "GET", "//evil.example/plain", 400, "PATH_NOT_ALLOWED"],
    ["dots", "GET", "/deep/../plain", 400, "PATH_NOT_ALLOWED"],
    ["one dot", "GET", "/deep/./a", 400, "PATH_NOT_ALLOWED"],
    ["dots at the end", "GET", "/deep/..", 400, "PATH_NOT_ALLOWED"],
    ["three dots", "GET", "/deep/...", 400, "PATH_NOT_ALLOWED"],
    ["encoded dots", "GET", "/deep/%2e%2e/plain", 400, "PATH_NOT_ALLOWED"],
    ["half-encoded dots", "GET", "/deep/.%2E/plain", 400, "PATH_NOT_ALLOWED"],
    ["dots, encoded twice", "GET", "/deep/%252e%252e/plain", 400, "PATH_NOT_ALLOWED"],
    ["an encoded slash", "GET", "/deep/a%2f..%2fb", 400, "PATH_NOT_ALLOWED"],
    ["a backslash", "GET", "/deep/..\\plain", 400, "PATH_NOT_ALLOWED"],
    ["an encoded backslash", "GET", "/deep/%5c..%5cb", 400, "PATH_NOT_ALLOWED"],
    ["a semicolon", "GET", "/deep/..;/plain", 400, "PATH_NOT_ALLOWED"],
    ["an encoded question mark", "GET", "/deep/a%3fb=c", 400, "PATH_NOT_ALLOWED"],
    ["an encoded hash", "GET", "/deep/a%23b", 400, "PATH_NOT_ALLOWED"],
    ["an encoded line break", "GET", "/deep/a%0d%0aX-Injected:%201", 400, "PATH_NOT_ALLOWED"],
    ["an encoded NUL", "GET", "/deep/a%00", 400, "PATH_NOT_ALLOWED"],
    ["no encoding at all", "GET", "/deep/%zz", 400, "PATH_NOT_ALLOWED"],
    ["no UTF-8", "GET", "/deep/%ff%fe", 400, "PATH_NOT_ALLOWED"],
    ["overlong dots", "GET", "/deep/%c0%ae%c0%ae/plain", 400, "PATH_NOT_ALLOWED"],
    ["a part that signs off as a host", "GET", "@evil.example/plain", 404, "CONNECTION_NOT_FOUND"],
    ["a colon and a port", "GET", ":80@evil.example/", 404, "CONNECTION_NOT_FOUND"],
    ["nothing", "GET", "", 400, "PATH_NOT_ALLOWED"],
    ["the root", "GET", "/", 403, "CONNECTION_CALL_NOT_ALLOWED"],
  ];
  for (const [name, method, path, status, code] of refusals) {
    await t.test(`refused: ${name}`, async () => {
      const [reply, made] = await asked(() => one.owner(things(path), { method }));
      assert.deepEqual([reply.status, reply.code], [status, code], reply.text);
      assert.deepEqual(made, []);
    });
  }
  for (const path of [
    "/connections/other/plain",
    "/connections/%74hings/plain",
    "/connections/Things/plain",
    "/connections//things/plain",
    "/connections/../things/plain",
    "/connections/things%2fplain",
  ]) {
    await t.test(`no connection: ${path}`, async () => {
      const [reply, made] = await asked(() => one.owner(path));
      assert.deepEqual([reply.status, reply.code], [404, "CONNECTION_NOT_FOUND"], reply.text);
      assert.deepEqual(made, []);
    });
  }
  await t.test("request lines with a whole address name no other host", async () => {
    const head = `Host: evil.example\r\nAuthorization: ${one.owner.credential}\r\nConnection: close\r\n\r\n`;
    for (const line of [
      `GET http://evil.example/connections/things/plain HTTP/1.1`,
      `GET ${backend}/connections/things/plain HTTP/1.1`,
    ]) {
      const [reply, made] = await asked(() => sendRaw(backend, `${line}\r\n${head}`));
      assert.ok([200, 400, 404, 421].includes(reply.status), reply.text);
      for (const { url, headers } of made)
        assert.deepEqual([url, headers.host], ["/plain", new URL(party.address).host]);
    }
    for (const line of [
      `GET /connections/things/http://evil.example/plain HTTP/1.1`,
      `GET http://evil.example/nothing HTTP/1.1`,
      `POST http://evil.example HTTP/1.1`,
      `CONNECT 127.0.0.1:${party.port} HTTP/1.1`,
      `OPTIONS * HTTP/1.1`,
      `GET connections/things/plain HTTP/1.1`,
      `GET /connections/things/deep/\u00e9 HTTP/1.1`,
      `GET /connections/things/pl\tain HTTP/1.1`,
      `GET /connections/things/pl\u0000ain HTTP/1.1`,
      `GET /connections/things/plain#x HTTP/1.1`,
    ]) {
      const [reply, made] = await asked(() => sendRaw(backend, Buffer.from(`${line}\r\n${head}`, "latin1")));
      if (line.includes("#")) {
        for (const { url } of made) assert.equal(url, "/plain");
        continue;
      }
      assert.ok(reply.status >= 400 && reply.status < 500, `${line}: ${reply.text}`);
      assert.deepEqual(made, [], line);
    }
  });
});

test("what a query may hold", async (t) => {
  const party = await startThirdParty(t);
  const config = entry(
    party.address,
    "things",
    `
allow = ["owner"]
remove_query = ["debug"]
query = { "api-version" = "2", token = { inline = "a token&=" } }
calls = [
  "GET /none",
  "GET /some?limit&status=active|all&expand[]",
  { call = "GET /ruled", query = { limit = "*", sort = ["up", "down"], mode = "x" } },
  "GET /any?*",
]`,
  );
  const { backend, site } = await startConnections(t, { config });
  const { owner } = site();
  const anybody = sender(backend);
  const ours = "api-version=2&token=a%20token%26%3D";
  const goes = [
    ["/none", "/none"],
    ["/none?", "/none"],
    ["/some?limit=3&status=all", "/some?limit=3&status=all"],
    ["/some?%6Cimit=3", "/some?%6Cimit=3"],
    ["/some?limit=1&limit=2", "/some?limit=1&limit=2"],
    ["/some?expand%5B%5D=a&expand[]=b", "/some?expand%5B%5D=a&expand[]=b"],
    ["/some?limit=%0d%0aX-Injected:%201", "/some?limit=%0d%0aX-Injected:%201"],
    ["/ruled?sort=up&mode=x&limit=9", "/ruled?sort=up&mode=x&limit=9"],
    ["/any?a=1&b&c=;&c=2", "/any?a=1&b&c=;&c=2"],
    ["/any?q=a;b&c=1", "/any?q=a;b&c=1"],
    ["/any?a=1;DEBUG=1;api-version=1&Token=mine", "/any?a=1"],
    ["/any?debug=1&a=2&de%62ug=3", "/any?a=2"],
    ["/any?api-version=1&token=mine&%74oken=mine&api%2Dversion=3", "/any"],
  ];
  for (const [path, made] of goes) {
    await t.test(path, async () => {
      const reply = await owner(things(path));
      assert.equal(reply.status, 200, reply.text);
      assert.equal(party.seen.at(-1).url, `${made}${made.includes("?") ? "&" : "?"}${ours}`);
      assert.equal(party.seen.at(-1).headers["x-injected"], undefined);
    });
  }
  const stays = [
    ["/none?a=1", "a"],
    ["/some?a=1", "a"],
    ["/some?limit=3&a", "a"],
    ["/some?Limit=3", "Limit"],
    ["/some?status=none", "status"],
    ["/some?status=all&status=active", "status"],
    ["/some?status=", "status"],
    ["/some?limit=3;a=1", "limit"],
    ["/some?limit=%zz", "limit=%zz"],
    ["/some?limit=%00", "limit=%00"],
    ["/some?limit=%ff", "limit=%ff"],
    ["/some?%00", "%00"],
    ["/some?a%5B=1", "a["],
    ["/ruled?sort=sideways", "sort"],
    ["/ruled?mode=x&mode=x", "mode"],
  ];
  for (const [path, parameter] of stays) {
    await t.test(`refused: ${path}`, async () => {
      const before = party.seen.length;
      const reply = await owner(things(path));
      assert.deepEqual([reply.status, reply.code], [403, "CONNECTION_QUERY_NOT_ALLOWED"], reply.text);
      assert.equal(reply.json.details.applicationError.data.parameter, parameter);
      assert.equal(party.seen.length, before);
    });
  }
  await t.test("the instance in the address stays here", async () => {
    const reply = await anybody(things(`/some?limit=1&instance=${owner.credential}`));
    assert.equal(reply.status, 200, reply.text);
    assert.equal(party.seen.at(-1).url, `/some?limit=1&${ours}`);
    const twice = await anybody(things(`/any?instance=${owner.credential}&inst%61nce=${owner.credential}`));
    assert.deepEqual([twice.status, twice.code], [400, "CREDENTIAL_REPEATED"]);
    assert.ok(!party.seen.at(-1).url.includes(owner.credential));
  });
});

test("a path in the base address, and a key in the query", async (t) => {
  const party = await startThirdParty(t);
  const config = entry(`${party.address}/api/v2/`, "things", 'allow = ["owner"]\ncalls = ["GET /things?*"]').replace(
    /auth = .*/,
    'auth = { query = { name = "api_key", value = { inline = "k&y=/1?" } } }',
  );
  const { program, site } = await startConnections(t, { config });
  const { owner } = site();
  const reply = await owner(things("/things?a=1&api_key=mine&api%5Fkey=mine"));
  assert.equal(reply.status, 200, reply.text);
  assert.equal(party.seen.at(-1).url, "/api/v2/things?a=1&api_key=k%26y%3D%2F1%3F");
  assert.ok(!reply.text.includes("k%26y"), "told back, it is covered");
  await program.stop("SIGINT");
  assert.ok(!program.stderr.includes("k%26y") && !program.stderr.includes("k&y"));
});

// Only the calls on the list are made, and only for those who may make them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { instanceOf, tamper } from "../lib/app.mjs";
import { command } from "../lib/backlot.mjs";
import { roles, startWix } from "../lib/wix_stage.mjs";

const config = `
[wix]
allow = ["owner"]
body_limit = "16KiB"
calls = [
  "GET /apps/v1/instance",
  { call = "POST /stores/v1/products/query", allow = ["owner", "member"] },
  { call = "GET /members/v1/*/name", allow = ["visitor"] },
  { call = "PATCH /things/{id}", allow = ["owner"] },
  { call = "GET /deep/**", allow = ["owner"] },
  { call = "GET /paid/v1/reports", allow = ["owner"], plans = ["pro"] },
  { call = "GET /paid/v1/reports", allow = ["app"] },
  { call = "POST /apps/v1/bi-event", allow = ["app"] },
]
`;

test("who may make which call to Wix", async (t) => {
  const { app, data, folder, otherSite, send, site, wix } = await startWix(t, { config });
  const tokens = Object.fromEntries(
    await Promise.all(roles.map(async (role) => [role, await wix.token(site, role)])),
  );
  const elevated = await command(["token", "--instance", site.instanceId, "--data", data], { cwd: folder });
  tokens.server = elevated.stdout.trim();
  const json = { "Content-Type": "application/json" };
  // What Wix was asked for somebody. For tokens and plans Backlot asks on its own account.
  const made = async (path = "/") => {
    const { calls } = await wix.calls(path);
    return calls.filter((call) => !call.path.startsWith("/oauth2/"));
  };

  const rules = [
    ["GET", "/wix/apps/v1/instance", ["owner"]],
    ["POST", "/wix/stores/v1/products/query", ["owner", "member"]],
    ["GET", "/wix/members/v1/me/name", ["visitor"]],
    ["PATCH", "/wix/things/42", ["owner"]],
    ["GET", "/wix/deep/a/b/c", ["owner"]],
    ["GET", "/wix/paid/v1/reports", ["owner", "app", "server"]],
    ["POST", "/wix/apps/v1/bi-event", ["app", "server"]],
  ];
  for (const [method, path, allowed] of rules) {
    await t.test(`${method} ${path}`, async () => {
      for (const who of [...roles, "server"]) {
        await wix.forgetCalls();
        const body = method === "GET" ? undefined : '{"eventName":"x"}';
        const reply = await send(path, tokens[who], { method, body, headers: body ? json : {} });
        if (allowed.includes(who)) {
          assert.equal(reply.status, 200, `${who}: ${reply.text}`);
          assert.match(reply.headers["x-wix-request-id"], /^[\w-]{8,}$/);
          const calls = await made(path.slice("/wix".length));
          assert.deepEqual(calls.map((it) => [it.method, it.path]), [[method, path.slice("/wix".length)]]);
          assert.deepEqual([calls[0].subjectType, calls[0].instanceId], ["APP", site.instanceId]);
          assert.equal(calls[0].body, body ?? "");
        } else {
          assert.deepEqual([reply.status, reply.code], [403, "ROLE_NOT_ALLOWED"], who);
          assert.equal(reply.headers["x-wix-request-id"], undefined);
          assert.match(reply.headers["x-request-id"], /^[\w-]{8,}$/);
          assert.deepEqual(await made(path.slice("/wix".length)), [], `${who}: Wix was not asked`);
        }
      }
    });
  }

  await t.test("a signed instance does as well, for its own site", async () => {
    const instance = instanceOf(app, { instanceId: otherSite.instanceId });
    const { json: answer } = await send("/wix/apps/v1/instance", instance);
    assert.equal(answer.site.siteDisplayName, "Yoga Studio");
    const inAddress = await send(`/wix/apps/v1/instance?instance=${instance}&fields=a`);
    assert.equal(inAddress.json.instance.instanceId, otherSite.instanceId);
    const [last] = (await made()).slice(-1);
    assert.equal(last.query, "fields=a", "the credential stays here");
  });

  await t.test("a plan that the instance does not have", async () => {
    const path = "/wix/paid/v1/reports";
    const token = await wix.token(otherSite);
    const poor = await send(path, token);
    assert.deepEqual([poor.status, poor.code], [403, "PLAN_NOT_ALLOWED"]);
    const signed = await send(path, instanceOf(app, { instanceId: otherSite.instanceId }));
    assert.deepEqual([signed.status, signed.code], [403, "PLAN_NOT_ALLOWED"]);
    await wix.change(otherSite, { plan: "pro" });
    const early = await send(path, token);
    assert.deepEqual([early.status, early.code], [403, "PLAN_NOT_ALLOWED"], "what Wix said a moment ago still counts");
    const paid = { vendorProductId: "pro" };
    const rich = await send(path, instanceOf(app, { instanceId: otherSite.instanceId, changes: paid }));
    assert.equal(rich.status, 200, "a signed instance says its plan itself");
  });

  const refusals = [
    ["a path that is not on the list", "GET", "/wix/apps/v1/other", 403, "WIX_CALL_NOT_ALLOWED"],
    ["a method that is not on the list", "DELETE", "/wix/apps/v1/instance", 403, "WIX_CALL_NOT_ALLOWED"],
    ["one part too many", "PATCH", "/wix/things/42/43", 403, "WIX_CALL_NOT_ALLOWED"],
    ["an empty part", "PATCH", "/wix/things/", 400, "PATH_NOT_ALLOWED"],
    ["tokens of the app", "POST", "/wix/oauth2/token", 403, "WIX_CALL_NOT_ALLOWED"],
    ["dots", "GET", "/wix/deep/../apps/v1/instance", 400, "PATH_NOT_ALLOWED"],
    ["encoded dots", "GET", "/wix/deep/%2e%2e/apps/v1/instance", 400, "PATH_NOT_ALLOWED"],
    ["an encoded slash", "GET", "/wix/deep/a%2f..%2fb", 400, "PATH_NOT_ALLOWED"],
    ["a backslash", "GET", "/wix/deep/%5c..%5cb", 400, "PATH_NOT_ALLOWED"],
    ["no path at all", "GET", "/wix", 404, "ROUTE_NOT_FOUND"],
    ["only the beginning of the word", "GET", "/wixen/apps/v1/instance", 404, "ROUTE_NOT_FOUND"],
  ];
  for (const [name, method, path, status, code] of refusals) {
    await t.test(name, async () => {
      await wix.forgetCalls();
      const reply = await send("", tokens.owner, { method, path });
      assert.deepEqual([reply.status, reply.code], [status, code], reply.text);
      assert.deepEqual(await made(), []);
    });
  }

  await t.test("a body that is too large", async () => {
    const options = { method: "POST", headers: json, body: JSON.stringify({ fill: "x".repeat(16 * 1024) }) };
    const reply = await send("/wix/stores/v1/products/query", tokens.owner, options);
    assert.deepEqual([reply.status, reply.code], [413, "BODY_TOO_LARGE"]);
    assert.deepEqual(await made(), []);
  });

  await t.test("no credential, and a wrong one", async () => {
    const none = await send("/wix/apps/v1/instance");
    assert.deepEqual([none.status, none.code], [401, "CREDENTIAL_MISSING"]);
    const wrong = await send("/wix/apps/v1/instance", tamper(instanceOf(app, site)));
    assert.deepEqual([wrong.status, wrong.code], [401, "INSTANCE_SIGNATURE_INVALID"]);
    assert.deepEqual(await made(), []);
  });
});

// Calls with the account's API key: by the developer's own server only, about exactly one thing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { command } from "../lib/backlot.mjs";
import { temporaryFolder } from "../lib/folder.mjs";
import { roles, startWix } from "../lib/wix_stage.mjs";

const ACCOUNT = "5f1b6a1e-0c7b-4a0e-9c53-6a1a5b7c9d10";
const config = `
[wix]
api_key = { env = "MY_API_KEY" }
account_id = "${ACCOUNT}"
calls = [
  { call = "POST /site-list/v2/sites/query", as = "account", allow = ["app"] },
  { call = "GET /site-properties/v4/properties", as = "site", allow = ["app"] },
]
`;

test("calls with the API key", async (t) => {
  const env = { MY_API_KEY: `IST.${"k".repeat(40)}` };
  const { data, folder, otherSite, send, site, wix } = await startWix(t, { config, env });
  const elevated = async ({ instanceId }) => {
    const { stdout } = await command(["token", "--instance", instanceId, "--data", data], { cwd: folder, env });
    return stdout.trim();
  };
  const forged = { "wix-site-id": otherSite.siteId, "wix-account-id": crypto.randomUUID() };
  const last = async () => (await wix.calls("/site-")).calls.at(-1);

  await t.test("about the account", async () => {
    const options = { method: "POST", body: '{"query":{}}', headers: { ...forged, "Content-Type": "application/json" } };
    const reply = await send("/wix/site-list/v2/sites/query", await elevated(site), options);
    assert.equal(reply.status, 200, reply.text);
    const { headers, body, status } = await last();
    assert.deepEqual([status, body], [200, '{"query":{}}']);
    assert.deepEqual([headers["wix-account-id"], headers["wix-site-id"]], [ACCOUNT, undefined]);
  });

  for (const each of [site, otherSite]) {
    await t.test(`about the caller's site: ${each.siteName}`, async () => {
      const reply = await send("/wix/site-properties/v4/properties", await elevated(each), { headers: forged });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.json.properties.siteDisplayName, each.siteName);
      const { headers } = await last();
      assert.deepEqual([headers["wix-site-id"], headers["wix-account-id"]], [each.siteId, undefined]);
    });
  }

  await t.test("no page may make them", async () => {
    await wix.forgetCalls();
    for (const role of roles.filter((role) => role !== "app")) {
      for (const [method, path] of [["POST", "site-list/v2/sites/query"], ["GET", "site-properties/v4/properties"]]) {
        const reply = await send(`/wix/${path}`, await wix.token(site, role), { method, body: method === "POST" ? "{}" : undefined });
        assert.deepEqual([reply.status, reply.code], [403, "ROLE_NOT_ALLOWED"]);
      }
    }
    assert.equal((await wix.calls("/site-")).total, 0);
  });

  await t.test("the key itself is no credential here", async () => {
    const reply = await send("/wix/site-list/v2/sites/query", env.MY_API_KEY, { method: "POST", body: "{}", headers: forged });
    assert.deepEqual([reply.status, reply.code], [401, "API_KEY_NOT_ACCEPTED"]);
    assert.equal((await wix.calls("/site-")).total, 0);
  });

  await t.test("a key that Wix refuses: Wix's own answer", async () => {
    await wix.misbehave({ apiKeyRefused: true });
    const reply = await send("/wix/site-properties/v4/properties", await elevated(site));
    assert.deepEqual([reply.status, reply.code], [428, "48876"]);
  });
});

const start = (t, text, env) => {
  const folder = temporaryFolder(t);
  const ports = ["--listen", "--admin-listen", "--simulator-listen", "--app-listen"].flatMap((flag) => [flag, "127.0.0.1:0"]);
  const args = ["dev", ...ports, "--data", folder];
  const inEnvironment = { BACKLOT_WIX_CALLS: text, ...env };
  return command(args, { cwd: folder, env: inEnvironment });
};

test("what would hand the account to pages does not start", async (t) => {
  const key = { BACKLOT_WIX_API_KEY: `IST.${"k".repeat(40)}`, BACKLOT_WIX_ACCOUNT_ID: ACCOUNT };
  const { BACKLOT_WIX_API_KEY, BACKLOT_WIX_ACCOUNT_ID } = key;
  const wrong = {
    "a page's role": ['[{ call = "GET /a", as = "account", allow = ["owner"] }]', key, /pages must not make calls with it/],
    "a page's role beside the app's": ['[{ call = "GET /a", as = "site", allow = ["app", "member"] }]', key, /pages must not make calls with it/],
    "no key": ['[{ call = "GET /a", as = "site", allow = ["app"] }]', { BACKLOT_WIX_ACCOUNT_ID }, /wix\.api_key/],
    "no account": ['[{ call = "GET /a", as = "account", allow = ["app"] }]', { BACKLOT_WIX_API_KEY }, /wix\.account_id/],
    "nobody at all": ['["GET /a"]', {}, /no role may make this call/],
    "no method": ['[{ call = "/a", allow = ["owner"] }]', {}, /GET \/apps\/v1\/instance/],
  };
  for (const [name, [calls, env, words]] of Object.entries(wrong)) {
    await t.test(name, async () => {
      const { code, stderr } = await start(t, calls, env);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /^error: environment variable BACKLOT_WIX_CALLS: wix\.calls\[0\]: /m);
      assert.match(stderr, words);
      assert.ok(!stderr.includes("IST."));
    });
  }
});

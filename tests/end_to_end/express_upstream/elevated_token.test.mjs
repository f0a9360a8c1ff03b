// The elevated token: Express checks it with jose against Backlot's keys. Whoever goes around Backlot
// has no token that fits, not even with a real one of another instance.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call } from "../lib/call.mjs";
import { runExpress, startExpress } from "../lib/express_stage.mjs";

test("Express believes only what came through Backlot", async (t) => {
  const { app, as, backend, direct, otherSite, relay, site } = await startExpress(t);

  const tokenOf = async (of) => {
    relay.sent = "";
    const reply = await call(`${backend}/api/hello`, { headers: as("owner", of) });
    assert.equal(reply.status, 200, "jose accepts the token");
    return relay.sent.match(/^x-backlot-elevated-token: (\S+)\r$/m)[1];
  };
  const token = await tokenOf(site);
  const otherToken = await tokenOf(otherSite);

  await t.test("what the token says", () => {
    const [header, claims] = token.split(".").slice(0, 2).map((part) => JSON.parse(Buffer.from(part, "base64url")));
    assert.equal(header.alg, "ES256");
    assert.equal(claims.iss, "backlot");
    assert.equal(claims.aud, app.id);
    assert.equal(claims.sub, site.instanceId);
    const lifetime = claims.exp - claims.iat;
    assert.ok(lifetime > 0 && lifetime <= 3600, `short-lived: ${lifetime} s`);
    assert.ok(Math.abs(claims.iat - Date.now() / 1000) < 60);
    assert.notEqual(token, otherToken);
  });

  await t.test("the keys are public halves only", async () => {
    const { json } = await call(`${backend}/.well-known/jwks.json`);
    const header = JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
    const key = json.keys.find(({ kid }) => kid === header.kid);
    assert.deepEqual([key.kty, key.crv, key.alg], ["EC", "P-256", "ES256"]);
    for (const each of json.keys) assert.equal(each.d, undefined);
  });

  const around = (instanceId, value, server = direct) => {
    const headers = { "x-backlot-instance-id": instanceId, "x-backlot-role": "owner" };
    if (value) headers["x-backlot-elevated-token"] = value;
    return call(`${server}/api/hello`, { headers });
  };
  const [head, body, signature] = token.split(".");
  const none = Buffer.from('{"alg":"none"}').toString("base64url");
  const attempts = {
    "no token": null,
    "a token of another instance": otherToken,
    "a changed token": `${head}.${otherToken.split(".")[1]}.${signature}`,
    "an unsigned token": `${none}.${body}.`,
    "no token at all but a word": "token",
  };
  for (const [name, value] of Object.entries(attempts)) {
    await t.test(`around Backlot with ${name}: 401`, async () => {
      assert.equal((await around(site.instanceId, value)).status, 401);
    });
  }
  await t.test("around Backlot with the very token: it is what proves", async () => {
    assert.equal((await around(site.instanceId, token)).status, 200);
  });

  await t.test("a server of another app refuses it", async () => {
    const server = await runExpress(t, { BACKLOT_URL: backend, WIX_CLIENT_ID: crypto.randomUUID() });
    assert.equal((await around(site.instanceId, token, server)).status, 401);
  });
  await t.test("a server that cannot get the keys believes nobody", async () => {
    const server = await runExpress(t, { BACKLOT_URL: "http://127.0.0.1:1" });
    assert.equal((await around(site.instanceId, token, server)).status, 500);
  });
});

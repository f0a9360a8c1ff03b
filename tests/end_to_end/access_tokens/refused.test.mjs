// Tokens that Wix does not take, or not for this app: each with the one code of its cause.

import assert from "node:assert/strict";
import { test } from "node:test";

import { instanceOf, makeApp } from "../lib/app.mjs";
import { fakeToken } from "../lib/fake_token.mjs";
import { startWix } from "../lib/wix_stage.mjs";

const ORIGIN = "http://localhost:5173";

test("tokens that are refused", async (t) => {
  const { app, send, site, wix } = await startWix(t);
  const asked = async () => (await wix.calls("/oauth2/token-info")).total;
  const refusedWith = async (token, code, path = "/whoami") => {
    const reply = await send(path, token, { headers: { Origin: ORIGIN } });
    assert.deepEqual([reply.status, reply.code], [401, code], reply.text);
    assert.equal(reply.headers["access-control-allow-origin"], ORIGIN);
    assert.match(reply.headers["x-request-id"], /^[\w-]{8,}$/);
    assert.ok(!reply.text.includes(token));
  };

  for (const deadTokens of ["inactive", "unauthorized"]) {
    await t.test(`dead, and Wix says so as ${deadTokens}`, async () => {
      await wix.misbehave({ deadTokens });
      const accessToken = await wix.token(site);
      await wix.revoke({ accessToken });
      await refusedWith(accessToken, "ACCESS_TOKEN_INACTIVE");
      const before = await asked();
      for (let number = 0; number < 5; number += 1) await refusedWith(accessToken, "ACCESS_TOKEN_INACTIVE", "/api/a");
      assert.equal(await asked(), before, "a no is remembered for a while");
    });
  }

  await t.test("uninstalled", async () => {
    const accessToken = await wix.token(site);
    await wix.misbehave({ uninstalled: [site.instanceId] });
    await refusedWith(accessToken, "ACCESS_TOKEN_INACTIVE");
    await wix.behave();
  });

  await t.test("well made, but signed by nobody: a dead one", async () => {
    await refusedWith(fakeToken(app, site), "ACCESS_TOKEN_INACTIVE");
  });

  await t.test("what says of itself that it is of no use: Wix is not asked", async () => {
    const before = await asked();
    await refusedWith(fakeToken(app, site, { age: 5 * 3600 }), "ACCESS_TOKEN_EXPIRED");
    await refusedWith(fakeToken(makeApp(), site), "ACCESS_TOKEN_WRONG_APP");
    assert.equal(await asked(), before);
  });

  await t.test("nearly one", async () => {
    const before = await asked();
    const token = await wix.token(site);
    const shapes = {
      "OauthNG.": "CREDENTIAL_MALFORMED",
      [`${token} x`]: "CREDENTIAL_MALFORMED",
      [token.replace("OauthNG", "oauthng")]: "CREDENTIAL_MALFORMED",
    };
    for (const [value, code] of Object.entries(shapes)) await refusedWith(value, code);
    assert.equal(await asked(), before);
  });

  await t.test("an API key, in a header and in the address", async () => {
    await wix.forgetCalls();
    const key = `IST.${"eyJraWQiOiJQb3pIX2FDMiIsImFsZyI6IlJTMjU2In0"}.${"k".repeat(60)}.${"s".repeat(43)}`;
    for (const path of ["/whoami", "/api/a", "/wix/apps/v1/instance"]) {
      const reply = await send(path, key, { headers: { "wix-site-id": site.siteId } });
      const expected = path.startsWith("/wix") ? [403, "WIX_CALL_NOT_ALLOWED"] : [401, "API_KEY_NOT_ACCEPTED"];
      assert.deepEqual([reply.status, reply.code], expected);
    }
    await refusedWith(`Bearer ${key}`, "API_KEY_NOT_ACCEPTED");
    const inAddress = await send(`/whoami?instance=${key}`);
    assert.deepEqual([inAddress.status, inAddress.code], [401, "API_KEY_NOT_ACCEPTED"]);
    assert.equal((await wix.calls("/")).total, 0);
  });

  await t.test("a good one beside a bad one, and twice", async () => {
    const token = await wix.token(site);
    const both = await send(`/whoami?instance=${instanceOf(makeApp())}`, token);
    assert.equal(both.status, 200, "the header wins");
    const twice = await send("/whoami", undefined, { headers: { Authorization: [token, token] } });
    assert.deepEqual([twice.status, twice.code], [400, "CREDENTIAL_REPEATED"]);
  });

  await t.test("of another simulator", async (t) => {
    const other = await startWix(t);
    const token = await other.wix.token(other.site);
    await refusedWith(token, "ACCESS_TOKEN_WRONG_APP");
  });
});

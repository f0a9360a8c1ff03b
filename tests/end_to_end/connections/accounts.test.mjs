// Accounts that a site's owner connects at a provider: the way there and back.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { call } from "../lib/call.mjs";
import { until } from "../lib/poll.mjs";
import { codeOf, google, of, post, startAccounts, times } from "./lib/accounts.mjs";
import { accountConnection, accountEnvironment, connect } from "./lib/provider.mjs";
import { pages } from "./lib/stage.mjs";

test("the way to the provider and back", async (t) => {
  const config = accountConnection("PROVIDER", { name: "other", revoke: false });
  const { anybody, backend, provider, site, program } = await startAccounts(t, { config });
  const { owner, member, visitor, instanceId } = site();
  const begin = async (who = owner, query = "", name = "google", headers = {}) => {
    const reply = await who(of(name, `authorize${query}`), { ...post, headers });
    assert.equal(reply.status, 200, reply.text);
    return provider.consent(reply.json.authorizationUrl, instanceId);
  };
  const isConnected = async (who = owner, name = "google") => (await who(of(name, "status"))).json.connected;
  const fails = async (path, status, code) => {
    const before = provider.grants.length;
    const reply = await anybody(path);
    assert.deepEqual([reply.status, codeOf(reply)], [status, code], reply.text);
    assert.equal(await isConnected(), false);
    assert.equal(reply.headers["cache-control"], "no-store");
    return provider.grants.length - before;
  };

  await t.test("only those who manage it connect and disconnect", async () => {
    for (const who of [member, visitor]) {
      for (const path of ["authorize", "disconnect"]) {
        const reply = await who(google(path), post);
        assert.deepEqual([reply.status, reply.code], [403, "ROLE_NOT_ALLOWED"]);
      }
      assert.equal((await who(google("status"))).status, 200);
    }
    for (const path of ["authorize", "disconnect"]) {
      const reply = await anybody(google(path), post);
      assert.deepEqual([reply.status, reply.code], [401, "CREDENTIAL_MISSING"]);
    }
    for (const [method, path] of [
      ["PUT", "authorize"],
      ["GET", "disconnect"],
      ["POST", "status"],
      ["POST", "callback"],
    ]) {
      const reply = await owner(google(path), { method });
      assert.deepEqual([reply.status, reply.code], [405, "METHOD_NOT_ALLOWED"], `${method} ${path}`);
    }
  });
  await t.test("a browser that goes there by itself is sent on, without its credential", async () => {
    const reply = await anybody(google(`authorize?instance=${owner.credential}`));
    assert.equal(reply.status, 302, reply.text);
    assert.ok(reply.headers.location.startsWith(`${provider.address}/authorize?`));
    assert.ok(!reply.headers.location.includes(owner.credential));
    assert.equal(reply.headers["referrer-policy"], "no-referrer");
    assert.equal(reply.headers["cache-control"], "no-store");
  });

  await t.test("a state serves once", async () => {
    const { back } = await begin();
    assert.equal((await anybody(back)).status, 200);
    assert.equal(await isConnected(), true);
    await owner(google("disconnect"), post);
    assert.equal(await fails(back, 400, "AUTHORIZATION_UNKNOWN"), 0);
  });
  await t.test("twenty at once: one shows its code, and those who come after it are told the same", async () => {
    const { back } = await begin();
    const before = provider.grants.length;
    const replies = await times(20, () => anybody(back));
    const statuses = new Set(replies.map(({ status }) => status));
    statuses.delete(400);
    assert.deepEqual([...statuses], [200]);
    assert.equal(provider.grants.length - before, 1);
    assert.equal(await isConnected(), true);
    assert.equal((await anybody(back)).status, 200, "a page that is loaded anew");
    assert.equal(provider.grants.length - before, 1);
    await owner(google("disconnect"), post);
  });
  await t.test("a state of another connection", async () => {
    const { back } = await begin(owner, "", "other");
    assert.equal(await fails(back.replace("/other/", "/google/"), 400, "AUTHORIZATION_UNKNOWN"), 0);
    assert.equal(await isConnected(owner, "other"), false);
  });
  await t.test("a state of another instance's connects that one, whoever brings it", async () => {
    const theirs = site();
    const { back } = await begin(theirs.owner);
    const reply = await owner(back);
    assert.equal(reply.status, 200);
    assert.deepEqual([await isConnected(), await isConnected(theirs.owner)], [false, true]);
  });
  await t.test("states that somebody made up", async () => {
    const { back, code } = await begin();
    const state = new URL(back, backend).searchParams.get("state");
    const made = [
      randomBytes(32).toString("base64url"),
      "",
      `${state.slice(0, -1)}`,
      `${state}A`,
      state.toUpperCase(),
      "x".repeat(4000),
      "%00",
      "%ff%fe",
      "'%20OR%201=1--",
    ];
    for (const each of made)
      assert.equal(await fails(google(`callback?code=${code}&state=${each}`), 400, "AUTHORIZATION_UNKNOWN"), 0);
    assert.equal(await fails(google(`callback?code=${code}`), 400, "AUTHORIZATION_UNKNOWN"), 0);
    assert.equal(await fails(google("callback"), 400, "AUTHORIZATION_UNKNOWN"), 0);
    assert.equal((await anybody(back)).status, 200, "the right one is still good");
    await owner(google("disconnect"), post);
  });
  await t.test("the owner says no", async () => {
    const { back } = await begin();
    const state = new URL(back, backend).searchParams.get("state");
    assert.equal(await fails(google(`callback?error=access_denied&state=${state}`), 403, "AUTHORIZATION_DENIED"), 0);
    assert.equal(await fails(back, 400, "AUTHORIZATION_UNKNOWN"), 0);
  });
  await t.test("an error that would like to be part of the page", async () => {
    const { back } = await begin(owner, "", "google", { Origin: pages });
    const state = new URL(back, backend).searchParams.get("state");
    const error = encodeURIComponent('"><script>alert(1)</script>');
    const reply = await anybody(google(`callback?error=${error}&error_description=${error}&state=${state}`));
    assert.equal(reply.status, 403);
    assert.doesNotMatch(reply.text, /alert/);
    assert.match(reply.headers["content-security-policy"], /default-src 'none'; script-src 'nonce-[\w-]+'/);
  });
  await t.test("neither a code nor an error", async () => {
    const { back } = await begin();
    const state = new URL(back, backend).searchParams.get("state");
    assert.equal(await fails(google(`callback?state=${state}`), 403, "AUTHORIZATION_DENIED"), 0);
  });
  await t.test("a code of somebody else's, which the verifier does not fit", async () => {
    const [one, other] = [await begin(), await begin()];
    assert.equal(
      await fails(one.back.replace(/code=.*/, `code=${encodeURIComponent(other.code)}`), 502, "AUTHORIZATION_FAILED"),
      1,
    );
  });
  for (const [name, refuse] of Object.entries({
    refuses: { status: 400, error: "invalid_client" },
    "is down": { status: 503, error: "unavailable" },
    "is rude": { status: 200, error: "no" },
  })) {
    await t.test(`the provider ${name}`, async () => {
      provider.refuse = refuse;
      const { back } = await begin();
      assert.equal(await fails(back, 502, "AUTHORIZATION_FAILED"), 1, "a code is shown once");
      provider.refuse = null;
    });
  }

  await t.test("a failure is found in the log by the request id that the page shows", async () => {
    const { owner } = site();
    const { json } = await owner(google("authorize"), post);
    const state = new URL(json.authorizationUrl).searchParams.get("state");
    const reply = await anybody(google(`callback?state=${state}&code=made-up`));
    const [, id] = reply.text.match(/Request ([0-9a-f-]{36})/);
    assert.equal(reply.headers["x-request-id"], id);
    const line = await until("the line", () => program.stderr.split("\n").find((it) => it.includes(id)));
    assert.match(line, /AUTHORIZATION_FAILED/);
    assert.match(line, /invalid_grant/);
  });
  await t.test("the page that waits is told, and no other", async () => {
    const { back } = await begin(owner, "", "google", { Origin: pages });
    const { status, text, headers } = await anybody(back);
    assert.equal(status, 200);
    assert.match(text, new RegExp(`data-origin="${pages}"`));
    assert.match(text, /data-told="\{&quot;connect/);
    assert.match(headers["content-security-policy"], /frame-ancestors 'none'/);
    await owner(google("disconnect"), post);
    const without = await anybody((await begin()).back);
    assert.doesNotMatch(without.text, /<script/);
    await owner(google("disconnect"), post);
    const evil = await owner(google("authorize"), { ...post, headers: { Origin: "https://evil.example" } });
    assert.deepEqual([evil.status, evil.code], [403, "ORIGIN_NOT_ALLOWED"]);
  });
  await t.test("return_to, where the page's origin is let in", async () => {
    const { back } = await begin(owner, `?return_to=${encodeURIComponent(`${pages}/settings?tab=2#accounts`)}`);
    const reply = await anybody(back);
    assert.equal(reply.status, 302, reply.text);
    assert.equal(reply.headers.location, `${pages}/settings?tab=2&connection=google&connected=true#accounts`);
    await owner(google("disconnect"), post);
    const { back: again } = await begin(owner, `?return_to=${encodeURIComponent(`${pages}/settings`)}`);
    const state = new URL(again, backend).searchParams.get("state");
    const denied = await anybody(google(`callback?error=access_denied&state=${state}`));
    assert.equal(denied.headers.location, `${pages}/settings?connection=google&error=AUTHORIZATION_DENIED`);
  });
  await t.test("return_to anywhere else", async () => {
    const { host } = new URL(pages);
    const elsewhere = [
      "https://evil.example/",
      `http://${host}/`,
      `https://${host}.evil.example/`,
      `https://${host}:8443/`,
      `https://${host}@evil.example/`,
      `https://evil.example\\@${host}/`,
      "//evil.example/",
      "/settings",
      "javascript:alert(1)",
      `javascript://${host}/%0aalert(1)`,
      "data:text/html,hi",
      `blob:${pages}/x`,
      "null",
      "",
    ];
    for (const address of elsewhere) {
      const reply = await owner(google(`authorize?return_to=${encodeURIComponent(address)}`), post);
      assert.deepEqual([reply.status, reply.code], [400, "AUTHORIZATION_UNUSABLE"], address);
    }
  });
  await t.test("too many that are begun and not ended: of this instance only", async () => {
    const [busy, other] = [site(), site()];
    const codes = [];
    for (let number = 0; number < 25; number += 1) codes.push((await busy.owner(google("authorize"), post)).code);
    assert.equal(codes.filter((code) => code === undefined).length, 20);
    const reply = await busy.owner(google("authorize"), post);
    assert.deepEqual([reply.status, reply.code], [429, "TOO_MANY_AUTHORIZATIONS"]);
    assert.ok(Number(reply.headers["retry-after"]) > 0);
    assert.equal((await other.owner(google("authorize"), post)).status, 200);
  });
  await t.test("codes, states and tokens are in no log", async () => {
    const { back, code } = await begin();
    await anybody(back);
    await program.stop("SIGINT");
    assert.match(program.stderr, /\/connections\/google\/callback/);
    const state = new URL(back, backend).searchParams.get("state");
    const tokens = [...provider.access.keys(), ...provider.refresh.keys()];
    for (const secret of [code, state, ...tokens, accountEnvironment.CLIENT_SECRET])
      assert.ok(!program.stderr.includes(secret));
  });
});

test("tokens are nowhere to be read", async (t) => {
  const { connected, provider, place, admin, program } = await startAccounts(t);
  const { owner, instanceId } = await connected();
  await owner(google("me"));
  const secrets = [...provider.access.keys(), ...provider.refresh.keys()];
  const exported = await place.done(["instance", "export", instanceId]);
  const metrics = await call(`${admin}/metrics`);
  const overview = await call(`${admin}/`);
  const status = await owner(google("status"));
  await program.stop("SIGINT");
  const bytes = ["backlot.db", "backlot.db-wal"].map((name) => {
    try {
      return readFileSync(join(place.data, name), "latin1");
    } catch {
      return "";
    }
  });
  assert.ok(bytes[0].length > 0);
  for (const secret of secrets) {
    for (const text of [exported, metrics.text, overview.text, status.text, program.stderr, ...bytes]) {
      assert.ok(!text.includes(secret));
    }
  }
});

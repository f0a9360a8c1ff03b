// Tokens that come to their end, or are refused: each is renewed once, however many calls wait for it.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { deferred, until, within } from "../lib/poll.mjs";
import { google, post, startAccounts, times } from "./lib/accounts.mjs";
import { connect } from "./lib/provider.mjs";
import { json, sender, startConnections } from "./lib/stage.mjs";
import { answerJson, startThirdParty } from "./lib/third_party.mjs";

test("renewals", async (t) => {
  const { connected, provider, renewals } = await startAccounts(t);
  // Makes all of them need a new token at their next call.
  const soonOver = async () => {
    provider.lifetime = 0.001;
    const site = await connected();
    provider.lifetime = 3600;
    return site;
  };
  const counted = async (act) => {
    const before = renewals();
    await act();
    return renewals() - before;
  };
  const allWell = (replies) =>
    assert.deepEqual(
      [...new Set(replies.map(({ status }) => status))],
      [200],
      replies.find(({ status }) => status !== 200)?.text,
    );

  await t.test("200 calls at once with a token that is over make one", async () => {
    const { owner } = await soonOver();
    assert.equal(await counted(async () => allWell(await times(200, () => owner(google("me"))))), 1);
    assert.equal(await counted(async () => allWell(await times(20, () => owner(google("me"))))), 0);
  });
  await t.test("20 instances make one each, and get no token of another's", async () => {
    const sites = [];
    while (sites.length < 20) sites.push(await soonOver());
    const made = await counted(async () => {
      const replies = await times(200, (number) => sites[number % 20].owner(google("me")));
      allWell(replies);
      replies.forEach(({ json: told }, number) => assert.equal(told.whose, sites[number % 20].instanceId));
    });
    assert.equal(made, 20);
  });
  await t.test("nobody waits for another's", async () => {
    const [slow, quick] = [await soonOver(), await soonOver()];
    const gate = deferred();
    const held = [];
    provider.hold = (form) => {
      if (held.push(form) === 1) return gate.promise;
      return undefined;
    };
    const waiting = slow.owner(google("me"));
    await until("the first to ask", () => held.length === 1);
    allWell([await within("the other's call", quick.owner(google("me")), 5000)]);
    gate.resolve();
    allWell([await waiting]);
    provider.hold = null;
  });
  await t.test("a caller who goes away in the middle does not spoil it for the others", async () => {
    const site = await soonOver();
    const gate = deferred();
    provider.hold = () => gate.promise;
    const before = renewals();
    const gone = new AbortController();
    const first = fetch(new URL(google("me"), site.backend), {
      headers: { Authorization: site.owner.credential },
      signal: gone.signal,
    }).catch(() => "gone");
    await until("the renewal", () => renewals() === before + 1);
    const others = times(5, () => site.owner(google("me")));
    gone.abort();
    assert.equal(await first, "gone");
    gate.resolve();
    allWell(await others);
    provider.hold = null;
    assert.equal(renewals(), before + 1);
  });
  // After a renewal that failed nobody asks again for a moment, and then it goes well.
  const well = (owner) =>
    until("the provider to be asked again", async () => (await owner(google("me"))).status === 200, 5000);
  await t.test("the provider is down for a while: the account stays", async () => {
    const { owner } = await soonOver();
    provider.refuse = { status: 503, error: "down" };
    const made = await counted(async () => {
      for (const reply of await times(20, () => owner(google("me")))) {
        assert.deepEqual([reply.status, reply.code], [503, "CONNECTION_UNAVAILABLE"]);
        assert.ok(Number(reply.headers["retry-after"]) > 0);
      }
    });
    assert.equal(made, 1, "those who come together are told together");
    provider.refuse = null;
    await well(owner);
  });
  await t.test("the client is refused: the account stays", async () => {
    const { owner } = await soonOver();
    provider.refuse = { status: 401, error: "invalid_client" };
    const reply = await owner(google("me"));
    assert.deepEqual([reply.status, reply.code], [502, "CONNECTION_TOKEN_REFUSED"]);
    assert.equal(reply.json.details.applicationError.data.providerError, "invalid_client");
    assert.doesNotMatch(reply.text, /in other words/);
    provider.refuse = null;
    await well(owner);
  });
  await t.test("the account is taken back over there: it needs to be connected again", async () => {
    const site = await soonOver();
    const { owner } = site;
    provider.refresh.clear();
    const made = await counted(async () => {
      for (const reply of await times(20, () => owner(google("me")))) {
        assert.deepEqual([reply.status, reply.code], [409, "CONNECTION_ACCOUNT_LOST"]);
      }
      await owner(google("me"));
    });
    assert.equal(made, 1, "it is asked once, and then believed");
    const { json: told } = await owner(google("status"));
    assert.deepEqual([told.connected, told.needsReconnect], [false, true]);
    await connect(site, sender(site.backend), provider, { whose: "again" });
    assert.equal((await owner(google("me"))).json.whose, "again");
    assert.equal((await owner(google("status"))).json.needsReconnect, false);
  });
  await t.test("the API refuses a token before its time: one renewal, and the call is made again", async () => {
    const { owner } = await connected();
    provider.access.clear();
    assert.equal(await counted(async () => allWell(await times(50, () => owner(google("me"))))), 1);
    const { owner: another } = await connected();
    provider.access.clear();
    const made = await counted(async () => {
      const reply = await another(google("things"), json({ a: 1 }));
      allWell([reply]);
      assert.equal(reply.json.body, '{"a":1}');
    });
    assert.equal(made, 1);
  });
  await t.test("the API refuses whatever it is sent: its answer comes back", async () => {
    const { owner } = await connected();
    const before = provider.seen.filter(({ url }) => url.endsWith("/always-401")).length;
    const reply = await owner(google("always-401"));
    assert.equal(reply.status, 401);
    assert.equal(reply.json.error.status, "UNAUTHENTICATED");
    const asked = provider.seen.filter(({ url }) => url.endsWith("/always-401")).length - before;
    assert.equal(asked, 2, "once more, with a new token");
    const made = await counted(async () => {
      for (let number = 0; number < 5; number += 1) assert.equal((await owner(google("always-401"))).status, 401);
    });
    assert.ok(made <= 1, `a new token does not help, so not each call asks for one: ${made}`);
  });
  await t.test("a body that streams by is not sent again, and the next call goes well", async () => {
    const { owner } = await connected();
    provider.access.clear();
    const body = JSON.stringify({ fill: "x".repeat(200_000) });
    assert.equal((await owner(google("things"), { ...json({}), body })).status, 401);
    allWell([await owner(google("things"), { ...json({}), body })]);
  });
});

test("tokens that last a minute are used for most of it", async (t) => {
  const { connected, provider, renewals } = await startAccounts(t);
  provider.lifetime = 60;
  const { owner } = await connected();
  for (let number = 0; number < 20; number += 1) assert.equal((await owner(google("me"))).status, 200);
  assert.equal(renewals(), 0);
});

test("a call waits for a token as long as it may take in all", async (t) => {
  const { connected, provider, renewals } = await startAccounts(t, { more: 'timeout = "300ms"' });
  provider.lifetime = 0.001;
  const { owner } = await connected();
  provider.lifetime = 3600;
  const gate = deferred();
  provider.hold = () => gate.promise;
  const late = await owner(google("me"));
  assert.deepEqual([late.status, late.code], [504, "CONNECTION_TIMEOUT"]);
  gate.resolve();
  await until("the renewal to end", async () => (await owner(google("me"))).status === 200);
  assert.equal(renewals(), 1, "it went on, and was enough");
});

test("an account that is taken back while its token is being renewed stays away", async (t) => {
  // A provider that takes nothing back: the renewal goes well, after all.
  const { connected, provider, place } = await startAccounts(t, { revoke: false });
  provider.lifetime = 0.001;
  const { owner, instanceId } = await connected();
  const gate = deferred();
  const held = [];
  provider.hold = (form) => {
    held.push(form);
    return gate.promise;
  };
  const waiting = owner(google("me"));
  await until("the renewal", () => held.length === 1);
  await owner(google("disconnect"), post);
  gate.resolve();
  assert.equal((await waiting).code, "CONNECTION_NOT_CONNECTED");
  assert.equal((await owner(google("status"))).json.connected, false);
  // Nothing may be left that could be exported.
  const { stdout: exported } = await place.run(["instance", "export", instanceId]);
  for (const token of [...provider.access.keys(), ...provider.refresh.keys()]) assert.ok(!exported.includes(token));
});

test("a token for all, by client credentials", async (t) => {
  const grants = [];
  const state = { good: null };
  const party = await startThirdParty(t, (request, response) => {
    if (request.url !== "/oauth/token") {
      const isGood = request.headers.authorization === `Bearer ${state.good}`;
      return answerJson(response, { isGood }, isGood ? 200 : 401);
    }
    state.good = `token-${randomBytes(16).toString("hex")}`;
    grants.push({ form: Object.fromEntries(new URLSearchParams(request.text)), headers: request.headers });
    return answerJson(response, { access_token: state.good, expires_in: 3600, token_type: "bearer" });
  });
  const config = `
[[connection]]
name = "things"
base_url = "${party.address}"
networks = ["127.0.0.1"]
allow = ["owner"]
calls = ["GET /things"]

[connection.auth.client_credentials]
token_url = "${party.address}/oauth/token"
client_id = "a client:1"
client_secret = { secret = "client-secret" }
scopes = ["read", "write"]
parameters = { audience = "https://api.example.com/" }
`;
  const { site } = await startConnections(t, { config, secrets: { "client-secret": "s+e c/r=et" } });
  const sites = Array.from({ length: 10 }, () => site());
  const replies = await times(100, (number) => sites[number % 10].owner("/connections/things/things"));
  assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200], replies[0].text);
  assert.equal(grants.length, 1);
  const [{ form, headers }] = grants;
  assert.deepEqual(form, {
    grant_type: "client_credentials",
    scope: "read write",
    audience: "https://api.example.com/",
  });
  const [user, password] = Buffer.from(headers.authorization.slice("Basic ".length), "base64").toString().split(":");
  assert.deepEqual([decodeURIComponent(user), decodeURIComponent(password)], ["a client:1", "s+e c/r=et"]);
  state.good = "another";
  assert.equal((await sites[0].owner("/connections/things/things")).status, 200, "renewed, since it was refused");
  assert.equal(grants.length, 2);
});

// Replies that are kept, as the third party's own cache headers say.

import assert from "node:assert/strict";
import { test } from "node:test";

import { until } from "../lib/poll.mjs";
import { accountConnection, accountEnvironment, connect, startProvider } from "./lib/provider.mjs";
import { connectionsPlace, json, sender, startConnections } from "./lib/stage.mjs";
import { startThirdParty } from "./lib/third_party.mjs";

const entry = (address, name, more) => `
[[connection]]
name = "${name}"
base_url = "${address}"
networks = ["127.0.0.1"]
auth = { bearer = { secret = "key" } }
allow = ["owner", "member"]
retries = 0
reply_headers = ["X-Number", "Set-Cookie"]
calls = ["GET /things?*", { call = "GET /owners", allow = ["owner"] }, "POST /things"]
${more}
`;

test("replies that are kept", async (t) => {
  let headers = {};
  let number = 0;
  const party = await startThirdParty(t, (request, response) => {
    number += 1;
    const isSame = headers.ETag && request.headers["if-none-match"] === headers.ETag;
    response.writeHead(isSame ? 304 : 200, { "Content-Type": "text/plain", "X-Number": String(number), ...headers });
    response.end(
      isSame
        ? undefined
        : `number ${number} for ${request.headers.authorization}, ${request.headers["accept-language"]}`,
    );
  });
  const config = [
    entry(party.address, "each", 'cache = "instance"'),
    entry(party.address, "all", 'cache = "shared"'),
    entry(party.address, "none", ""),
    entry(party.address, "counted", 'cache = "instance"\nquota = { "*" = 3 }'),
  ].join("");
  const { site, place } = await startConnections(t, { config, secrets: { key: "the-first-key-0123456789" } });
  let path = 0;
  // How often the third party was asked by these calls, made one after the other, each to `path`.
  const asked = async (said, ...calls) => {
    headers = said;
    path += 1;
    const before = party.seen.length;
    const replies = [];
    for (const each of calls) replies.push(await each(`things?n=${path}`));
    return { count: party.seen.length - before, replies };
  };
  const by = (who, name, options) => (rest) => who(`/connections/${name}/${rest}`, options);
  const one = site();
  const other = site();

  const keeping = [
    ["for a minute", { "Cache-Control": "max-age=60" }, 1],
    ["until a date", { Date: new Date().toUTCString(), Expires: new Date(Date.now() + 60_000).toUTCString() }, 1],
    ["nothing said", {}, 2],
    ["an ETag alone", { ETag: '"a"' }, 2],
    ["no-store", { "Cache-Control": "no-store, max-age=60" }, 2],
    ["no time", { "Cache-Control": "max-age=0" }, 2],
    ["as old as it may be", { "Cache-Control": "max-age=60", Age: "60" }, 2],
    ["a date in the past", { Expires: "0" }, 2],
    ["varying by everything", { "Cache-Control": "max-age=60", Vary: "*" }, 2],
  ];
  for (const [name, said, count] of keeping) {
    await t.test(`${name}: asked ${count === 1 ? "once" : "each time"}`, async () => {
      const { count: made, replies } = await asked(said, by(one.owner, "each"), by(one.member, "each"));
      assert.equal(made, count);
      assert.deepEqual(
        replies.map(({ status }) => status),
        [200, 200],
      );
      if (count === 1) assert.equal(replies[0].text, replies[1].text);
    });
  }
  const kept = { "Cache-Control": "max-age=60" };
  await t.test("without a word in the configuration: asked each time", async () => {
    assert.equal((await asked(kept, by(one.owner, "none"), by(one.owner, "none"))).count, 2);
  });
  await t.test("each instance has its own, or all share them", async () => {
    assert.equal((await asked(kept, by(one.owner, "each"), by(other.owner, "each"))).count, 2);
    assert.equal((await asked(kept, by(one.owner, "all"), by(other.owner, "all"))).count, 1);
  });
  await t.test("what is private is not shared", async () => {
    const said = { "Cache-Control": "private, max-age=60" };
    assert.equal((await asked(said, by(one.owner, "all"), by(other.owner, "all"))).count, 2);
    assert.equal((await asked(said, by(one.owner, "each"), by(one.owner, "each"))).count, 1);
  });
  await t.test("another query, another language, a write: asked", async () => {
    const said = { ...kept, Vary: "Accept-Language" };
    const german = by(one.owner, "each", { headers: { "Accept-Language": "de" } });
    const english = by(one.owner, "each", { headers: { "Accept-Language": "en" } });
    const { count, replies } = await asked(said, german, english, german);
    assert.equal(count, 2);
    assert.match(replies[2].text, /, de$/);
    const write = () => one.owner("/connections/each/things", json({}));
    assert.equal((await asked(kept, write, write)).count, 2);
  });
  await t.test("when it is over, it is asked with the ETag, and 304 renews it", async () => {
    const said = { "Cache-Control": "max-age=1", ETag: '"v1"' };
    const { replies } = await asked(said, by(one.owner, "each"));
    const { url } = party.seen.at(-1);
    const before = party.seen.length;
    const again = await until("it to be asked anew", async () => {
      const reply = await one.owner(`/connections/each${url}`);
      return party.seen.length > before && reply;
    });
    assert.equal(party.seen.at(-1).headers["if-none-match"], '"v1"');
    assert.deepEqual([again.status, again.text], [200, replies[0].text]);
  });
  await t.test("a page with the ETag is told that nothing changed, without a question", async () => {
    const said = { ...kept, ETag: '"v2"' };
    const { count, replies } = await asked(
      said,
      by(one.owner, "each"),
      by(one.owner, "each", { headers: { "If-None-Match": '"v2"' } }),
    );
    assert.equal(count, 1);
    assert.deepEqual([replies[1].status, replies[1].text], [304, ""]);
  });
  await t.test("the rules come first, and each call counts", async () => {
    headers = kept;
    assert.equal((await one.owner("/connections/each/owners")).status, 200);
    assert.equal((await one.member("/connections/each/owners")).code, "ROLE_NOT_ALLOWED");
    assert.equal((await sender(one.backend)("/connections/each/owners")).code, "CREDENTIAL_MISSING");
    const codes = [];
    for (let call = 0; call < 4; call += 1) codes.push((await one.owner("/connections/counted/things")).code ?? 200);
    assert.deepEqual(codes, [200, 200, 200, "CONNECTION_QUOTA_EXHAUSTED"]);
  });
  await t.test("what is kept holds no key either, and pages do not keep it for others", async () => {
    const { replies } = await asked(
      { "Cache-Control": "public, max-age=60", "Set-Cookie": "a=1" },
      by(one.owner, "all"),
      by(other.owner, "all"),
    );
    for (const { text, headers: came } of replies) {
      assert.match(text, /for Bearer \*{24}/);
      assert.doesNotMatch(came["cache-control"], /public/);
      assert.match(came.vary, /Authorization/i);
    }
  });
  await t.test("after a rotated key nothing is found of what was kept before", async () => {
    const { count } = await asked(kept, by(one.owner, "each"), by(one.owner, "each"));
    assert.equal(count, 1);
    const { url } = party.seen.at(-1);
    const before = party.seen.length;
    await place.rotate("key", "the-second-key-0123456789");
    await until("it to be asked anew", async () => {
      await one.owner(`/connections/each${url}`);
      return party.seen.length > before;
    });
    assert.equal(party.seen.at(-1).headers.authorization, "Bearer the-second-key-0123456789");
  });
});

test("replies about an account are never another's", async (t) => {
  const provider = await startProvider(t);
  const party = await startThirdParty(t, (request, response) => {
    const whose = provider.access.get(request.headers.authorization?.slice("Bearer ".length));
    response.writeHead(whose ? 200 : 401, { "Cache-Control": "max-age=60" });
    response.end(`of ${whose}`);
  });
  const config = accountConnection(provider.address, { more: 'cache = "instance"' }).replace(
    /base_url = .*/,
    `base_url = "${party.address}"`,
  );
  const shared = await connectionsPlace(t, {
    config: config.replace('"instance"', '"shared"'),
    env: accountEnvironment,
  });
  const { code, stderr } = await shared.run(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /connection\[0\]\.cache: /);
  const { backend, site } = await startConnections(t, { config, env: accountEnvironment });
  const [ann, ben] = [site(), site()];
  await connect(ann, sender(backend), provider, { whose: "ann" });
  await connect(ben, sender(backend), provider, { whose: "ben" });
  for (const [who, whose] of [
    [ann, "ann"],
    [ben, "ben"],
    [ann, "ann"],
  ])
    assert.equal((await who.owner("/connections/google/me")).text, `of ${whose}`);
  await ann.owner("/connections/google/disconnect", { method: "POST" });
  assert.equal((await ann.owner("/connections/google/me")).code, "CONNECTION_NOT_CONNECTED");
  await connect(ann, sender(backend), provider, { whose: "carl" });
  assert.equal((await ann.owner("/connections/google/me")).text, "of carl");
});

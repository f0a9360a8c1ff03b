// `backlot connection test`: what works and what does not.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { google, of } from "./lib/accounts.mjs";
import { accountConnection, accountEnvironment, connect, startProvider } from "./lib/provider.mjs";
import { connectionsPlace, sender } from "./lib/stage.mjs";
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

test("backlot connection test", async (t) => {
  const KEY = "the-right-key-0123456789";
  let status = 200;
  let isOpen = false;
  const party = await startThirdParty(t, (request, response) => {
    const isRight = request.headers.authorization === `Bearer ${KEY}`;
    const isLetIn = isRight || isOpen;
    answerJson(response, { told: request.headers.authorization }, request.url === "/" ? 404 : isLetIn ? status : 401);
  });
  const provider = await startProvider(t);
  const lines = 'allow = ["owner"]\ncalls = ["POST /things", "GET /things/{id}?limit", "GET /models", "GET /more"]';
  const config = [
    entry(party.address, lines),
    entry("http://127.0.0.1:1", lines, { name: "down" }),
    entry(party.address, 'allow = ["owner"]\ncalls = ["POST /things"]', { name: "writes" }),
    entry(party.address, lines, { name: "own", auth: '{ bearer = { instance_secret = "own-key" } }' }),
    accountConnection(provider.address),
  ].join("");
  const place = await connectionsPlace(t, { config, env: accountEnvironment });
  const all = [];
  const tried = async (name, ...more) => {
    const outcome = await place.run(["connection", "test", name, ...more]);
    all.push(outcome.stdout + outcome.stderr);
    const steps = outcome.stdout
      .trimEnd()
      .split("\n")
      .filter(Boolean)
      .map((line) => line.match(/^(\w+) +(works|fails|left out) +(.*)$/)?.slice(1) ?? [line]);
    return {
      ...outcome,
      verdicts: steps.map(([step, verdict]) => `${step} ${verdict}`),
      words: steps.map((it) => it[2]),
    };
  };

  await t.test("a secret that is missing", async () => {
    const { code, verdicts, words } = await tried("things");
    assert.deepEqual([code, verdicts], [1, ["address works", "credential fails"]]);
    assert.match(words[1], /SECRET_MISSING.*key/);
  });
  await t.test("a key that is refused", async () => {
    await place.set("key", "the-wrong-key-0123456789");
    const { code, verdicts, words, stderr } = await tried("things");
    assert.deepEqual([code, verdicts], [1, ["address works", "credential fails", "call fails"]]);
    assert.match(words[1], /backlot secret rotate key/);
    assert.match(words[2], /GET \/models: status 401/);
    assert.match(stderr, /things does not work/);
  });
  await t.test("all is well", async () => {
    await place.set("key", KEY);
    const { code, verdicts, words } = await tried("things");
    assert.deepEqual([code, verdicts], [0, ["address works", "credential works", "call works"]]);
    assert.match(words[2], /GET \/models: status 200/);
  });
  await t.test("a path of one's own choice, if it is on the list", async () => {
    assert.equal((await tried("things", "--path", "/things/1?limit=3")).code, 0);
    assert.equal(party.seen.at(-1).url, "/things/1?limit=3");
    const before = party.seen.length;
    for (const path of ["/other", "/things/1?a=1", "/things/../models", "models", "//models"]) {
      const { code, verdicts } = await tried("things", "--path", path);
      assert.deepEqual([code, verdicts.at(-1)], [1, "call fails"], path);
    }
    assert.ok(
      party.seen.slice(before).every(({ url }) => url === "/"),
      "none of them was asked for",
    );
  });
  await t.test("the API fails", async () => {
    status = 503;
    const { code, verdicts } = await tried("things");
    assert.deepEqual([code, verdicts.slice(1)], [1, ["credential left out", "call fails"]]);
    status = 200;
  });
  await t.test("a call that needs no credential says nothing of it", async () => {
    isOpen = true;
    const { code, verdicts, words } = await tried("things");
    assert.deepEqual([code, verdicts.slice(1)], [0, ["credential left out", "call works"]]);
    assert.match(words[1], /so it cannot be verified/);
    isOpen = false;
  });
  await t.test("nobody there", async () => {
    const { code, verdicts, words } = await tried("down");
    assert.deepEqual([code, verdicts[0]], [1, "address fails"]);
    assert.match(words[0], /CONNECTION_UNREACHABLE/);
  });
  await t.test("nothing that reads", async () => {
    const before = party.seen.length;
    const { code, verdicts, words } = await tried("writes");
    assert.deepEqual([code, verdicts], [0, ["address works", "credential left out", "call left out"]]);
    assert.match(words[1], /no call was made with it/);
    assert.match(words[2], /no call of the list is safe to try/);
    assert.deepEqual(party.seen.slice(before).map(({ url }) => url), ["/"]);
  });
  await t.test("a key of each instance's", async () => {
    const instanceId = randomUUID();
    assert.deepEqual((await tried("own")).verdicts, ["address works", "credential left out"]);
    assert.deepEqual((await tried("own", "--instance", instanceId)).verdicts, ["address works", "credential fails"]);
    await place.set("own-key", KEY, "--instance", instanceId);
    assert.deepEqual((await tried("own", "--instance", instanceId)).verdicts, [
      "address works",
      "credential works",
      "call works",
    ]);
  });
  await t.test("an account of an instance's, while a server runs", async () => {
    const { backend, site } = await place.start();
    const one = site();
    await connect(one, sender(backend), provider);
    assert.deepEqual((await tried("google", "--instance", one.instanceId)).verdicts, [
      "address works",
      "credential works",
      "call works",
    ]);
    assert.deepEqual((await tried("google")).verdicts, ["address works", "credential left out"]);
  });
  await t.test("no such connection", async () => {
    const { code, stderr } = await tried("nothing");
    assert.equal(code, 1);
    assert.match(stderr, /there is no connection nothing/);
    assert.match(stderr, /things, down, writes, own, google/);
  });
  await t.test("no secret is shown", () => {
    const said = all.join("");
    for (const secret of [KEY, "the-wrong-key-0123456789", ...provider.access.keys(), ...provider.refresh.keys()])
      assert.ok(!said.includes(secret));
  });
});

// Keys that the owner types in: used, and never read again.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { until } from "../lib/poll.mjs";
import { of, post } from "./lib/accounts.mjs";
import { connectionsPlace, json, sender } from "./lib/stage.mjs";
import { answerJson, startThirdParty } from "./lib/third_party.mjs";

test("keys that the owner types in", async (t) => {
  const party = await startThirdParty(t, (request, response) =>
    answerJson(response, { key: request.headers["x-api-key"] ?? null, again: request.headers["x-api-key"] }),
  );
  const config = `
[[connection]]
name = "mail"
base_url = "${party.address}"
networks = ["127.0.0.1"]
auth = { header = { name = "X-Api-Key", value = { instance_secret = "mail-key" } } }
allow = ["owner", "member"]
calls = ["GET /lists", "GET /key"]
`;
  const place = await connectionsPlace(t, { config });
  const { program, site } = await place.start();
  const [one, other] = [site(), site()];
  const mail = (rest) => of("mail", rest);
  const [first, second] = ["key-of-one-0123456789-us21", 'key "of" \\other/é 日本'];
  const put = (who, key) => who(mail("key"), json({ key }, "PUT"));
  const last = () => party.seen.at(-1)?.headers["x-api-key"];
  const said = [];
  const asked = async (reply) => {
    said.push((await reply).text + JSON.stringify((await reply).headers));
    return reply;
  };

  await t.test("none yet", async () => {
    const reply = await one.owner(mail("lists"));
    assert.deepEqual([reply.status, reply.code], [409, "CONNECTION_NOT_CONNECTED"]);
    assert.deepEqual((await one.owner(mail("status"))).json, { kind: "key", connected: false });
  });
  await t.test("typed in, used at once, of this instance only", async () => {
    const reply = await asked(put(one.owner, first));
    assert.deepEqual([reply.status, reply.json], [200, { kind: "key", connected: true }]);
    assert.equal((await asked(one.member(mail("lists")))).status, 200);
    assert.equal(last(), first);
    assert.equal((await other.owner(mail("lists"))).code, "CONNECTION_NOT_CONNECTED");
    await asked(put(one.owner, `  ${first}x `));
    await asked(one.owner(mail("lists")));
    assert.equal(last(), `${first}x`);
  });
  await t.test("never read again", async () => {
    for (const method of ["GET", "HEAD", "POST", "DELETE"]) {
      const reply = await asked(one.owner(mail("key"), { method }));
      assert.equal(reply.status, 405, method);
    }
    await asked(one.owner(mail("status")));
    const { json: told } = await asked(one.owner(mail("lists")));
    assert.match(told.key, /^\*+$/, "the third party's echo is covered");
  });
  await t.test("by those who manage it only", async () => {
    for (const who of [one.member, one.visitor]) {
      const reply = await put(who, "mine");
      assert.deepEqual([reply.status, reply.code], [403, "ROLE_NOT_ALLOWED"]);
      assert.equal((await who(mail("disconnect"), post)).status, 403);
    }
    assert.equal((await put(sender(one.backend), "mine")).status, 401);
    await one.owner(mail("lists"));
    assert.equal(last(), `${first}x`);
  });
  const bodies = {
    nothing: "",
    "no JSON": "key=abc",
    "no key": "{}",
    "a number": '{"key":7}',
    empty: '{"key":"  "}',
    "a line break": '{"key":"a\\r\\nX-Injected: 1"}',
    "a NUL": '{"key":"a\\u0000b"}',
    "too long": JSON.stringify({ key: "x".repeat(70_000) }),
  };
  for (const [name, body] of Object.entries(bodies)) {
    await t.test(`refused: ${name}`, async () => {
      const reply = await one.owner(mail("key"), { ...json({}, "PUT"), body });
      assert.deepEqual([reply.status, reply.code], [400, "AUTHORIZATION_UNUSABLE"], reply.text);
      await one.owner(mail("lists"));
      assert.equal(last(), `${first}x`, "the old one stays");
    });
  }
  await t.test("refused: larger than bodies may be", async () => {
    const reply = await one.owner(mail("key"), json({ key: "x".repeat(1_100_000) }, "PUT"));
    assert.deepEqual([reply.status, reply.code], [413, "BODY_TOO_LARGE"]);
  });
  await t.test("taken back", async () => {
    assert.deepEqual((await one.owner(mail("disconnect"), post)).json, { kind: "key", connected: false });
    assert.equal((await one.owner(mail("lists"))).code, "CONNECTION_NOT_CONNECTED");
  });
  await t.test("set and listed by the command line, too", async () => {
    await place.set("mail-key", first, "--instance", other.instanceId);
    const listed = await place.done(["secret", "list", "--instance", other.instanceId]);
    assert.match(listed, /^mail-key +version 1 /);
    await until("it to be used", async () => (await other.owner(mail("lists"))).status === 200, 3000);
    assert.equal(last(), first);
  });
  await t.test("nowhere to be read", async () => {
    await asked(put(one.owner, second));
    const exported = await place.done(["instance", "export", one.instanceId]);
    await program.stop("SIGINT");
    const everything =
      said.join("") + exported + program.stderr + readFileSync(join(place.data, "backlot.db"), "latin1");
    for (const key of [first, second]) assert.ok(!everything.includes(key));
  });
});

// What is sent again, and what is not; and the rest that a third party gets after failures.

import assert from "node:assert/strict";
import { test } from "node:test";

import { until } from "../lib/poll.mjs";
import { of, post } from "./lib/accounts.mjs";
import { json, startConnections } from "./lib/stage.mjs";
import { answerJson, startThirdParty } from "./lib/third_party.mjs";

const entry = (address, name, more = "") => `
[[connection]]
name = "${name}"
base_url = "${address}"
networks = ["127.0.0.1"]
auth = { bearer = { inline = "a-key-of-the-api" } }
allow = ["owner"]
calls = ["GET /**", "POST /**", "PUT /**"]
${more}
`;

test("what is sent again, and what is not", async (t) => {
  // What is to come, first to last: a status, [a status and headers] or "reset". Then all is well.
  let script = [];
  const party = await startThirdParty(t, (request, response) => {
    const next = script.shift();
    if (next === "reset") return request.socket.resetAndDestroy();
    const [status, headers] = [next ?? 200].flat();
    return answerJson(response, { status }, status, headers);
  });
  const config = [
    entry(party.address, "things"),
    entry(party.address, "keyed", 'idempotency_key = "X-Once"\npass_headers = ["X-Once"]'),
    entry(party.address, "never", "retries = 0"),
    entry("http://127.0.0.1:1", "down"),
  ].join("");
  const { site } = await startConnections(t, { config });
  const run = async (name, steps, options = {}) => {
    script = [...steps];
    const before = party.seen.length;
    const reply = await site().owner(`/connections/${name}/things/1`, options);
    const made = party.seen.slice(before);
    // What broke is made good again, so that no rest begins.
    script = [];
    await site().owner(`/connections/${name}/things/1`, { method: "PUT" });
    return { status: reply.status, code: reply.code, made, reply };
  };
  const post = (more = {}) => ({ ...json({ a: 1 }), headers: { "Content-Type": "application/json", ...more } });
  const date = (seconds) => new Date(Date.now() + seconds * 1000).toUTCString();
  const cases = [
    ["GET after 500, 502", "things", [500, 502], {}, 200, 3],
    ["GET after 503, 504", "things", [503, 504], {}, 200, 3],
    ["GET, three times 500", "things", [500, 500, 500], {}, 500, 3],
    ["GET after a reset", "things", ["reset"], {}, 200, 2],
    ["GET after 429 with a time", "things", [[429, { "Retry-After": "0" }]], {}, 200, 2],
    ["GET with 429 and a long time", "things", [[429, { "Retry-After": "3600" }]], {}, 429, 1],
    ["GET after 429 until a time that has passed", "things", [[429, { "Retry-After": date(-60) }]], {}, 200, 2],
    ["GET after 503 until a time soon", "things", [[503, { "Retry-After": date(1) }]], {}, 200, 2],
    ["GET with 429 until a time far off", "things", [[429, { "Retry-After": date(3600) }]], {}, 429, 1],
    ["GET with 404", "things", [404], {}, 404, 1],
    ["POST with 429", "things", [429], post(), 429, 1],
    ["POST after 429, with a key", "keyed", [429], post(), 200, 2],
    ["POST after 500, with an empty key of the page's", "keyed", [500], post({ "X-Once": "" }), 200, 2],
    ["GET with 501", "things", [501], {}, 501, 1],
    ["POST after 500", "things", [500], post(), 500, 1],
    ["POST after 503", "things", [503], post(), 503, 1],
    ["POST after a reset", "things", ["reset"], post(), 502, 1],
    ["PUT after 500", "things", [500], { ...post(), method: "PUT" }, 500, 1],
    ["POST with a key of its own, where none is configured", "things", [500], post({ "Idempotency-Key": "k" }), 500, 1],
    ["POST after 500, with a key", "keyed", [500], post(), 200, 2],
    ["POST after a reset, with a key", "keyed", ["reset"], post(), 200, 2],
    ["POST after 500, with the page's key", "keyed", [500], post({ "X-Once": "of-the-page" }), 200, 2],
    ["GET without retries", "never", [500], {}, 500, 1],
  ];
  for (const [name, connection, steps, options, status, count] of cases) {
    await t.test(name, async () => {
      const { made, reply } = await run(connection, steps, options);
      assert.deepEqual([reply.status, made.length], [status, count], reply.text);
      if (status === 502) assert.equal(reply.code, "CONNECTION_BROKEN");
      const keys = new Set(made.map(({ headers }) => headers["x-once"]));
      assert.equal(keys.size, 1, "always the same");
      const [key] = keys;
      if (connection !== "keyed") assert.equal(key, undefined);
      else assert.match(key, /^[0-9a-f-]{36}$/);
      for (const { body } of made) assert.equal(body, options.body ?? "");
    });
  }
  await t.test("two writes have two keys, and a read has none", async () => {
    const before = party.seen.length;
    for (const options of [post(), post(), {}]) await site().owner("/connections/keyed/things/1", options);
    const [one, other, read] = party.seen.slice(before).map(({ headers }) => headers["x-once"]);
    assert.notEqual(one, other);
    assert.equal(read, undefined);
  });
  await t.test("nobody there", async () => {
    const reply = await site().owner("/connections/down/things/1");
    assert.deepEqual([reply.status, reply.code], [502, "CONNECTION_UNREACHABLE"]);
  });
});

test("rest for all", async (t) => {
  let status = 500;
  const party = await startThirdParty(t, (request, response) => answerJson(response, {}, status));
  const { site } = await startConnections(t, { config: entry(party.address, "things", "retries = 0") });
  const call = () => site().owner("/connections/things/things");

  await t.test("a third party that fails five instances in a row is left alone by all", async () => {
    const codes = [];
    for (let number = 0; number < 12; number += 1) {
      const reply = await call();
      codes.push(reply.code ?? reply.status);
    }
    assert.deepEqual(codes, [...Array(5).fill(500), ...Array(7).fill("CONNECTION_UNAVAILABLE")]);
    assert.equal(party.seen.length, 5);
  });
  await t.test("then one tries, and all go on", async () => {
    status = 200;
    await until("calls to go on", async () => (await call()).status === 200, 5000);
    for (let number = 0; number < 5; number += 1) assert.equal((await call()).status, 200);
  });
  await t.test("one instance that fails again and again stops nobody", async () => {
    const { owner } = site();
    status = 500;
    for (let number = 0; number < 10; number += 1) await owner("/connections/things/things");
    status = 200;
    assert.equal((await call()).status, 200);
  });
});

test("rest after failures", async (t) => {
  let status = 500;
  const party = await startThirdParty(t, (request, response) =>
    answerJson(response, {}, request.headers["x-api-key"] === "well" ? 200 : status),
  );
  const config = [
    entry(party.address, "shared", "retries = 0"),
    entry(party.address, "own", "retries = 0").replace(
      /auth = .*/,
      'auth = { header = { name = "X-Api-Key", value = { instance_secret = "own-key" } } }',
    ),
  ].join("");
  const { site } = await startConnections(t, { config });

  await t.test("after five in a row none is made for a while, then it goes on", async () => {
    const { owner } = site();
    const codes = [];
    for (let number = 0; number < 8; number += 1) {
      const reply = await owner("/connections/shared/things");
      codes.push(reply.code ?? reply.status);
      if (reply.status === 503) assert.ok(Number(reply.headers["retry-after"]) >= 1);
    }
    assert.deepEqual(codes, [...Array(5).fill(500), ...Array(3).fill("CONNECTION_UNAVAILABLE")]);
    assert.equal(party.seen.length, 5);
    assert.equal(
      (await site().owner("/connections/shared/things")).status,
      500,
      "what one instance does stops no other",
    );
    status = 200;
    await until("calls to go on", async () => (await owner("/connections/shared/things")).status === 200, 5000);
    assert.equal((await site().owner("/connections/shared/things")).status, 200);
  });
  await t.test("an instance's own key that fails stops no other instance", async () => {
    status = 500;
    const [bad, good] = [site(), site()];
    await bad.owner("/connections/own/key", json({ key: "failing" }, "PUT"));
    await good.owner("/connections/own/key", json({ key: "well" }, "PUT"));
    for (let number = 0; number < 6; number += 1) await bad.owner("/connections/own/things");
    assert.equal((await bad.owner("/connections/own/things")).code, "CONNECTION_UNAVAILABLE");
    assert.equal((await good.owner("/connections/own/things")).status, 200);
  });
  await t.test("what is the caller's fault is none of the third party's", async () => {
    const { owner } = site();
    status = 400;
    for (let number = 0; number < 10; number += 1) {
      assert.equal((await owner("/connections/shared/things")).status, 400);
      assert.equal((await owner("/connections/shared/other/../x")).status, 400);
    }
    status = 200;
    assert.equal((await owner("/connections/shared/things")).status, 200);
  });
});

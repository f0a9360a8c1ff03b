// How often, how much and how large: rates, quotas, and the sizes of bodies.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { deferred, until } from "../lib/poll.mjs";
import { readAll, sendRaw } from "./lib/raw.mjs";
import { connectionsPlace, json, startConnections } from "./lib/stage.mjs";
import { startThirdParty } from "./lib/third_party.mjs";

const entry = (address, name, more) => `
[[connection]]
name = "${name}"
base_url = "${address}"
networks = ["127.0.0.1"]
auth = { bearer = { inline = "a-key-of-the-api" } }
allow = ["owner", "member"]
calls = ["GET /things", "POST /things", "GET /large"]
${more}
`;
const codes = (replies) => replies.map(({ status, code }) => code ?? status);
const times = (count, make) => Promise.all(Array.from({ length: count }, (_, number) => make(number)));

test("rates", async (t) => {
  const party = await startThirdParty(t);
  const config = [
    entry(party.address, "each", 'rate_limit = { requests = 3, per = "1h" }'),
    entry(party.address, "total", 'total_rate_limit = { requests = 5, per = "1h" }'),
    entry(
      party.address,
      "both",
      'rate_limit = { requests = 2, per = "1h" }\ntotal_rate_limit = { requests = 3, per = "1h" }',
    ),
  ].join("");
  const { site } = await startConnections(t, { config });

  await t.test("each instance by itself, all of its people together", async () => {
    const [one, other] = [site(), site()];
    const people = [one.owner, one.member, one.owner, one.member, one.owner];
    const replies = [];
    for (const who of people) replies.push(await who("/connections/each/things"));
    assert.deepEqual(codes(replies), [200, 200, 200, "RATE_LIMITED", "RATE_LIMITED"]);
    assert.equal(replies[4].status, 429);
    assert.ok(Number(replies[4].headers["retry-after"]) > 1000);
    assert.equal((await other.owner("/connections/each/things")).status, 200);
  });
  await t.test("all instances together", async () => {
    const replies = await times(12, () => site().owner("/connections/total/things"));
    assert.equal(replies.filter(({ status }) => status === 200).length, 5);
    assert.deepEqual([...new Set(codes(replies))].sort(), [200, "RATE_LIMITED"]);
  });
  await t.test("what an instance's own limit refuses is not taken from the others", async () => {
    const [one, other] = [site(), site()];
    const greedy = [];
    for (let number = 0; number < 6; number += 1) greedy.push(await one.owner("/connections/both/things"));
    assert.deepEqual(codes(greedy).slice(0, 3), [200, 200, "RATE_LIMITED"]);
    assert.equal((await other.owner("/connections/both/things")).status, 200);
    assert.equal((await other.owner("/connections/both/things")).code, "RATE_LIMITED");
  });
  await t.test("calls that are refused for another reason do not count", async () => {
    const one = site();
    for (let number = 0; number < 10; number += 1) {
      await one.visitor("/connections/each/things");
      await one.owner("/connections/each/other");
      await one.owner("/connections/each/things?a=1");
    }
    assert.deepEqual(codes(await times(3, () => one.owner("/connections/each/things"))), [200, 200, 200]);
  });
});

test("calls that wait, all at once", async (t) => {
  const gate = deferred();
  const party = await startThirdParty(t, (request) =>
    request.url === "/large" ? gate.promise.then(() => false) : false,
  );
  const { site } = await startConnections(t, { config: entry(party.address, "things", "") });
  const [busy, other] = [site(), site()];
  let refused = 0;
  const waiting = times(300, async () => {
    const reply = await busy.owner("/connections/things/large");
    refused += reply.status === 429 ? 1 : 0;
    return reply;
  });
  await until("all of them to be there", () => party.seen.length === 256 && refused === 44);
  assert.equal((await busy.owner("/connections/things/things")).code, "RATE_LIMITED");
  assert.equal((await other.owner("/connections/things/things")).status, 200, "another instance has its own places");
  gate.resolve();
  const counts = (await waiting).map(({ status }) => status);
  assert.deepEqual([counts.filter((it) => it === 200).length, counts.filter((it) => it === 429).length], [256, 44]);
  assert.equal((await busy.owner("/connections/things/things")).status, 200);
});

test("quotas of a month, by plan", async (t) => {
  const party = await startThirdParty(t);
  const config = [
    entry(party.address, "planned", 'quota = { pro = 5, none = 0, "*" = 2 }'),
    entry(party.address, "same", 'quota = { "*" = 2 }'),
    entry(party.address, "many", 'quota = { "*" = 10 }'),
    entry(party.address, "only-pro", "quota = { pro = 1 }"),
    entry("http://127.0.0.1:1", "down", 'retries = 0\nquota = { "*" = 6 }'),
  ].join("");
  const place = await connectionsPlace(t, { config });
  let { program, site } = await place.start();
  const made = async (who, count, name = "planned") => {
    const replies = [];
    for (let number = 0; number < count; number += 1) replies.push(await who(`/connections/${name}/things`));
    return codes(replies);
  };
  const onPlan = (one, plan) => one.person("owner", { vendorProductId: plan });
  const over = "CONNECTION_QUOTA_EXHAUSTED";

  await t.test("each plan has its own, and each instance and connection its own count", async () => {
    const [free, pro, other] = [site(), site(), site()];
    assert.deepEqual(await made(free.owner, 4), [200, 200, over, over]);
    assert.deepEqual(await made(onPlan(pro, "pro"), 6), [200, 200, 200, 200, 200, over]);
    assert.deepEqual(await made(onPlan(other, "unheard-of"), 3), [200, 200, over]);
    assert.deepEqual(await made(onPlan(site(), "none"), 1), [over]);
    assert.deepEqual(await made(free.owner, 2, "same"), [200, 200]);
    assert.deepEqual(await made(onPlan(free, "pro"), 4), [200, 200, 200, over], "after an upgrade there are more");
  });
  await t.test("plans that have none are not limited", async () => {
    assert.deepEqual(await made(onPlan(site(), "basic"), 3, "only-pro"), [200, 200, 200]);
    assert.deepEqual(await made(onPlan(site(), "pro"), 2, "only-pro"), [200, over]);
  });
  await t.test("the refusal says how many, and when there are new ones", async () => {
    const one = site();
    await made(one.owner, 2);
    const reply = await one.owner("/connections/planned/things");
    assert.equal(reply.status, 429);
    assert.equal(reply.json.details.applicationError.data.quota, 2);
    const now = new Date();
    const next = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
    const seconds = Number(reply.headers["retry-after"]);
    assert.ok(Math.abs(seconds - (next - now) / 1000) < 60, `${seconds}`);
  });
  await t.test("calls that were not made, since the API rests, are not counted", async () => {
    const one = site();
    const down = await made(one.owner, 8, "down");
    assert.deepEqual(down, [...Array(5).fill("CONNECTION_UNREACHABLE"), ...Array(3).fill("CONNECTION_UNAVAILABLE")]);
    const left = async () => (await one.owner("/connections/down/things")).code;
    await until("the quota to be used up", async () => (await left()) === over, 15_000);
  });
  await t.test("many at once do not get past it", async () => {
    const one = site();
    const replies = await times(60, () => one.owner("/connections/many/things"));
    assert.equal(replies.filter(({ status }) => status === 200).length, 10);
  });
  await t.test("the count outlives the server", async () => {
    const instanceId = randomUUID();
    assert.deepEqual(await made(site(instanceId).owner, 2), [200, 200]);
    await program.stop("SIGINT");
    ({ program, site } = await place.start());
    assert.deepEqual(await made(site(instanceId).owner, 1), [over]);
  });
});

test("sizes", async (t) => {
  const party = await startThirdParty(t, (request, response) => {
    if (request.url !== "/large") return false;
    const bytes = Buffer.alloc(Number(request.headers["x-bytes"]), "x");
    const isAnnounced = request.headers["x-announced"] === "yes";
    response.writeHead(200, { "Content-Type": "text/plain", ...(isAnnounced && { "Content-Length": bytes.length }) });
    response.end(bytes);
    return undefined;
  });
  const config = entry(
    party.address,
    "things",
    'body_limit = "1KiB"\nreply_limit = "64KiB"\npass_headers = ["x-bytes", "x-announced"]',
  );
  const { backend, site } = await startConnections(t, { config });
  const { owner } = site();
  const text = { "Content-Type": "text/plain" };

  await t.test("a body that fits", async () => {
    const reply = await owner("/connections/things/things", { method: "POST", headers: text, body: "x".repeat(1024) });
    assert.deepEqual([reply.status, reply.json.body.length], [200, 1024]);
  });
  await t.test("one that says that it is larger", async () => {
    const before = party.seen.length;
    const reply = await owner("/connections/things/things", { method: "POST", headers: text, body: "x".repeat(1025) });
    assert.deepEqual([reply.status, reply.code], [413, "BODY_TOO_LARGE"]);
    assert.equal(reply.json.details.applicationError.data.limitBytes, 1024);
    assert.equal(party.seen.length, before);
  });
  await t.test("one that is larger and does not say so", async () => {
    const before = party.seen.length;
    const size = "400";
    const chunk = `${size}\r\n${"x".repeat(0x400)}\r\n`;
    const head = `Host: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nAuthorization: ${owner.credential}\r\n\r\n`;
    const reply = await sendRaw(
      backend,
      `POST /connections/things/things HTTP/1.1\r\n${head}${chunk.repeat(3)}0\r\n\r\n`,
    );
    assert.equal(reply.status, 413, reply.text);
    assert.equal(party.seen.length, before, "the third party got no whole call");
  });
  const large = (bytes, announced) =>
    readAll(`${backend}/connections/things/large`, {
      headers: { Authorization: owner.credential, "X-Bytes": String(bytes), "X-Announced": announced ? "yes" : "no" },
    });
  await t.test("a reply that fits", async () => {
    for (const announced of [true, false]) {
      const reply = await large(65_536, announced);
      assert.deepEqual([reply.status, reply.bytes.length, reply.whole], [200, 65_536, true]);
    }
  });
  await t.test("one that says that it is larger", async () => {
    const reply = await large(65_537, true);
    assert.equal(reply.status, 502);
    assert.match(reply.text, /CONNECTION_REPLY_REFUSED/);
  });
  await t.test("one that is larger and does not say so breaks off", async () => {
    const reply = await large(1_000_000, false);
    assert.equal(reply.whole, false, "it is not taken for a whole one");
    assert.ok(reply.bytes.length <= 65_536);
  });
  await t.test("and the next call goes well", async () => {
    const reply = await owner("/connections/things/things", json({ a: 1 }));
    assert.equal(reply.status, 200);
  });
  await t.test("HEAD of a large one", async () => {
    const head = await owner("/connections/things/large", {
      method: "HEAD",
      headers: { "X-Bytes": "10", "X-Announced": "yes" },
    });
    assert.equal(head.status, 200);
  });
});

// Secrets: kept sealed, used at once, and never shown again.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { call } from "../lib/call.mjs";
import { until } from "../lib/poll.mjs";
import { of } from "./lib/accounts.mjs";
import { assertNowhere, bytesIn, newSecret, bearerConnection } from "./lib/nowhere.mjs";
import { connectionsPlace, json, startConnections } from "./lib/stage.mjs";
import { startThirdParty } from "./lib/third_party.mjs";

test("the commands", async (t) => {
  const place = await connectionsPlace(t);
  const [first, second, own] = [newSecret(), newSecret(), newSecret()];
  const instanceId = randomUUID();
  const said = [];
  const run = async (args, options) => {
    const outcome = await place.run(["secret", ...args], options);
    said.push(outcome.stdout + outcome.stderr);
    return outcome;
  };
  const done = async (...all) => {
    const { code, stdout, stderr } = await run(...all);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const list = async (...more) => JSON.parse(await done(["list", "--json", ...more]));

  await t.test("set, list, rotate, remove", async () => {
    assert.deepEqual(await list(), []);
    assert.equal(await done(["set", "stripe.live"], { input: `${first}\n` }), "");
    const [listed, ...others] = await list();
    assert.deepEqual([listed.name, listed.version, others], ["stripe.live", 1, []]);
    await done(["rotate", "stripe.live"], { input: second });
    assert.equal((await list())[0].version, 2);
    assert.match(await done(["list"]), /^stripe\.live +version 2 +changed \d{4}-\d\d-\d\dT[\d:]+Z\n$/);
    await done(["set", "stripe.live"], { input: first });
    assert.equal((await list())[0].version, 3, "set replaces, too");
    await done(["remove", "stripe.live", "--yes"]);
    assert.deepEqual(await list(), []);
  });
  await t.test("those of one instance are its own", async () => {
    await done(["set", "key"], { input: first });
    await done(["set", "key", "--instance", instanceId], { input: own });
    const [listed] = await list("--instance", instanceId);
    assert.deepEqual([listed.name, listed.instanceId, listed.version], ["key", instanceId, 1]);
    assert.deepEqual(
      (await list()).map(({ version, instanceId }) => [version, instanceId]),
      [[1, null]],
    );
    await done(["rotate", "key", "--instance", instanceId], { input: second });
    assert.equal((await list())[0].version, 1);
    assert.deepEqual(await list("--instance", randomUUID()), []);
    await done(["remove", "key", "--instance", instanceId, "--yes"]);
    assert.deepEqual(await list("--instance", instanceId), []);
    assert.equal((await list()).length, 1);
  });

  const mistakes = [
    ["rotate what is not there", ["rotate", "nothing"], first, /there is no secret nothing/],
    ["remove what is not there", ["remove", "nothing", "--yes"], first, /there is no secret nothing/],
    ["no value", ["set", "empty"], "", /value is empty/],
    ["only a line break", ["set", "empty"], "\n", /value is empty/],
    ["too large", ["set", "large"], "x".repeat(65_537), /64 KiB/],
    ["no text", ["set", "binary"], Buffer.from([0xff, 0xfe, 0x80]), /UTF-8/],
    ["no name", ["set", "a b"], first, /letters, digits/],
    ["a path as the name", ["set", "../key"], first, /letters, digits/],
    ["no instance", ["set", "key", "--instance", "somebody"], first, /--instance/],
  ];
  for (const [name, args, input, words] of mistakes) {
    await t.test(name, async () => {
      const { code, stdout, stderr } = await run(args, { input });
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.match(stderr, words);
    });
  }
  await t.test("a value on the command line is not taken", async () => {
    const { code } = await place.run(["secret", "set", "argument", first], { input: second });
    assert.notEqual(code, 0);
    assert.ok(!(await list()).some(({ name }) => name === "argument"));
  });
  await t.test("the largest that fits, of several lines, comes back as it was", async () => {
    const large = `${"line\n".repeat(13_000)}end`;
    await done(["set", "large"], { input: large });
    assert.ok((await list()).some(({ name }) => name === "large"));
  });
  await t.test("nobody else reads the master key's file", () => {
    assert.equal(statSync(join(place.data, "master.key")).mode & 0o777, 0o600);
  });
  await t.test("no value was shown, and none is in the data folder", () => {
    const [master] = readFileSync(join(place.data, "master.key"), "utf8").split("\n");
    assertNowhere([first, second, own, master], said.join(""), "what the commands said");
    rmSync(join(place.data, "master.key"));
    assertNowhere([first, second, own, master], bytesIn(place.data), "the data folder");
  });
});

test("a running server", async (t) => {
  const values = [newSecret(), newSecret(), newSecret()];
  const party = await startThirdParty(t, (request, response) => {
    response.setHeader("X-Echo", request.headers.authorization);
    response.writeHead(request.url === "/things" && request.method === "POST" ? 500 : 200);
    response.end(`You sent ${request.headers.authorization}`);
  });
  const config = `[log]\nlevel = "debug"\n${bearerConnection(party.address)}reply_headers = ["X-Echo"]\nretries = 0\n`;
  const place = await connectionsPlace(t, { config });
  const { program, site, admin } = await place.start();
  const { owner, instanceId } = site();
  const replies = [];
  const things = async (options) => {
    const reply = await owner("/connections/things/things", options);
    replies.push(reply);
    return reply;
  };
  // Resolves once calls are made with this value, and says how long that took.
  const used = async (value) => {
    const from = Date.now();
    await until("the value to be used", async () => {
      await things();
      return party.seen.at(-1)?.headers.authorization === `Bearer ${value}`;
    });
    return Date.now() - from;
  };

  await t.test("starts without the secret, and says what is missing", async () => {
    const reply = await things();
    assert.deepEqual([reply.status, reply.code], [503, "SECRET_MISSING"]);
    assert.ok(!reply.text.includes('"key"'), "which one is for the log");
    assert.equal(party.seen.length, 0);
  });
  await t.test("uses one that is set, and then one that is rotated, within about a second", async () => {
    await place.set("key", values[0]);
    assert.ok((await used(values[0])) < 2000);
    await place.rotate("key", values[1]);
    assert.ok((await used(values[1])) < 2000);
  });
  await t.test("goes on through a change of the master key", async () => {
    const old = readFileSync(join(place.data, "master.key"), "utf8");
    assert.equal(await place.done(["secret", "rekey"], { input: "" }), "");
    assert.notEqual(readFileSync(join(place.data, "master.key"), "utf8"), old);
    assert.ok(!existsSync(join(place.data, "master.key.new")));
    await place.rotate("key", values[2]);
    assert.ok((await used(values[2])) < 2000);
    assert.equal((await things({ ...json({}), method: "POST" })).status, 500);
  });
  await t.test("an instance's own secret leaves with no export", async () => {
    await place.set("own", values[0], "--instance", instanceId);
    const exported = await place.done(["instance", "export", instanceId]);
    assertNowhere(values, exported, "the export");
  });
  await t.test("uses none that was removed", async () => {
    await place.done(["secret", "remove", "key", "--yes"]);
    await until("calls to end", async () => (await things()).code === "SECRET_MISSING");
  });
  await t.test("none of them is in a reply, the log, the metrics or the data folder", async () => {
    const metrics = await call(`${admin}/metrics`);
    const overview = await call(`${admin}/`);
    await program.stop("SIGINT");
    const all = replies.map(({ text, headers }) => text + JSON.stringify(headers)).join("\n");
    assert.match(all, /You sent Bearer \*+/);
    assertNowhere(values, all, "a reply");
    assert.match(program.stderr, /redacted the credential/, "it is reported");
    assertNowhere(values, program.stderr + program.stdout, "the log");
    assertNowhere(values, metrics.text + overview.text, "the admin listener");
    assertNowhere(values, bytesIn(place.data), "the data folder");
  });
});

test("a secret that was moved in the database does not open", async (t) => {
  const party = await startThirdParty(t);
  const place = await connectionsPlace(t, { config: bearerConnection(party.address), database: "postgres" });
  await place.set("key", newSecret());
  await place.set("other", newSecret());
  const { site } = await place.start();
  const { owner } = site();
  assert.equal((await owner("/connections/things/things")).status, 200);
  await place.sql("UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE name = 'other') WHERE name = 'key'");
  await until(
    "the change to be seen",
    async () => (await owner("/connections/things/things")).code === "SECRET_UNREADABLE",
  );
});

test("secrets on a connection that was never asked for do not stop the start", async (t) => {
  const party = await startThirdParty(t);
  const { site } = await startConnections(t, { config: bearerConnection(party.address, '"none"') });
  const reply = await site().owner("/connections/things/things");
  assert.equal(reply.status, 200, reply.text);
  assert.equal(party.seen[0].headers.authorization, undefined);
});

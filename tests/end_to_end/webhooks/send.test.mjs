// `backlot simulator send` with a running simulator: what an app's server gets, how soon it must answer, and what it gets again.

import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { AppStrategy, createClient } from "@wix/sdk";

import { command, startDev } from "../lib/backlot.mjs";
import { temporaryFolder } from "../lib/folder.mjs";
import { until } from "../lib/poll.mjs";
import { simulatorOf } from "../lib/simulator.mjs";
import { opened, startReceiver } from "../lib/webhooks.mjs";

async function stage(t, answer) {
  const backlot = await startDev(t);
  const receiver = await startReceiver(t, answer);
  const [{ instanceId }] = backlot.ready.instances;
  const send = (type, ...more) => {
    const args = ["simulator", "send", type, "--instance", instanceId, "--data", backlot.data, ...more];
    return command(args, { cwd: backlot.folder });
  };
  const wix = simulatorOf(backlot.ready);
  const { publicKey } = backlot.ready.app;
  const { webhooks } = createClient({ auth: AppStrategy({ appId: backlot.ready.app.id, publicKey }) });
  return { ...backlot, ...receiver, send, wix, webhooks, instanceId };
}

const lines = (stdout) => stdout.trimEnd().split("\n");
const objects = (stdout) => lines(stdout).map((line) => JSON.parse(line));

test("events arrive as Wix sends them", async (t) => {
  const { data, folder, got, instanceId, ready, send, url, webhooks, wix } = await stage(t);

  await t.test("in order, each with its id", async () => {
    const more = ["--to", `${url}?x=1`, "--json", "--count", "45", "--entity", "c-1", "--sequence", "100"];
    const { code, stdout, stderr } = await send("wix.contacts.v4.contact_updated", ...more);
    assert.deepEqual([code, stderr], [0, ""]);
    const printed = objects(stdout);
    assert.equal(printed.length, 45);
    assert.deepEqual(Object.keys(printed[0]).sort(), ["durationMs", "eventId", "status", "type"]);
    assert.ok(printed.every(({ status, durationMs }) => status === 200 && durationMs >= 0 && durationMs <= 1250));
    assert.equal(got.length, 45);
    assert.deepEqual([got[0].contentType, got[0].url], ["text/plain", "/hook?x=1"]);
    const events = [];
    for (const { body } of got) events.push(await webhooks.process(body));
    assert.deepEqual(events.map(({ payload }) => payload.id), printed.map(({ eventId }) => eventId));
    assert.equal(new Set(printed.map(({ eventId }) => eventId)).size, 45);
    const sequences = Array.from({ length: 45 }, (_, index) => String(100 + index));
    assert.deepEqual(events.map(({ payload }) => payload.entityEventSequence), sequences);
    assert.ok(events.every(({ instanceId: id, payload }) => id === instanceId && payload.entityId === "c-1"));
  });

  await t.test("a lifecycle event has no id", async () => {
    const { stdout } = await send("AppInstalled", "--to", url, "--json");
    assert.deepEqual(objects(stdout).map(({ type, eventId }) => [type, eventId]), [["AppInstalled", null]]);
  });

  await t.test("for people", async () => {
    const { stdout } = await send("AppInstalled", "--to", url);
    assert.match(stdout, /^200 {2}\d+ ms {2}AppInstalled {2}-\n$/);
  });

  await t.test("JSON of one's own", async () => {
    const file = join(folder, "data.json");
    writeFileSync(file, JSON.stringify({ id: "t-1", name: "Żółw" }));
    assert.equal((await send("my.app.v1.thing_created", "--to", url, "--data", file)).code, 0);
    const { payload } = await webhooks.process(got.at(-1).body);
    assert.deepEqual([payload.entityFqdn, payload.slug, payload.entityId], ["my.app.v1.thing", "created", "t-1"]);
    assert.deepEqual(payload.createdEvent, { entity: { id: "t-1", name: "Żółw" } });
    const args = ["simulator", "send", "Other", "--instance", instanceId, "--data", data, "--data", "-", "--to", url];
    assert.equal((await command(args, { cwd: folder, input: "[1]" })).code, 0);
    assert.deepEqual(opened(got.at(-1).body).payload, [1]);
  });

  await t.test("repeats, byte for byte, in any order", async () => {
    const before = got.length;
    const more = ["--to", url, "--count", "30", "--repeat", "2", "--shuffle", "--sequence", "0"];
    assert.equal((await send("wix.contacts.v4.contact_created", ...more)).code, 0);
    const mixed = got.slice(before).map(({ body }) => body);
    const counts = new Map();
    for (const body of mixed) counts.set(body, (counts.get(body) ?? 0) + 1);
    assert.deepEqual([counts.size, ...new Set(counts.values())], [30, 3]);
    const sequences = mixed.map((body) => Number(opened(body).payload.entityEventSequence));
    assert.notDeepEqual(sequences, [...sequences].sort((one, other) => one - other));
  });

  await t.test("a wrong key", async () => {
    await send("AppInstalled", "--to", url, "--wrong-key");
    await assert.rejects(webhooks.process(got.at(-1).body), /signature verification failed/);
  });

  await t.test("to the backend, unless another address is named", async () => {
    const state = await wix.webhooks();
    assert.equal(state.to, `${ready.backend}/webhooks`);
    const [key, appKey] = [state.publicKey, ready.app.publicKey].map((pem) => createPublicKey(pem).export({ type: "spki", format: "pem" }));
    assert.deepEqual([key, state.isAppKey], [appKey, true]);
    const { webhooks: sent } = await wix.sendWebhooks({ type: "AppInstalled", instanceId });
    assert.equal(sent[0].to, state.to);
  });
});

test("an answer that is not 200 in 1,250 ms is a failure, and Wix tries again", async (t) => {
  const silent = () => {};
  const refusing = (_, response) => response.writeHead(500).end();
  const rules = [refusing, silent, (_, response) => response.writeHead(202).end(), () => false];
  const { got, send, url, wix } = await stage(t, (number, response) => (rules[number] ?? (() => false))(number, response));

  // An hour and eleven minutes in 42 ms.
  const { code, stdout, stderr } = await send("AppInstalled", "--to", url, "--json", "--speed", "100000");
  assert.equal(code, 1);
  assert.deepEqual(objects(stdout).map(({ status }) => status), [500]);
  assert.match(stderr, /^error: 1 of 1 were not answered with 200\n {2}hint: the simulator tries again/);
  const [webhook] = await until("the fourth attempt", async () => {
    const { webhooks } = await wix.webhooks();
    return webhooks[0].state === "delivered" && webhooks;
  });
  assert.deepEqual(webhook.attempts.map(({ status }) => status), [500, null, 202, 200]);
  assert.equal(webhook.attempts[1].error, "no response in 1250 ms");
  assert.ok(webhook.attempts[1].durationMs >= 1250 && webhook.attempts[1].durationMs < 5000);
  assert.equal(new Set(got.map(({ body }) => body)).size, 1, "the same bytes each time");
});

test("no answer at all", async (t) => {
  const { send, wix } = await stage(t);
  const { code, stdout } = await send("AppInstalled", "--to", "http://127.0.0.1:1/", "--json");
  assert.equal(code, 1);
  assert.deepEqual(objects(stdout).map(({ status }) => status), [null]);
  const { webhooks } = await wix.webhooks();
  assert.equal(webhooks[0].state, "waiting");
  const wait = Date.parse(webhooks[0].nextAttemptAt) - Date.parse(webhooks[0].attempts[0].at);
  assert.ok(wait >= 60_000 && wait < 65_000, String(wait));
});

test("mistakes", async (t) => {
  const { data, folder, got, instanceId, program, send, url } = await stage(t);
  const mistaken = async (words, ...args) => {
    const { code, stdout, stderr } = await send(...args);
    assert.deepEqual([code, stdout], [1, ""], stderr);
    assert.match(stderr, words);
  };
  for (const more of [["--to", url], ["--print"]]) {
    await mistaken(/There is no event type `AppInstaled`\. Did you mean AppInstalled\?/, "AppInstaled", ...more);
    await mistaken(/`AppInstalled` has no sequence/, "AppInstalled", "--sequence", "1", ...more);
    await mistaken(/--event-id: several events cannot have the same id/, "x.y_z", "--count", "2", "--event-id", "e", ...more);
    await mistaken(/has the samples 1 to 1/, "AppInstalled", "--sample", "2", ...more);
    await mistaken(/--data: cannot read .*nothing\.json/, "AppInstalled", "--data", join(folder, "nothing.json"), ...more);
  }
  const bad = join(folder, "bad.json");
  writeFileSync(bad, "{");
  await mistaken(/--data: .*bad\.json is not JSON: EOF/, "AppInstalled", "--data", bad);
  await mistaken(/`to` must be an address/, "AppInstalled", "--to", "ftp://example.com/");
  assert.equal(got.length, 0);

  await program.stop("SIGINT");
  await mistaken(/no simulator runs on .*\n {2}hint: start `backlot dev`/, "AppInstalled");
  const { code } = await command(["simulator", "send", "AppInstalled", "--instance", instanceId, "--data", data, "--print"], { cwd: folder });
  assert.equal(code, 0);
  const empty = await command(["simulator", "send", "AppInstalled", "--instance", instanceId, "--print"], { cwd: temporaryFolder(t) });
  assert.equal(empty.code, 1);
  assert.match(empty.stderr, /there is no app/);
});

test("backlot simulator events", async () => {
  const { code, stdout } = await command(["simulator", "events"]);
  assert.equal(code, 0);
  const types = lines(stdout);
  assert.equal(types.length, 177);
  for (const type of ["AppInstalled", "PaidPlanChanged", "wix.contacts.v4.contact_created"]) assert.ok(types.includes(type), type);
  const listed = objects((await command(["simulator", "events", "--json"])).stdout);
  assert.deepEqual(listed.map(({ type }) => type), types);
  assert.deepEqual(listed[0], { type: "AppInstalled", kind: "flat", samples: 1 });
});

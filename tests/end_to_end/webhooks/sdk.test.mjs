// `webhooks.process` of the real `@wix/sdk` judges what `backlot simulator send --print` prints, and gives it to handlers
// that are registered for every type.

import assert from "node:assert/strict";
import { test } from "node:test";

import { AppStrategy, createClient, EventDefinition } from "@wix/sdk";

import { command, startDev } from "../lib/backlot.mjs";
import { eventSamples, opened, realWebhook } from "../lib/webhooks.mjs";

const lifecycle = [
  "AppInstalled",
  "AppRemoved",
  "PlanReactivated",
  "PlanConvertedToPaid",
  "PlanTransferred",
  "SitePropertiesUpdated",
];
// How many programs print at a time.
const AT_ONCE = 4;

// A client that hands what it gets for these types to `handle(type, event)`.
function clientFor({ id, publicKey }, types, handle) {
  const modules = Object.fromEntries(types.map(({ type, isDomain }, index) => [`on${index}`, EventDefinition(type, isDomain)()]));
  const client = createClient({ auth: AppStrategy({ appId: id, publicKey }), modules });
  for (const [index, { type }] of types.entries()) client[`on${index}`]((event) => handle(type, event));
  return client;
}

test("the SDK accepts every kind of event", async (t) => {
  const { program, data, folder, ready } = await startDev(t);
  const [{ instanceId, ownerId, siteId }] = ready.instances;
  await t.test("with the simulator stopped", () => program.stop("SIGINT"));
  const print = async (type, ...more) => {
    const args = ["simulator", "send", type, "--print", "--instance", instanceId, "--data", data, ...more];
    const { code, stdout, stderr } = await command(args, { cwd: folder });
    assert.deepEqual([code, stderr], [0, ""], type);
    return stdout.trimEnd().split("\n");
  };

  const samples = eventSamples();
  assert.equal(samples.length, 198);
  const isDomain = (sample) => "entityFqdn" in sample;
  const types = [
    ...new Map(samples.map(({ type, sample }) => [type, { type, isDomain: isDomain(sample) }])).values(),
    ...lifecycle.map((type) => ({ type, isDomain: false })),
  ];
  const handled = [];
  const client = clientFor(ready.app, types, (type, event) => handled.push({ type, event }));

  await t.test("each of the 198 samples", async () => {
    const work = [...samples];
    const worker = async () => {
      for (let next = work.pop(); next; next = work.pop()) {
        const [body] = await print(next.type, "--sample", String(next.number));
        Object.assign(next, { body });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    for (const { type, number, sample, body } of samples) {
      const what = `${type} ${number}`;
      const before = handled.length;
      const processed = await client.webhooks.process(body);
      assert.deepEqual([processed.eventType, processed.instanceId], [type, instanceId], what);
      assert.deepEqual(processed.identity, { identityType: "WIX_USER", wixUserId: ownerId });
      assert.deepEqual(processed.accountInfo, { accountId: ownerId, siteId });
      assert.equal(handled.length, before + 1, what);
      const { event } = handled[before];
      assert.equal(event.metadata.instanceId, instanceId);
      if (isDomain(sample)) judgeDomain(sample, processed.payload, event, what);
      else judgeFlat(sample, processed.payload, event, instanceId, what);
    }
  });

  await t.test("lifecycle events", async () => {
    for (const type of lifecycle) {
      const [body] = await print(type);
      const { eventType, payload } = await client.webhooks.process(body);
      assert.equal(eventType, type);
      assert.deepEqual(handled.at(-1).event.data, payload);
      if (type.startsWith("App")) assert.deepEqual(payload, { appId: ready.app.id });
      if (type.startsWith("Plan")) assert.ok(Math.abs(Date.parse(payload.operationTimeStamp) - Date.now()) < 60_000);
      if (type === "SitePropertiesUpdated") assert.equal(payload.metasiteId, siteId);
    }
  });

  await t.test("flags", async () => {
    const bodies = await print("wix.contacts.v4.contact_updated", "--count", "3", "--entity", "c-1", "--sequence", "9");
    assert.equal(bodies.length, 3);
    const payloads = [];
    for (const body of bodies) payloads.push((await client.webhooks.process(body)).payload);
    assert.deepEqual(payloads.map((it) => it.entityEventSequence), ["9", "10", "11"]);
    assert.deepEqual(payloads.map((it) => it.entityId), ["c-1", "c-1", "c-1"]);
    assert.equal(new Set(payloads.map((it) => it.id)).size, 3);
    const [one] = await print("wix.contacts.v4.contact_updated", "--event-id", "e-1");
    assert.equal((await client.webhooks.process(one)).payload.id, "e-1");
  });

  await t.test("the form of the token", async () => {
    const [body] = await print("AppInstalled");
    const { header, claims, envelope } = opened(body);
    const real = opened(realWebhook().jwt);
    assert.deepEqual(Object.keys(header).sort(), Object.keys(real.header).sort());
    assert.equal(header.alg, "RS256");
    assert.equal(header.kid.length, real.header.kid.length);
    assert.deepEqual(Object.keys(claims).sort(), Object.keys(real.claims).sort());
    assert.equal(claims.exp - claims.iat, real.claims.exp - real.claims.iat);
    assert.deepEqual(Object.keys(envelope).slice(0, 3), Object.keys(real.envelope));
    assert.ok(Object.values(envelope).slice(0, 4).every((value) => typeof value === "string"));
  });

  await t.test("a wrong key", async () => {
    const [body] = await print("AppInstalled", "--wrong-key");
    assert.equal(opened(body).envelope.eventType, "AppInstalled");
    await assert.rejects(client.webhooks.process(body), /signature verification failed/);
  });
});

test("the SDK accepts the webhook that Wix has signed, at its time", async (t) => {
  const { jwt, public_key_pem: publicKey, verify_at: seconds } = realWebhook();
  const client = createClient({ auth: AppStrategy({ appId: "any", publicKey }) });
  await assert.rejects(client.webhooks.process(jwt), /"exp" claim timestamp check failed/);
  t.mock.timers.enable({ apis: ["Date"], now: seconds * 1000 });
  const { eventType, instanceId, payload } = await client.webhooks.process(jwt);
  assert.deepEqual([eventType, instanceId], ["AppInstalled", "3bbcabc7-ebb7-4fc8-8829-13ea0e142123"]);
  assert.equal(payload.appId, "5bc2062d-010b-448c-a62a-d6bb269c5a4c");
});

// What differs from event to event is the id and the time. The SDK gives handlers the entity or the body, unless the sample
// has it as `…AsJson`, which the SDK does not read.
function judgeDomain(sample, payload, event, what) {
  const { id, eventTime, ...rest } = payload;
  const { id: oldId, eventTime: _, ...expected } = { triggeredByAnonymizeRequest: false, ...sample };
  assert.deepEqual(rest, expected, what);
  assert.notEqual(id, oldId);
  assert.match(eventTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  assert.deepEqual([event.metadata.entityId, event.metadata._id ?? event.metadata.id], [sample.entityId, id], what);
  const { createdEvent, updatedEvent, deletedEvent, actionEvent } = sample;
  const entity = createdEvent?.entity ?? updatedEvent?.currentEntity ?? deletedEvent?.deletedEntity;
  assert.deepEqual(event.entity, entity, what);
  assert.deepEqual(event.data, actionEvent?.body, what);
}

function judgeFlat(sample, payload, event, instanceId, what) {
  const changing = ["id", "eventTime", "operationTimeStamp", "expiresOn", "wixAppInstanceId"];
  const rest = (json) => Object.fromEntries(Object.entries(json).filter(([name]) => !changing.includes(name)));
  assert.deepEqual(rest(payload), rest(sample), what);
  assert.deepEqual(Object.keys(payload).sort(), Object.keys(sample).sort(), what);
  if (sample.wixAppInstanceId) assert.equal(payload.wixAppInstanceId, instanceId);
  assert.deepEqual(event.data, payload);
}

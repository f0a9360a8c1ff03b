// What `POST /webhooks` takes and refuses, and what it does when it cannot store: it says so, and what had its 200 stays.

import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { call } from "../lib/call.mjs";
import { databaseEnvironment, testOnEach } from "../lib/databases.mjs";
import { until } from "../lib/poll.mjs";
import { startRelay } from "../lib/relay.mjs";
import { smallDisk } from "../lib/small_disk.mjs";
import { startDestination } from "./lib/destination.mjs";
import { eventsPlace, subscriptionTo } from "./lib/stage.mjs";
import { bodyOf, claimsOf, contactUpdated, deliver, part, publicKeyPem, token } from "./lib/wix_sender.mjs";

const instanceId = randomUUID();
const anEvent = (more) => contactUpdated({ instanceId, ...more });
const HOUR = 3600;
const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

async function stage(t, options) {
  const destination = await startDestination(t);
  const place = await eventsPlace(t, { config: subscriptionTo(destination.url), ...options });
  const server = await place.start();
  const stored = () => place.list("events", "list", "--limit", "1000");
  return { destination, place, server, backend: server.backend, stored };
}

// The body with other claims or another header.
const signedAs = (change, header) => token({ ...claimsOf(anEvent()), ...change }, header && { header });

function hs256(secret, header = { alg: "HS256", kid: "LGuapkSD", typ: "JWT" }) {
  const text = `${part(header)}.${part(claimsOf(anEvent()))}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

function forgeries() {
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const good = bodyOf(anEvent());
  const [header, claims, signature] = good.split(".");
  const data = (value) => signedAs({ data: value });
  const envelope = (value) => data(JSON.stringify(value));
  const invalid = [401, "WEBHOOK_SIGNATURE_INVALID"];
  const malformed = [400, "WEBHOOK_MALFORMED"];
  return {
    "alg: none, without a signature": [`${part({ alg: "none" })}.${claims}.`, invalid],
    "alg: none, with a signature": [`${part({ alg: "none" })}.${claims}.${signature}`, invalid],
    "alg: NONE": [`${part({ alg: "NONE" })}.${claims}.`, invalid],
    "HS256 with the public key": [hs256(publicKeyPem), invalid],
    "HS256 with the public key, trimmed": [hs256(publicKeyPem.trim()), invalid],
    "RS256 in the header of an HS256 signature": [hs256(publicKeyPem, { alg: "RS256" }), invalid],
    "another key": [token(claimsOf(anEvent()), { key: other }), invalid],
    "other claims": [`${header}.${part(claimsOf(anEvent()))}.${signature}`, invalid],
    "one byte short": [good.slice(0, -1), invalid],
    "half of it": [good.slice(0, good.length / 2), invalid],
    "no token": ["hello", invalid],
    "no body": ["", invalid],
    "not UTF-8": [Buffer.from([0xff, 0xfe, 0x00]), invalid],
    expired: [signedAs({ exp: inSeconds(-1) }), [401, "WEBHOOK_EXPIRED"]],
    "not valid before an hour": [signedAs({ nbf: inSeconds(HOUR) }), [401, "WEBHOOK_NOT_YET_VALID"]],
    "issued in an hour": [signedAs({ iat: inSeconds(HOUR) }), [401, "WEBHOOK_NOT_YET_VALID"]],
    "no expiry": [signedAs({ exp: undefined }), malformed],
    "no data": [data(undefined), malformed],
    "data is an object": [data({ eventType: "a", data: "{}" }), malformed],
    "data is a number": [data(7), malformed],
    "data is null": [data(null), malformed],
    "data is a list": [data(["a"]), malformed],
    "data is no JSON": [data("hello"), malformed],
    "data is the text of a list": [envelope([1]), malformed],
    "no event type": [envelope({ data: "{}" }), malformed],
    "an event type that is a number": [envelope({ eventType: 7, data: "{}" }), malformed],
    "an event type with a line break": [envelope({ eventType: "a\nb", data: "{}" }), malformed],
    "the event is a number": [envelope({ eventType: "a", data: 7 }), malformed],
    "the event is the text of a list": [envelope({ eventType: "a", data: "[]" }), malformed],
  };
}

testOnEach("what is taken and what is refused", async (t, database) => {
  const { backend, destination, server, stored } = await stage(t, { database });

  await t.test("forgeries and nonsense", async () => {
    for (const [name, [body, expected]] of Object.entries(forgeries())) {
      const { status, code } = await deliver(backend, body);
      assert.deepEqual([status, code], expected, name);
    }
    assert.deepEqual(await stored(), []);
  });

  await t.test("bodies that are too large, or end early", async () => {
    const large = bodyOf(anEvent({ name: "x".repeat(3_900_000) }));
    assert.ok(large.length > 5_000_000);
    assert.deepEqual([(await deliver(backend, large)).status, (await stored()).length], [413, 0]);
    const { hostname, port } = new URL(backend);
    const good = bodyOf(anEvent());
    for (const given of [good.slice(0, -1), good.slice(0, 100), ""]) {
      const socket = net.connect(port, hostname);
      socket.on("error", () => {});
      socket.write(`POST /webhooks HTTP/1.1\r\nHost: x\r\nContent-Length: ${good.length}\r\n\r\n${given}`);
      socket.end();
      socket.resume();
      await once(socket, "close");
    }
    assert.deepEqual(await stored(), []);
    server.program.assertAlive();
  });

  await t.test("any content type, another kid, and three megabytes are taken", async () => {
    const ids = [];
    for (const contentType of ["text/plain", "text/plain; charset=utf-8", "application/json", "application/jwt", "image/png", "nonsense"]) {
      const event = anEvent();
      assert.equal((await deliver(backend, bodyOf(event), { contentType })).status, 200, contentType);
      ids.push(event.id);
    }
    for (const body of [(event) => `${bodyOf(event)}\n`, (event) => token(claimsOf(event), { header: { alg: "RS256", kid: "unknown" } }), (event) => token(claimsOf(event), { header: { alg: "RS256" } })]) {
      const event = anEvent();
      assert.equal((await call(`${backend}/webhooks`, { method: "POST", body: body(event) })).status, 200);
      ids.push(event.id);
    }
    const large = anEvent({ name: "y".repeat(2_000_000) });
    assert.equal((await deliver(backend, bodyOf(large))).status, 200);
    await destination.has([...ids, large.id]);
    const { event } = destination.got.find(({ event }) => event.id === large.id);
    assert.equal(event.data.updatedEvent.currentEntity.name.length, 2_000_000);
    assert.equal((await stored()).length, ids.length + 1);
  });

  await t.test("an event that is repeated is delivered once", async () => {
    const before = destination.got.length;
    const event = anEvent();
    const body = bodyOf(event);
    // The same bytes at once and later, and the same event in another token.
    const replies = await Promise.all(Array.from({ length: 10 }, () => deliver(backend, body)));
    replies.push(await deliver(backend, body), await deliver(backend, token(claimsOf(event, { iat: 1 }))));
    assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200]);
    const last = anEvent();
    await deliver(backend, bodyOf(last));
    await destination.has([event.id, last.id]);
    assert.deepEqual(destination.got.slice(before).map(({ event }) => event.id).sort(), [event.id, last.id].sort());
  });

  await t.test("an event without an instance", async () => {
    const known = new Set(destination.ids);
    const replies = [];
    for (const id of [undefined, "no-guid"]) {
      const event = contactUpdated({ instanceId: id });
      replies.push((await deliver(backend, bodyOf(event))).status);
      await destination.has([event.id]);
    }
    assert.deepEqual(replies, [200, 200]);
    const fresh = destination.accepted.filter(({ id }) => !known.has(id));
    assert.deepEqual(fresh.map(({ instanceId }) => instanceId), [null, null]);
  });
  assert.deepEqual(destination.unverified, []);
});

test("PostgreSQL goes and comes back", async (t) => {
  const { BACKLOT_DATABASE_URL } = await databaseEnvironment(t, "postgres");
  const address = new URL(BACKLOT_DATABASE_URL);
  const relay = await startRelay(t);
  const target = Number(address.port || 5432);
  relay.target = target;
  [address.hostname, address.port] = ["127.0.0.1", String(relay.port)];
  const { backend, destination, server, stored } = await stage(t, { env: { BACKLOT_DATABASE_URL: address.href } });
  const before = anEvent();
  assert.equal((await deliver(backend, bodyOf(before))).status, 200);
  await destination.has([before.id]);

  relay.cut();
  const refused = Array.from({ length: 20 }, () => anEvent());
  const replies = await Promise.all(refused.map((event) => deliver(backend, bodyOf(event))));
  assert.deepEqual([...new Set(replies.map(({ status }) => status))], [503], replies[0].text);
  // A forgery is one, whatever the database does.
  assert.equal((await deliver(backend, hs256(publicKeyPem))).status, 401);

  relay.target = target;
  for (const event of refused)
    await until("the retry's 200", async () => {
      const { status } = await deliver(backend, bodyOf(event));
      assert.ok([200, 503].includes(status), String(status));
      return status === 200;
    });
  await destination.has(refused.map(({ id }) => id), 40_000);
  assert.equal((await stored()).length, refused.length + 1);
  server.program.assertAlive();
});

test("a full disk", async (t) => {
  const disk = smallDisk(t, 24);
  if (!disk) return;
  const data = join(disk.folder, "data");
  const { backend, destination, place, server, stored } = await stage(t, { data });
  const acknowledged = new Set();
  const statuses = new Set();
  const post = async (event) => {
    const { status } = await deliver(backend, bodyOf(event));
    if (status === 200) acknowledged.add(event.id);
    else statuses.add(status);
    return status;
  };
  const big = () => anEvent({ name: "x".repeat(100_000) });
  await post(anEvent());
  disk.fill();
  const refused = [];
  await until("a refusal", async () => {
    const event = big();
    const status = await post(event);
    if (status !== 200) refused.push(event);
    return refused.length >= 3;
  });
  assert.ok([...statuses].every((status) => [503, 507].includes(status)), [...statuses].join());
  disk.free();
  for (const event of refused) assert.equal(await until("room", async () => (await post(event)) === 200), true);
  await destination.has(acknowledged, 40_000);

  disk.fill();
  await until("a refusal", async () => (await post(big())) !== 200);
  server.program.signal("SIGKILL");
  await server.program.ended;
  disk.free();
  await place.start();
  await destination.has(acknowledged, 40_000);
  const ids = (await stored()).map(({ id }) => id);
  assert.deepEqual([...acknowledged].filter((id) => !ids.includes(id)), []);
});

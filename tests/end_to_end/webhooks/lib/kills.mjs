// `kill -9` at random moments under about 500 events a second, with a receiver that fails one time in five: what had its
// 200 is delivered, in order for each entity. BACKLOT_TEST_KILLS sets how often.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { until } from "../../lib/poll.mjs";
import { answers, outOfOrder, startDestination } from "./destination.mjs";
import { startSenders } from "./entities.mjs";
import { eventsPlace, subscriptionTo } from "./stage.mjs";

export const KILLS = Number(process.env.BACKLOT_TEST_KILLS ?? 3);

// How long a lane stays with a node that was killed, where others may share the database.
export const LEASE = 30_000;

export async function killUnderLoad(t, database, patience) {
  let failures = 0;
  const destination = await startDestination(t, {
    answer: (event, response) => {
      const number = Math.floor(Math.random() * 100);
      if (number >= 20) return false;
      failures += 1;
      return number < 3 ? answers.closesHalfWay(event, response) : answers.status(500)(event, response);
    },
  });
  const place = await eventsPlace(t, {
    database,
    config: subscriptionTo(destination.url, { backoff: ["20ms", "50ms", "100ms"] }),
  });
  let server = await place.start();
  const instances = Array.from({ length: 10 }, () => randomUUID());
  const began = performance.now();
  const sent = startSenders({ backend: () => server.backend, instances });

  for (let kill = 1; kill <= KILLS; kill += 1) {
    const before = sent.acknowledged.size;
    const more = Math.floor(20 + Math.random() * 400);
    await until(`${more} events`, () => sent.acknowledged.size > before + more, 30_000);
    server.program.signal("SIGKILL");
    await server.program.ended;
    server = await place.start();
  }
  await sent.stop();
  const seconds = Math.round((performance.now() - began) / 1000);
  assert.deepEqual(sent.all, sent.acknowledged);
  await destination.has(sent.acknowledged, patience + sent.all.size * 5);

  t.diagnostic(
    `${KILLS} kills in ${seconds} s, ${sent.all.size} events, ${destination.got.length} attempts, ${failures} failed`,
  );
  assert.deepEqual(destination.unverified, []);
  assert.deepEqual(destination.ids, sent.acknowledged, "none that was not sent");
  assert.deepEqual(outOfOrder(destination.got.map(({ event }) => event)), [], "first attempts");
  assert.deepEqual(outOfOrder(destination.accepted), [], "first deliveries");
  const waiting = () => place.list("deliveries", "list", "--state", "waiting");
  await until("the last outcomes", async () => (await waiting()).length === 0);
  const all = ["list", "--limit", String(2 * sent.all.size)];
  assert.equal((await place.list("events", ...all)).length, sent.all.size, "each is stored once");
  const deliveries = await place.list("deliveries", ...all);
  const states = new Set(deliveries.map(({ state }) => state));
  assert.deepEqual([deliveries.length, ...states], [sent.all.size, "DELIVERED"]);
}

// One site's backlog does not delay another site: while thousands of events of one wait for a slow destination, the single
// event of another is among the next few deliveries. BACKLOT_TEST_BACKLOG sets how many.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { testOnEach } from "../lib/databases.mjs";
import { until } from "../lib/poll.mjs";
import { startDestination } from "./lib/destination.mjs";
import { eventsPlace, subscriptionTo } from "./lib/stage.mjs";
import { bodyOf, contactUpdated, deliver } from "./lib/wix_sender.mjs";

const BACKLOG = Number(process.env.BACKLOT_TEST_BACKLOG ?? 1500);
const ENTITIES = 500;
const SENDERS = 48;
const CONCURRENCY = 4;

testOnEach("a backlog of one site, and a single event of another", async (t, database) => {
  // Attempts stay open until the test answers them, one after the other.
  const open = [];
  const destination = await startDestination(t, {
    answer: (event, response, attempts, accept) => {
      open.push(() => {
        accept();
        response.end("ok");
      });
      return true;
    },
  });
  const place = await eventsPlace(t, {
    database,
    config: subscriptionTo(destination.url, { timeout: "110s", concurrency: CONCURRENCY }),
  });
  const { backend } = await place.start();
  const busy = randomUUID();
  const entities = Array.from({ length: ENTITIES }, () => randomUUID());
  let next = 0;
  const sender = async () => {
    while (next < BACKLOG) {
      const number = next++;
      const sequence = Math.floor(number / ENTITIES);
      const event = contactUpdated({ instanceId: busy, entityId: entities[number % ENTITIES], sequence });
      assert.equal((await deliver(backend, bodyOf(event))).status, 200);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  await until("attempts", () => open.length === CONCURRENCY);

  const single = contactUpdated({ instanceId: randomUUID() });
  assert.equal((await deliver(backend, bodyOf(single))).status, 200);
  // As many as are claimed ahead may come before it: half of the concurrency, and the next claim.
  const before = destination.got.length;
  const arrived = () => destination.attempts.has(single.id);
  let answered = 0;
  while (!arrived()) {
    assert.ok(answered < 2 * CONCURRENCY, `${answered} deliveries of the other site came first`);
    const count = destination.got.length;
    open.shift()();
    answered += 1;
    await until("the next attempt", () => destination.got.length > count);
  }
  t.diagnostic(`after ${destination.got.length - before - 1} others`);
  const waiting = await place.list("deliveries", "list", "--state", "waiting", "--limit", String(2 * BACKLOG));
  assert.ok(waiting.length > BACKLOG - 3 * CONCURRENCY);
  // Those that are open end with the server.
  for (const answer of open) answer();
});

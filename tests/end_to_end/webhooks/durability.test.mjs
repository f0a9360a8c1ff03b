// What had its 200 is delivered, in order for each entity, whatever ends the server: `kill -9` at random moments under
// about 500 events a second, with a receiver that fails one time in five. BACKLOT_TEST_KILLS sets how often.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe } from "node:test";

import { testOnEach } from "../lib/databases.mjs";
import { until } from "../lib/poll.mjs";
import { answers, outOfOrder, startDestination } from "./lib/destination.mjs";
import { startSenders } from "./lib/entities.mjs";
import { eventsPlace, subscriptionTo } from "./lib/stage.mjs";

const KILLS = Number(process.env.BACKLOT_TEST_KILLS ?? 4);
// A lane stays with a node that was killed until its lease ends.
const LEASE = 30_000;

describe("kill -9 under load", { concurrency: true }, () => {
  testOnEach(`killed ${KILLS} times`, async (t, database) => {
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
    const sent = startSenders({ backend: () => server.backend, instances });

    for (let kill = 1; kill <= KILLS; kill += 1) {
      const before = sent.acknowledged.size;
      const more = Math.floor(20 + Math.random() * 300);
      await until(`${more} events`, () => sent.acknowledged.size > before + more, 30_000);
      server.program.signal("SIGKILL");
      await server.program.ended;
      server = await place.start();
    }
    await sent.stop();
    assert.deepEqual(sent.all, sent.acknowledged);
    await destination.has(sent.acknowledged, LEASE + 30_000 + sent.all.size * 5);

    t.diagnostic(
      `${sent.all.size} events, ${sent.repeated} sent again, ${destination.got.length} attempts, ${failures} failures`,
    );
    assert.deepEqual(destination.unverified, []);
    assert.deepEqual(destination.ids, sent.acknowledged, "none that was not sent");
    assert.deepEqual(outOfOrder(destination.got.map(({ event }) => event)), [], "first attempts");
    assert.deepEqual(outOfOrder(destination.accepted), [], "first deliveries");
    await until("the last outcomes", async () => (await place.list("deliveries", "list", "--state", "waiting")).length === 0);
    const all = ["list", "--limit", String(2 * sent.all.size)];
    assert.equal((await place.list("events", ...all)).length, sent.all.size, "each is stored once");
    const deliveries = await place.list("deliveries", ...all);
    assert.deepEqual([deliveries.length, ...new Set(deliveries.map(({ state }) => state))], [sent.all.size, "DELIVERED"]);
  });
});

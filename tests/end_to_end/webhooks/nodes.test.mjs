// Several nodes on one PostgreSQL: they share the work, and what a node that is gone had claimed is taken over after its
// lease. A node that only slept does not acknowledge what another one has taken over.

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import { until, within } from "../lib/poll.mjs";
import { answers, outOfOrder, startDestination } from "./lib/destination.mjs";
import { startSenders } from "./lib/entities.mjs";
import { KILLS, LEASE, killUnderLoad } from "./lib/kills.mjs";
import { eventsPlace, subscriptionTo } from "./lib/stage.mjs";
import { bodyOf, contactUpdated, deliver } from "./lib/wix_sender.mjs";

const instances = Array.from({ length: 6 }, () => randomUUID());

// Nodes of one app on one database.
async function startNodes(t, count, subscription) {
  const env = { MASTER: randomBytes(32).toString("base64") };
  const config = `[secrets]\nmaster_key = { env = "MASTER" }\n${subscription}`;
  const first = await eventsPlace(t, { database: "postgres", config, env });
  const places = [first, ...Array.from({ length: count - 1 }, () => first.another())];
  const nodes = [];
  for (const place of places) nodes.push(await place.start());
  return { place: first, nodes };
}

// Each delivery is acknowledged once: of its attempts, one has a 200 on record.
async function acknowledgedOnce(place, count) {
  const states = async () => place.sql("SELECT state, count(*) FROM deliveries GROUP BY 1");
  await until("all outcomes", async () => (await states()).every((row) => row.startsWith("DELIVERED")));
  assert.deepEqual(await states(), [`DELIVERED|${count}`]);
  const often = `SELECT n, count(*) FROM
    (SELECT count(*) FILTER (WHERE status BETWEEN 200 AND 299) AS n FROM delivery_attempts GROUP BY delivery_id) AS one
    GROUP BY 1`;
  assert.deepEqual(await place.sql(often), [`1|${count}`]);
}

// At the same time, since each waits for leases to end.
describe("nodes", { concurrency: true }, () => {
  test(`one node, killed ${KILLS} times under load`, (t) => killUnderLoad(t, "postgres", LEASE + 15_000));

  test("two nodes share the work, and one is killed", async (t) => {
    const destination = await startDestination(t, {
      answer: (event, response) => (Math.random() < 0.1 ? answers.status(500)(event, response) : false),
    });
    const { place, nodes } = await startNodes(t, 2, subscriptionTo(destination.url));
    let backends = nodes.map(({ backend }) => backend);
    let number = 0;
    const sent = startSenders({ backend: () => backends[number++ % backends.length], instances, senders: 24, rate: 200 });
    await until("a third", () => destination.accepted.length > 200, 30_000);
    nodes[0].program.signal("SIGKILL");
    backends = backends.slice(1);
    await nodes[0].program.ended;
    const before = sent.acknowledged.size;
    await until("some more", () => sent.acknowledged.size > before + 200, 30_000);
    await sent.stop();
    await destination.has(sent.acknowledged, LEASE + 20_000);
    assert.deepEqual(destination.ids, sent.acknowledged);
    assert.deepEqual(outOfOrder(destination.got.map(({ event }) => event)), []);
    assert.deepEqual(outOfOrder(destination.accepted), []);
    assert.deepEqual(destination.unverified, []);
    await acknowledgedOnce(place, sent.acknowledged.size);
  });

  test("of three nodes one is killed and one sleeps past its lease", async (t) => {
    // Requests that are answered only when the test says so.
    const held = [];
    let holds = true;
    const destination = await startDestination(t, {
      answer: (event, response, attempts, accept) => {
        if (!holds) return false;
        held.push(() => {
          accept();
          response.end("late");
        });
        return true;
      },
    });
    const config = subscriptionTo(destination.url, { timeout: "60s", concurrency: 4 });
    const { place, nodes } = await startNodes(t, 3, config);
    // More than the nodes attempt at a time, two of each entity.
    const ids = new Set();
    const entities = Array.from({ length: 24 }, () => randomUUID());
    for (const sequence of [1, 2])
      await Promise.all(
        entities.map(async (entityId, number) => {
          const event = contactUpdated({ instanceId: instances[number % instances.length], entityId, sequence });
          const { status } = await deliver(nodes[number % 3].backend, bodyOf(event));
          assert.equal(status, 200);
          ids.add(event.id);
        }),
      );
    await until("attempts of all nodes", () => held.length === 12);
    const [killed, asleep, awake] = nodes;
    killed.program.signal("SIGKILL");
    await killed.program.ended;
    asleep.program.child.kill("SIGSTOP");
    holds = false;
    // The attempts of the node that is awake are answered, and those of the others stay open.
    const late = held.splice(0);
    for (const answer of late) answer();
    await destination.has(ids, LEASE + 20_000);
    await until("all taken over", async () => (await place.sql("SELECT 1 FROM deliveries WHERE state = 'WAITING'")).length === 0);
    const taken = await place.sql("SELECT count(*) FROM deliveries WHERE fence > 1");
    assert.equal(taken[0] > 0, true, "some were claimed again");
    asleep.program.child.kill("SIGCONT");
    await until("the node to notice", () => /lost the lease of a delivery to another node/.test(asleep.program.stderr));
    assert.deepEqual(outOfOrder(destination.got.map(({ event }) => event)), []);
    await acknowledgedOnce(place, ids.size);
    await within("the node that slept to go on", deliver(asleep.backend, bodyOf(contactUpdated({ instanceId: instances[0] }))));
    awake.program.assertAlive();
  });
});

// Each call is counted, per instance and connection and month, in the database.

import assert from "node:assert/strict";
import { test } from "node:test";

import { until } from "../lib/poll.mjs";
import { json, startConnections } from "./lib/stage.mjs";
import { answerJson, startThirdParty } from "./lib/third_party.mjs";

test("calls, errors, bytes and time", async (t) => {
  const party = await startThirdParty(t, async (request, response) => {
    if (request.url === "/reset") return request.socket.resetAndDestroy();
    if (request.url === "/slow") await new Promise((resolve) => setTimeout(resolve, 60));
    return answerJson(response, { a: "x".repeat(100) }, request.url === "/fails" ? 500 : 200);
  });
  const entry = (name) => `
[[connection]]
name = "${name}"
base_url = "${party.address}"
networks = ["127.0.0.1"]
auth = "none"
allow = ["owner"]
retries = 0
calls = ["GET /things", "POST /things", "GET /fails", "POST /reset", "GET /slow"]
`;
  const { place, site } = await startConnections(t, { config: entry("one") + entry("two"), database: "postgres" });
  const [here, there] = [site(), site()];
  const used = async ({ instanceId }, connection) => {
    const rows = await place.sql(
      `SELECT calls, errors, bytes_sent, bytes_received, milliseconds, month FROM connection_usage WHERE instance_id = '${instanceId}' AND connection = '${connection}'`,
    );
    return rows
      .split("\n")
      .filter(Boolean)
      .map((row) => row.split("|").map(Number));
  };
  const settled = async (who, connection, calls) => {
    await until(
      "the counts to be written",
      async () => (await used(who, connection))[0]?.[0] === calls && (await used(who, connection))[0],
    );
    return (await used(who, connection))[0];
  };

  const body = JSON.stringify({ b: "y".repeat(50) });
  for (let number = 0; number < 3; number += 1) assert.equal((await here.owner("/connections/one/things")).status, 200);
  await here.owner("/connections/one/things", { ...json({}), body });
  await here.owner("/connections/one/slow");
  assert.equal((await here.owner("/connections/one/fails")).status, 500);
  assert.equal((await here.owner("/connections/one/reset", json({}))).status, 502);
  // Those are no calls.
  await here.visitor("/connections/one/things");
  await here.owner("/connections/one/other");
  await there.owner("/connections/two/things");

  const now = new Date();
  await settled(there, "two", 1);
  await until("errors to be written", async () => (await used(here, "one"))[0]?.[1] === 2);
  const [calls, errors, sent, received, milliseconds, month] = await settled(here, "one", 7);
  const reply = JSON.stringify({ a: "x".repeat(100) }).length;
  assert.deepEqual([calls, errors], [7, 2]);
  assert.equal(sent, body.length + 2);
  assert.equal(received, reply * 6);
  assert.ok(milliseconds >= 60 && milliseconds < 5000, `${milliseconds}`);
  assert.equal(month, now.getUTCFullYear() * 100 + now.getUTCMonth() + 1);
  assert.deepEqual(await used(here, "two"), []);
  assert.deepEqual(await used(there, "one"), []);
});

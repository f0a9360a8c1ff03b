// A network to PostgreSQL that falls silent: every caller is answered, and the program ends, whatever the database does.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import net from "node:net";
import { test } from "node:test";

import { atEnd } from "../lib/cleanup.mjs";
import { dataPlace } from "../lib/data_stage.mjs";
import { databaseEnvironment } from "../lib/databases.mjs";
import { within } from "../lib/poll.mjs";
import { listening } from "../lib/program.mjs";

// Forwards until `silent`: from then on nothing is forwarded, nothing is closed, and new connections are never answered.
async function startSilencer(t, target) {
  const relay = { silent: false };
  const sockets = new Set();
  const server = net.createServer((inner) => {
    sockets.add(inner);
    inner.on("error", () => {});
    if (relay.silent) return;
    const outer = net.connect(Number(target.port || 5432), target.hostname);
    sockets.add(outer);
    outer.on("error", () => {});
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ]) {
      one.on("data", (chunk) => relay.silent || other.write(chunk));
      one.on("close", () => relay.silent || other.destroy());
    }
  });
  const port = await listening(server);
  atEnd(t, () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return Object.assign(relay, { port });
}

async function startOnSilencer(t) {
  const { BACKLOT_DATABASE_URL } = await databaseEnvironment(t, "postgres");
  const address = new URL(BACKLOT_DATABASE_URL);
  const relay = await startSilencer(t, { port: address.port, hostname: address.hostname });
  address.port = String(relay.port);
  address.hostname = "127.0.0.1";
  const config = '[server]\ndrain_timeout = "3s"\ndrain_linger = "0s"\n';
  const place = await dataPlace(t, { config, env: { BACKLOT_DATABASE_URL: address.href } });
  const server = await place.start();
  return { relay, server };
}

// The drain, the last counts, and what may be under way.
const LONGEST_END = 12_000;

test("an idle server ends on a silent network", async (t) => {
  const { relay, server } = await startOnSilencer(t);
  relay.silent = true;
  server.program.signal("SIGTERM");
  const end = await within("the end", server.program.ended, LONGEST_END);
  assert.deepEqual(end, { code: 0, signal: null }, server.program.stderr);
});

test("callers are answered on a silent network, and the server ends under load", async (t) => {
  const { relay, server } = await startOnSilencer(t);
  const site = await server.site(randomUUID());
  await site.collection("things", { title: "TEXT" });
  await site.app.items.insert("things", { _id: "x", title: "x" });
  const call = (number) => {
    const { items } = site.app;
    const calls = [
      () => items.get("things", "x"),
      () => items.query("things").find(),
      () => items.insert("things", { title: "new" }),
      () => items.save("things", { _id: "x", title: "again" }),
      () => items.bulkInsert("things", [{ title: "a" }, { title: "b" }]),
    ];
    return calls[number % calls.length]();
  };
  relay.silent = true;
  const all = Promise.allSettled(Array.from({ length: 60 }, (_, number) => call(number)));
  const outcomes = await within("all answers", all, 40_000);
  assert.ok(outcomes.every(({ status }) => status === "rejected"));
  const busy = Promise.allSettled(Array.from({ length: 20 }, (_, number) => call(number)));
  server.program.signal("SIGTERM");
  const end = await within("the end", server.program.ended, LONGEST_END);
  assert.equal(end.code, 0, server.program.stderr);
  await busy;
});

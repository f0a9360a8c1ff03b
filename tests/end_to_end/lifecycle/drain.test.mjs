// SIGTERM while requests are being answered: all of them are finished, then the program ends well.

import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { startServe } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { until, within } from "../lib/poll.mjs";
import { startUpstream } from "../lib/upstream.mjs";

const REQUESTS = 20;

test("SIGTERM cuts nothing that was accepted", async (t) => {
  const waiting = [];
  const upstream = await startUpstream(t, (_request, response) => {
    waiting.push(response);
  });
  const config = `
[server]
drain_linger = "200ms"

[[api]]
path = "/api"
upstream = "${upstream.address}"
allow = ["owner"]
`;
  const { app, backend, program } = await startServe(t, { config });
  const headers = { Authorization: instanceOf(app) };

  const calls = Array.from({ length: REQUESTS }, (_, number) => call(`${backend}/api/${number}`, { headers }));
  const replies = Promise.all(calls);
  replies.catch(() => {});
  await until("all requests to reach the upstream", () => waiting.length === REQUESTS);

  program.signal("SIGTERM");
  await until("new connections to be refused", () => isRefused(new URL(backend).port));
  assert.ok(!program.hasEnded, "it waits for what is being answered");
  for (const response of waiting) response.end("done");

  for (const reply of await replies) {
    assert.equal(reply.status, 200);
    assert.equal(reply.text, "done");
    assert.equal(reply.headers.connection, "close", "clients are asked to leave");
  }
  const { code, signal } = await within("the end", program.ended);
  assert.deepEqual([code, signal], [0, null], program.stderr);
  assert.equal(await isRefused(new URL(backend).port), true);
});

function isRefused(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.on("error", (error) => (error.code === "ECONNREFUSED" ? resolve(true) : reject(error)));
  });
}

// A WebSocket with ?instance= in its address: words go both ways, and the instance goes nowhere.

import assert from "node:assert/strict";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { until, within } from "../lib/poll.mjs";
import { startWebSocketStage } from "../lib/websocket_stage.mjs";

test("a WebSocket passes", async (t) => {
  const { open, opened, program, ready } = await startWebSocketStage(t);
  const site = ready.instances[0];
  const instance = instanceOf(ready.app, { instanceId: site.instanceId, role: "member" });

  const socket = await open(`/live/room?colour=blue&instance=${instance}&last=1`);
  const hears = async (message) => {
    const before = socket.heard.length;
    socket.send(message);
    await until("the echo", () => socket.heard.length > before);
    return socket.heard.at(-1);
  };
  assert.equal(await hears("hello"), "hello");
  assert.equal(await hears("grüße"), "grüße");
  const large = randomBytes(1024 * 1024);
  assert.ok(large.equals(await hears(large)));

  assert.equal(opened.length, 1);
  const [upstream] = opened;
  assert.equal(upstream.url, "/live/room?colour=blue&last=1");
  assert.equal(upstream.headers["x-backlot-instance-id"], site.instanceId);
  assert.equal(upstream.headers["x-backlot-role"], "member");
  assert.match(upstream.headers["x-backlot-elevated-token"], /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.ok(!JSON.stringify(upstream.headers).includes(instance));

  await t.test("the upstream may speak first, and may end it", async () => {
    const before = socket.heard.length;
    upstream.socket.send("news");
    await until("the news", () => socket.heard.length > before);
    assert.equal(socket.heard.at(-1), "news");
    const closed = once(socket, "close");
    upstream.socket.close(4001, "enough");
    const [code, reason] = await within("the end", closed);
    assert.deepEqual([code, reason.toString()], [4001, "enough"]);
  });

  await t.test("the client may end it", async () => {
    const another = await open(`/live?instance=${instance}`);
    assert.equal(opened[1].url, "/live");
    const closed = once(opened[1].socket, "close");
    another.close(4002);
    assert.equal((await within("the end", closed))[0], 4002);
  });

  await t.test("the log tells of it, but not the instance", async () => {
    await until("the log lines", () => program.stderr.match(/\/live/g)?.length >= 2);
    await program.stop("SIGINT");
    assert.match(program.stderr, /101 GET "\/live\/room"/);
    assert.ok(!program.stderr.includes(instance));
    assert.ok(!program.stderr.includes(instance.slice(0, 43)), "not even its signature");
    assert.doesNotMatch(program.stderr, /instance=|colour=blue/);
  });
});

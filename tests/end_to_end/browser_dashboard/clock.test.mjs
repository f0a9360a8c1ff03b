// The live clock: an EventSource, with the instance in its address, ticks until it is stopped.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev } from "../lib/backlot.mjs";
import { openBrowser, openPage } from "../lib/browser.mjs";
import { openDashboard, press } from "../lib/dashboard.mjs";

test("the live clock ticks and stops", async (t) => {
  const { ready } = await startDev(t);
  const page = await openPage(await openBrowser(t));
  const frame = await openDashboard(page, ready);
  const streams = [];
  page.on("request", (request) => {
    if (request.resourceType() === "eventsource") streams.push(new URL(request.url()));
  });

  const first = await press(frame, "call-clock");
  assert.equal(first.status, "200", first.body);
  assert.ok(Number.isFinite(Date.parse(first.json.time)), first.body);
  assert.equal(streams.length, 1);
  assert.equal(streams[0].origin, ready.backend);
  assert.ok(streams[0].searchParams.get("instance"));
  assert.doesNotMatch(first.sent, new RegExp(streams[0].searchParams.get("instance")), "the panel shows it shortened");

  await frame.locator("#clock-count", { hasText: "2 ticks" }).waitFor();
  assert.match(await frame.getByTestId("clock-time").textContent(), /^\d+:\d\d:\d\d/);

  const ended = page.waitForEvent("requestfailed", (request) => request.resourceType() === "eventsource");
  await Promise.all([ended, frame.getByTestId("stop-clock").click()]);
  assert.equal(await frame.locator("#clock-count").textContent(), "stopped");
  assert.equal(streams.length, 1, "the stream was never opened anew");
  assert.deepEqual(page.troubles, []);
});

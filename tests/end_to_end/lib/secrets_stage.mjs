// What a run of Backlot said to the world, after a lot of traffic.

import assert from "node:assert/strict";

import { call } from "./call.mjs";
import { leaks, makeTraffic } from "./credential_traffic.mjs";

export const configuration = (upstream, more = "") => `
${more}
[log]
level = "debug"

[[api]]
path = "/api"
upstream = "${upstream.address}"
allow = ["owner", "app"]

[[api]]
path = "/api/down"
upstream = "http://127.0.0.1:1"
allow = ["owner"]
`;

// Makes the traffic, stops the program, and asserts that nothing leaked. Returns the log.
export async function assertNothingLeaks({ app, backend, admin, program, upstream }, allowed = (text) => text) {
  const { secrets, replies, tokens } = await makeTraffic({ app, backend, upstream });
  assert.ok(tokens.size >= 1, "elevated tokens were handed out");
  const statuses = new Set(replies.map((reply) => reply.status));
  for (const status of [200, 400, 401, 403, 404, 405, 431, 502]) assert.ok(statuses.has(status), `no reply was ${status}`);

  const metrics = await call(`${admin}/metrics`);
  const index = await call(`${admin}/`);
  assert.match(metrics.text, /backlot_requests_total\{.*\} [1-9]/);
  await program.stop("SIGINT");
  const lines = program.stderr.match(/\/whoami/g) ?? [];
  assert.ok(lines.length > 40, `the log tells of the calls: ${lines.length}`);

  assert.deepEqual(leaks(secrets, program.stderr), [], "standard error");
  assert.deepEqual(leaks(secrets, allowed(program.stdout)), [], "standard output");
  assert.deepEqual(leaks(secrets, metrics.text), [], "/metrics");
  assert.deepEqual(leaks(secrets, index.text), [], "the admin page");
  // What the upstream answers is its own affair: here it tells its headers back.
  const own = replies.filter((reply) => reply.json?.method === undefined);
  assert.ok(own.length > 100);
  for (const { text, headers } of own) assert.deepEqual(leaks(secrets, text + JSON.stringify(headers)), [], text);
  assert.doesNotMatch(program.stderr, /instance=|Bearer|\?x=/);
  return program.stderr;
}

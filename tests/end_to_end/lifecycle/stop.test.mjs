// Without requests, SIGTERM, SIGQUIT, SIGHUP and Ctrl-C end the program soon and well, `serve` and `dev` alike. Other
// signals end nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { startDev, startServe } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { until, within } from "../lib/poll.mjs";

for (const [name, start] of Object.entries({ serve: startServe, dev: startDev })) {
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"]) {
    test(`${name} ends on ${signal}`, async (t) => {
      const { program } = await start(t);
      program.signal(signal);
      const end = await within("the end", program.ended, 5_000);
      assert.deepEqual(end, { code: 0, signal: null }, program.stderr);
      assert.match(program.stderr, /stopped/);
    });
  }
}

test("SIGUSR1 and SIGUSR2 end nothing", async (t) => {
  const { backend, program } = await startServe(t);
  for (const signal of ["SIGUSR1", "SIGUSR2", "SIGUSR1"]) {
    program.signal(signal);
    await until("the log to say so", () => program.stderr.includes(`${signal} means nothing here`));
  }
  assert.equal((await call(`${backend}/healthz`)).status, 200);
  program.signal("SIGTERM");
  assert.deepEqual(await within("the end", program.ended, 5_000), { code: 0, signal: null });
});

test("the limit of open files is raised as far as it goes", async (t) => {
  const { program } = await startServe(t);
  const limits = readFileSync(`/proc/${program.child.pid}/limits`, "utf8");
  const [, soft, hard] = limits.match(/^Max open files +(\d+|unlimited) +(\d+|unlimited)/m);
  assert.equal(soft, hard);
});

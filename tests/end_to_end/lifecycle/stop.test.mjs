// Without requests, SIGTERM and Ctrl-C end the program soon and well, `serve` and `dev` alike.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDev, startServe } from "../lib/backlot.mjs";
import { within } from "../lib/poll.mjs";

for (const [name, start] of Object.entries({ serve: startServe, dev: startDev })) {
  for (const signal of ["SIGTERM", "SIGINT"]) {
    test(`${name} ends on ${signal}`, async (t) => {
      const { program } = await start(t);
      program.signal(signal);
      const end = await within("the end", program.ended, 5_000);
      assert.deepEqual(end, { code: 0, signal: null }, program.stderr);
      assert.match(program.stderr, /stopped/);
    });
  }
}

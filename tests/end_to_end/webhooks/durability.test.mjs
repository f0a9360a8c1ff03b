// What had its 200 is delivered, whatever ends the server. `nodes.test.mjs` has the same on PostgreSQL, where the test
// has to wait for leases to end.

import { test } from "node:test";

import { KILLS, killUnderLoad } from "./lib/kills.mjs";

// No other server can be at work on this database: what was under way is due at the next start.
test(`killed ${KILLS} times under load, on sqlite`, (t) => killUnderLoad(t, "sqlite", 15_000));

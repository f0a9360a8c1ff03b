// Where a server of a test keeps its data. What is tested on every database runs once for each name of
// `databases`: adding "postgres" to that list runs it on PostgreSQL, too, each test in a database of
// its own, which is dropped when the test ends.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { atEnd } from "./cleanup.mjs";
import { run } from "./program.mjs";

export const databases = ["sqlite"];

// A server on which databases may be made.
const postgres = process.env.BACKLOT_TEST_POSTGRES ?? "postgres://postgres@127.0.0.1:5432/postgres";

const makers = {
  // In the data folder, without any setting.
  sqlite: async () => ({}),
  postgres: async (t) => {
    const name = `backlot_end_to_end_${randomBytes(8).toString("hex")}`;
    await psql(`CREATE DATABASE ${name}`);
    atEnd(t, () => psql(`DROP DATABASE ${name} WITH (FORCE)`));
    const address = new URL(postgres);
    address.pathname = name;
    return { BACKLOT_DATABASE_URL: address.href };
  },
};

// The environment in which a server, or a command, works on a new database of this kind.
export function databaseEnvironment(t, kind) {
  return makers[kind](t);
}

async function psql(statement) {
  const args = ["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--command", statement, postgres];
  const { code, stderr } = await run("psql", args, { patience: 30_000 });
  assert.equal(code, 0, stderr);
}

// A test on each database.
export function testOnEach(name, body) {
  for (const database of databases) test(`${name}, on ${database}`, (t) => body(t, database));
}

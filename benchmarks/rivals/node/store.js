// Items of all tenants in one SQLite file, for the rivals of the data section. WAL with
// synchronous=FULL: an insert that was answered is on the disk.
import Database from '@signalapp/sqlcipher'; // Without a key it is SQLite as it is.

const database = new Database(process.env.BENCHMARK_DATABASE);
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS items (
    sequence INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL, owner TEXT, data TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS items_by_id ON items (tenant, collection, id);
  CREATE INDEX IF NOT EXISTS items_of_owners ON items (tenant, collection, owner);
  CREATE INDEX IF NOT EXISTS items_in_order ON items (tenant, collection);
`);

const one = database.prepare(
  'SELECT id, owner, data FROM items WHERE tenant = ? AND collection = ? AND id = ?',
);
const firstOfOwner = database.prepare(
  `SELECT id, data FROM items INDEXED BY items_of_owners
   WHERE tenant = ? AND collection = ? AND owner = ? ORDER BY sequence LIMIT ?`,
);
const firstOfAll = database.prepare(
  `SELECT id, data FROM items INDEXED BY items_in_order
   WHERE tenant = ? AND collection = ? ORDER BY sequence LIMIT ?`,
);
const add = database.prepare(
  'INSERT INTO items (tenant, collection, id, owner, data) VALUES (?, ?, ?, ?, ?)',
);
const addAll = database.transaction((rows) => {
  for (const { tenant, collection, id, owner, data } of rows) {
    add.run([tenant, collection, id, owner, data]);
  }
});

export const getItem = (tenant, collection, id) => one.get([tenant, collection, id]);

/** The first items in the order of insertion: all of them, or one owner's. */
export function listItems(tenant, collection, owner, limit) {
  return owner === null
    ? firstOfAll.all([tenant, collection, limit])
    : firstOfOwner.all([tenant, collection, owner, limit]);
}

/** Many rows in one transaction. */
export const insertAll = (rows) => addAll(rows);

/** One row, with a commit and an fsync of its own. */
export const insertAlone = (row) => addAll([row]);

const waiting = [];

/** One row, in one transaction with all the others that wait: ten lines of group commit. */
export function insertTogether(row) {
  return new Promise((resolve, reject) => {
    if (waiting.push({ row, resolve, reject }) === 1) setImmediate(commitWaiting);
  });
}

function commitWaiting() {
  const group = waiting.splice(0);
  try {
    addAll(group.map(({ row }) => row));
  } catch (error) {
    for (const { reject } of group) reject(error);
    return;
  }
  for (const { resolve } of group) resolve();
}

/** What BENCHMARK_COMMITS asks for. */
export const insertOne = process.env.BENCHMARK_COMMITS === 'together' ? insertTogether : insertAlone;

// Events in one SQLite file, for the rivals of the events section. WAL with synchronous=FULL: an event that was
// acknowledged is on the disk. Or in PostgreSQL, if BENCHMARK_DATABASE is a URL.
import { groupCommits } from './group-commits.js';

const url = process.env.BENCHMARK_DATABASE;
const together = process.env.BENCHMARK_COMMITS === 'together';
const store = url.startsWith('postgres://') ? await openPostgres() : await openSqlite();

/** Stores an event, and settles once it is on disk. */
export const storeEvent = together
  ? groupCommits(store.insertAll)
  : async (event) => store.insertAll([event]);

async function openSqlite() {
  const { default: Database } = await import('@signalapp/sqlcipher'); // Without a key it is SQLite as it is.
  const database = new Database(url);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE events (
      sequence INTEGER PRIMARY KEY,
      event_id TEXT NOT NULL UNIQUE, instance_id TEXT NOT NULL, event_type TEXT NOT NULL, data TEXT NOT NULL
    ) STRICT;
  `);
  const insert = database.prepare(
    `INSERT INTO events (event_id, instance_id, event_type, data) VALUES (?, ?, ?, ?)
     ON CONFLICT (event_id) DO NOTHING`,
  );
  const insertAll = database.transaction((events) => {
    for (const { eventId, instanceId, eventType, data } of events) {
      insert.run([eventId, instanceId, eventType, data]);
    }
  });
  return { insertAll };
}

async function openPostgres() {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: url, max: 16 });
  await pool.query(`
    CREATE TABLE events (
      sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      event_id text COLLATE "C" NOT NULL UNIQUE, instance_id text NOT NULL, event_type text NOT NULL, data text NOT NULL
    )`);
  const text = `
    INSERT INTO events (event_id, instance_id, event_type, data)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT (event_id) DO NOTHING`;
  const insertAll = (events) => {
    const column = (name) => events.map((event) => event[name]);
    const values = [column('eventId'), column('instanceId'), column('eventType'), column('data')];
    return pool.query({ name: 'insert', text, values });
  };
  return { insertAll };
}

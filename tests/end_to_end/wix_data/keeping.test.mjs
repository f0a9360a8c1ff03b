// Data that leaves and comes back: an instance exported, deleted and imported; a backup taken and put
// back while others write; a database copied into another.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { codeOf, ids, plain, refused } from "../lib/data_client.mjs";
import { admin, dataPlace, startData } from "../lib/data_stage.mjs";
import { testOnEach } from "../lib/databases.mjs";
import { until } from "../lib/poll.mjs";

const declared =
  '[permissions]\nread = "ANYONE"\ninsert = "SITE_MEMBER"\n\n[[fields]]\nkey = "name"\ntype = "TEXT"\nunique = true\n';

const many = { type: "MULTI_REFERENCE", typeMetadata: { multiReference: { referencedCollectionId: "authors" } } };

const books = [
  { _id: "z-first", title: "日本茶 👩‍👩‍👧", when: new Date("1969-12-31T23:59:59.999Z"), nothing: null },
  {
    _id: "a/second?&%",
    title: 'quote"\\\n\t\u2028',
    deep: { list: [[1, [2, { x: null, d: new Date(0) }]], [], {}], n: -0.1 },
  },
  { _id: "third", numbers: [5e-324, 1.7976931348623157e308, 2 ** 53, 1e21, 0], flags: [true, false, null], empty: "" },
  { _id: " ", title: "e\u0301 is not é", far: new Date("9999-12-31T23:59:59.999Z"), iso: "2024-01-01T00:00:00.000Z" },
];

// What a site holds, all of it made by its people and its app.
async function fill(site) {
  const { app, ann } = site;
  await site.collection("authors", { name: "TEXT" });
  await app.collections.createDataCollection({
    _id: "books",
    displayName: "Bücher",
    fields: [
      { key: "title", type: "TEXT", description: "of the book" },
      { key: "reviewers", ...many },
    ],
    permissions: { ...admin, read: "SITE_MEMBER_AUTHOR", insert: "SITE_MEMBER" },
  });
  await app.indexes.createIndex("books", { name: "titles", fields: [{ path: "title", order: "ASC" }], unique: true });
  await app.items.bulkInsert(
    "authors",
    Array.from({ length: 1200 }, (_, i) => ({ _id: `a${i}`, name: `Author ${i}` })).slice(0, 1000),
  );
  await app.items.bulkInsert(
    "authors",
    Array.from({ length: 200 }, (_, i) => ({ _id: `b${i}`, name: `More ${i}` })),
  );
  await app.items.bulkInsert("books", books);
  await ann.items.insert("books", { _id: "hers", title: "hers" });
  await app.items.insertReference("books", "reviewers", "third", ["a9", "a3", "nobody", "a7"]);
  await app.items.update("books", { _id: "hers", title: "hers, changed" });
  await ann.items.insert("shared", { _id: "s", name: "in a collection of a file" });
}

// Everything of a site, as the app sees it, in the order in which it comes.
async function everything({ app: { items, collections, indexes } }) {
  const { collections: all } = await collections.listDataCollections();
  const whole = {};
  for (const { _id, displayName, fields, permissions } of all) {
    const found = [];
    let page = await items.query(_id).limit(500).find();
    found.push(...page.items);
    while (page.hasNext()) {
      page = await page.next();
      found.push(...page.items);
    }
    const made = (await indexes.listIndexes(_id)).indexes;
    whole[_id] = { displayName, fields, permissions, items: found, indexes: made };
  }
  const linked = whole.books && (await items.queryReferencedItems("books", "third", "reviewers")).results;
  return { whole, linked };
}

testOnEach("an instance exported, deleted and imported", async (t, database) => {
  const stage = await startData(t, { database, collections: { shared: declared } });
  const { place } = stage;
  const [site, other] = [await stage.site(), await stage.site()];
  await fill(site);
  await fill(other);
  const [before, ofOther] = [await everything(site), await everything(other)];
  const id = site.instanceId;
  const file = join(place.folder, "export.jsonl");
  const records = () => readFileSync(file, "utf8").trimEnd().split("\n");

  await t.test("exported: a record a line, for nobody else's eyes", async () => {
    await place.done("instance", "export", id, "--output", file);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const lines = records().map((line) => JSON.parse(line));
    assert.ok(lines.length > 1200);
    assert.ok(!readFileSync(file, "utf8").includes(other.instanceId));
    const printed = await place.done("instance", "export", id);
    // When the instance was seen last is written behind its requests, so that record may come later.
    const ofData = (text) => text.trimEnd().split("\n").filter((line) => !line.includes('"kind":"instance"'));
    assert.equal(ofData(printed).length, ofData(readFileSync(file, "utf8")).length);
    assert.deepEqual(endOf(printed), endOf(readFileSync(file, "utf8")), "the same counts and checksum");
  });
  await t.test("into one that has data: refused", async () => {
    const { code, stderr } = await place.run("instance", "import", "--input", file, "--yes");
    assert.equal(code, 1);
    assert.match(stderr, /has data already/);
    assert.deepEqual(await everything(site), before);
  });
  await t.test("deleted, while the server runs", async () => {
    await place.done("instance", "delete", id, "--yes");
    await gone(site.app, "books");
    assert.equal(await site.app.items.query("shared").count(), 0);
    assert.deepEqual(
      (await site.app.collections.listDataCollections()).collections.map(({ _id }) => _id),
      ["shared"],
    );
    assert.deepEqual(await everything(other), ofOther, "the other instance has all it had");
  });
  await t.test("imported: the same in everything", async () => {
    await place.done("instance", "import", "--input", file, "--yes");
    await until("the server to know the collections", () =>
      site.app.items
        .query("books")
        .count()
        .catch(() => false),
    );
    assert.deepEqual(await everything(site), before);
    const again = await place.done("instance", "export", id);
    assert.deepEqual(endOf(again), endOf(readFileSync(file, "utf8")), "the same counts and checksum");
    const { ann, app, ben } = site;
    await until("writes", () => app.items.insert("books", { _id: "new" }).catch(isBusy));
    await app.items.remove("books", "new");
    assert.deepEqual(ids((await ann.items.query("books").find()).items), ["hers"], "owners are kept");
    assert.equal(await ben.items.query("books").count(), 0);
    await refused(app, app.items.insert("books", { title: "hers, changed" }), "WDE0123", 409);
    await refused(app, app.items.insert("shared", { name: "in a collection of a file" }), "WDE0123", 409);
    const [strange] = (await app.items.query("books").eq("_id", "a/second?&%").find()).items;
    assert.deepEqual(plain(strange), books[1]);
    await app.items.insert("books", { _id: "new", title: "after the import" });
    assert.equal((await app.items.query("books").find()).items.at(-1)._id, "new", "what comes later is last");
    await app.items.remove("books", "new");
  });
  await t.test("into another instance", async () => {
    const another = await stage.site();
    await place.done("instance", "import", another.instanceId, "--input", file, "--yes");
    const { whole, linked } = await everything(another);
    assert.deepEqual(linked, before.linked);
    assert.deepEqual(Object.keys(whole), Object.keys(before.whole));
    assert.deepEqual(whole.books.items, before.whole.books.items);
  });
  await t.test("with --replace, in the place of what is there", async () => {
    await site.app.items.insert("books", { _id: "too much" });
    await place.done("instance", "import", "--replace", "--input", file, "--yes");
    assert.deepEqual(await everything(site), before);
  });

  await t.test("the server writes to what was changed under it, at once", async () => {
    const { app } = site;
    await app.collections.patchDataCollection("books", { displayName: "of another revision" });
    await app.items.query("books").find();
    await place.done("instance", "import", "--replace", "--input", file, "--yes");
    await app.items.insert("books", { _id: "at once" });
    await app.items.remove("books", "at once");
  });

  const lines = records();
  const itemAt = lines.findIndex((line) => line.includes('"Author 500"'));
  const damaged = {
    "broken off between two lines": [lines.slice(0, 700).join("\n") + "\n", /broken off/],
    "broken off in a line": [lines.join("\n").slice(0, -lines.at(-1).length - 30), /line \d+/],
    "a line is missing": [lines.toSpliced(itemAt, 1).join("\n"), /damaged/],
    "a character is another": [
      lines.with(itemAt, lines[itemAt].replace("Author 500", "Author 5O0")).join("\n"),
      /damaged/,
    ],
    "a line is there twice": [lines.toSpliced(itemAt, 0, lines[itemAt]).join("\n"), /line \d+|damaged/],
    "a line is no JSON": [lines.with(itemAt, "nonsense").join("\n"), /line \d+ is no record/],
    "the header is missing": [lines.slice(1).join("\n"), /header/],
    "it is empty": ["", /header/],
    "it is something else": ['{"name":"package.json"}\n', /line 1 is no record/],
    "something follows the end": [`${lines.join("\n")}\n${lines[itemAt]}\n`, /follows the end/],
  };
  for (const [name, [text, says]] of Object.entries(damaged)) {
    await t.test(`refused: ${name}`, async () => {
      const bad = join(place.folder, "bad.jsonl");
      writeFileSync(bad, text);
      const { code, stderr } = await place.run("instance", "import", randomUUID(), "--input", bad);
      assert.equal(code, 1, stderr);
      assert.match(stderr, says);
    });
  }
  await t.test("a damaged export leaves nothing half imported", async () => {
    const bad = join(place.folder, "bad.jsonl");
    writeFileSync(bad, damaged["broken off between two lines"][0]);
    const fresh = await stage.site();
    await place.run("instance", "import", fresh.instanceId, "--input", bad);
    assert.deepEqual(
      (await fresh.app.collections.listDataCollections()).collections.map(({ _id }) => _id),
      ["shared"],
    );
  });
  await t.test("a damaged export with --replace takes nothing away", async () => {
    const bad = join(place.folder, "bad.jsonl");
    writeFileSync(bad, damaged["broken off between two lines"][0]);
    const { code } = await place.run("instance", "import", "--replace", "--input", bad);
    assert.equal(code, 1);
    assert.deepEqual(await everything(site), before);
  });
  await t.test("where a collection is not declared: refused", async () => {
    const elsewhere = await dataPlace(t, { database });
    await elsewhere.done("migrate");
    const { code, stderr } = await elsewhere.run("instance", "import", "--input", file, "--yes");
    assert.equal(code, 1);
    assert.match(stderr, /shared is declared/);
  });
});

// Counts and checksum of the data; what is no data, such as when the instance was seen, has a checksum of its own.
function endOf(text) {
  const { collections, items, checksum } = JSON.parse(text.trimEnd().split("\n").at(-1));
  return { collections, items, checksum };
}

// A command changed the database under the server, which believes what it knows of collections for a
// moment.
function gone({ items }, collection) {
  return until(`${collection} to be gone`, async () => {
    const error = await items
      .query(collection)
      .find()
      .catch((error) => error);
    return codeOf(error) === "WDE0025";
  });
}

const isBusy = (error) => {
  assert.equal(codeOf(error), "DATABASE_BUSY");
  return false;
};

// Inserts n-0, n-1, … one after the other for each of the writers, until it is told to stop; `written`
// has how many each has been told of.
function writers(items, collection, count, { stumbling = false } = {}) {
  const written = Array(count).fill(0);
  let going = true;
  const write = async (writer) => {
    while (going) {
      try {
        await items.insert(collection, { _id: `${writer}-${written[writer]}`, writer, number: written[writer] });
      } catch (error) {
        if (!stumbling) throw error;
      }
      written[writer] += 1;
    }
  };
  const all = Promise.all(written.map((_, writer) => write(writer)));
  all.catch(() => {});
  return {
    written,
    stop: () => {
      going = false;
      return all;
    },
  };
}

testOnEach("a backup taken, and put back, while others write", async (t, database) => {
  const stage = await startData(t, { database });
  const { place } = stage;
  const site = await stage.site();
  await site.collection("numbers", { number: "NUMBER" });
  const file = join(place.folder, "backup.db");
  const { app } = site;

  await t.test("what it holds is of one moment", async () => {
    const { written, stop } = writers(app.items, "numbers", 3);
    await until("some writes", () => written.every((count) => count > 5));
    const least = [...written];
    await place.done("backup", file);
    await stop();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const restored = await dataPlace(t, { database });
    restored.app = place.app;
    await restored.done("restore", file, "--yes", "--other-app");
    const there = await restored.start();
    const { items } = (await there.site(site.instanceId)).app;
    for (const [writer, count] of least.entries()) {
      const { items: found } = await items
        .query("numbers")
        .eq("writer", writer)
        .ascending("number")
        .limit(1000)
        .find();
      assert.ok(found.length >= count, "what was acknowledged before");
      assert.deepEqual(
        found.map(({ number }) => number),
        Array.from(found.keys()),
        "without a gap",
      );
    }
  });
  await t.test("put back under a running server and its writers", async () => {
    const total = await app.items.query("numbers").count();
    await app.items.truncate("numbers");
    await site.collection("later", { a: "NUMBER" });
    await app.items.insert("later", { a: 1 });
    await site.collection("busy", { number: "NUMBER" });
    // They stumble when their collection goes.
    const { written, stop } = writers(app.items, "busy", 2, { stumbling: true });
    await until("some writes", () => written.every((count) => count > 5));
    await place.done("restore", file, "--yes", "--other-app");
    await stop();
    const now = await app.items.query("numbers").count();
    assert.ok(now > 0 && now <= total, `${now} of ${total}`);
    await gone(app, "later");
    await gone(app, "busy");
    await app.items.insert("numbers", { _id: "after", number: -1 });
    assert.equal((await app.items.get("numbers", "after")).number, -1);
    assert.doesNotMatch(stage.program.stderr, /panicked/);
  });
  await t.test("what is no backup is refused, and nothing changes", async () => {
    const before = await app.items.query("numbers").count();
    const bad = join(place.folder, "bad.db");
    const good = readFileSync(file);
    const middle = Math.floor(good.length / 2);
    const garbage = Buffer.from(good).fill(0x5a, middle, Math.min(middle + 9000, good.length));
    for (const content of ["", "nonsense", good.subarray(0, middle), garbage, Buffer.alloc(100_000)]) {
      writeFileSync(bad, content);
      const { code, stderr } = await place.run("restore", bad, "--yes");
      assert.ok(code > 0, `${content.length} bytes were taken`);
      assert.match(stderr, /error: /);
      assert.equal(await app.items.query("numbers").count(), before);
    }
    const { code, stderr } = await place.run("restore", join(place.folder, "nowhere.db"));
    assert.equal(code, 1);
    assert.match(stderr, /there is no backup/);
  });
  await t.test("a backup to where none can be written", async () => {
    const { code } = await place.run("backup", join(place.folder, "no/such/folder/backup.db"));
    assert.ok(code > 0);
    assert.ok(!existsSync(join(place.folder, "no")));
  });
});

testOnEach("a database copied", async (t, database) => {
  const stage = await startData(t, { database, collections: { shared: declared } });
  const { place } = stage;
  const sites = [await stage.site(), await stage.site()];
  for (const site of sites) await fill(site);
  const before = await Promise.all(sites.map(everything));
  const file = join(place.folder, "copy.db");
  const url = `sqlite://${file}`;

  await t.test("the checksums of both are the same", async () => {
    const [from, to, ...rest] = (await place.done("database", "copy", "--to", url)).trim().split("\n");
    assert.deepEqual(rest, []);
    assert.match(from, /^from: 2 instances, 6 collections, \d+ items, 0 links, checksum [0-9a-f]{32}$/);
    assert.equal(to, from.replace("from", "to"));
  });
  await t.test("into one that is not empty: refused", async () => {
    const { code, stderr } = await place.run("database", "copy", "--to", url);
    assert.equal(code, 1);
    assert.match(stderr, /not empty/);
  });
  await t.test("a server on the copy has everything, and knows the old tokens", async () => {
    await stage.program.stop("SIGINT");
    place.env.BACKLOT_DATABASE_URL = url;
    const copy = await place.start();
    for (const [number, { instanceId, app }] of sites.entries()) {
      const site = await copy.site(instanceId);
      assert.deepEqual(await everything(site), before[number]);
      await refused(site.app, site.app.items.insert("books", { title: "hers, changed" }), "WDE0123", 409);
      const old = await fetch(`${copy.backend}/whoami`, { headers: { Authorization: app.authorization } });
      assert.equal(old.status, 200);
    }
  });
});

test("while a copy is made, a writer goes on: the two differ, and it says so, or not at all", async (t) => {
  const stage = await startData(t);
  const site = await stage.site();
  await site.collection("numbers", { number: "NUMBER" });
  const { written, stop } = writers(site.app.items, "numbers", 2);
  await until("some writes", () => written.every((count) => count > 5));
  const { code, stdout, stderr } = await stage.place.run(
    "database",
    "copy",
    "--to",
    `sqlite://${join(stage.place.folder, "copy.db")}`,
  );
  await stop();
  const [from, to] = stdout.trim().split("\n");
  const same = from?.slice("from".length) === to?.slice("to".length);
  assert.deepEqual([code, same], same ? [0, true] : [1, false], stderr);
  if (!same) assert.match(stderr, /the two differ/);
});

// Indexes, by the client's own calls: made, listed, counted, dropped; and what a unique one refuses.

import assert from "node:assert/strict";

import { startData } from "../lib/data_stage.mjs";
import { ids, refused } from "../lib/data_client.mjs";
import { testOnEach } from "../lib/databases.mjs";

const on = (...paths) => paths.map((path) => ({ path, order: "ASC" }));

testOnEach("indexes", async (t, database) => {
  const stage = await startData(t, { database });
  const [site, other] = [await stage.site(), await stage.site()];
  const fields = { email: "TEXT", name: "TEXT", age: "NUMBER" };
  for (const { collection } of [site, other]) await collection("people", fields);
  const { app } = site;
  const { items, indexes } = app;
  const people = [
    ["a", "Ann", 3],
    ["b", "ben", 1],
    ["c", "Cid", 2],
    ["d", "ann", 2],
  ];
  await items.bulkInsert(
    "people",
    people.map(([_id, name, age]) => ({ _id, name, age, email: `${_id}@example.com` })),
  );

  await t.test("regular, unique and case-insensitive ones are made", async () => {
    const made = await indexes.createIndex("people", { name: "by age", fields: [{ path: "age", order: "DESC" }] });
    const { name, fields: indexed, unique, caseInsensitive, source, status } = made;
    assert.deepEqual(
      { name, indexed, unique, caseInsensitive, source, status },
      {
        name: "by age",
        indexed: [{ path: "age", order: "DESC" }],
        unique: false,
        caseInsensitive: false,
        source: "USER",
        status: "ACTIVE",
      },
    );
    await indexes.createIndex("people", { name: "by both", fields: on("age", "name") });
    await indexes.createIndex("people", { name: "emails", fields: on("email"), unique: true, caseInsensitive: true });
  });
  await t.test("listed, a page at a time", async () => {
    const all = await indexes.listIndexes("people");
    assert.deepEqual(
      all.indexes.map(({ name }) => name),
      ["by age", "by both", "emails"],
    );
    const page = await indexes.listIndexes("people", { paging: { limit: 1, offset: 1 } });
    assert.deepEqual(
      page.indexes.map(({ name }) => name),
      ["by both"],
    );
    assert.deepEqual([page.pagingMetadata.count, page.pagingMetadata.offset, page.pagingMetadata.total], [1, 1, 3]);
    assert.deepEqual(page.indexes[0], all.indexes[1]);
  });
  await t.test("how many more may be made", async () => {
    const left = await indexes.listAvailableIndexes("people");
    assert.deepEqual([left.regular1Field, left.unique1Field, left.total], [1, 0, 1]);
    await refused(
      app,
      indexes.createIndex("people", { name: "second", fields: on("name"), unique: true }),
      "WDE0112",
      400,
    );
  });
  await t.test("answers are the same with an index and without", async () => {
    const query = () => items.query("people");
    assert.deepEqual(ids((await query().eq("age", 2).find()).items), ["c", "d"]);
    assert.deepEqual(ids((await query().ge("age", 2).ascending("age").ascending("name").find()).items), [
      "c",
      "d",
      "a",
    ]);
    assert.deepEqual(ids((await query().descending("age").ascending("_id").find()).items), ["a", "c", "d", "b"]);
    assert.deepEqual(ids((await query().eq("email", "A@example.com").find()).items), [], "equality keeps case");
  });

  await t.test("a second item with a unique value, whatever its case", async () => {
    await refused(app, items.insert("people", { email: "A@Example.com" }), "WDE0123", 409);
    await refused(app, items.update("people", { _id: "b", email: "a@example.com" }), "WDE0123", 409);
    await refused(app, items.save("people", { email: "a@example.com" }), "WDE0123", 409);
    await refused(app, items.patch("people", "b").setField("email", "C@EXAMPLE.COM").run(), "WDE0123", 409);
    const bulk = await items.bulkInsert("people", [
      { _id: "x1", email: "x@example.com" },
      { _id: "x2", email: "X@example.com" },
      { _id: "x3" },
    ]);
    assert.deepEqual([bulk.insertedItemIds, bulk.errors.map(({ code }) => code)], [["x1", "x3"], ["WDE0123"]]);
    assert.equal((await items.get("people", "b")).email, "b@example.com");
  });
  await t.test("an item may keep its own value, and items without one do not count", async () => {
    await items.update("people", { _id: "a", email: "A@EXAMPLE.COM", age: 3, name: "Ann" });
    await items.bulkInsert("people", [{ _id: "n1" }, { _id: "n2", email: null }]);
    assert.equal(await items.query("people").isEmpty("email").count(), 3);
  });
  await t.test("a value is free again when its item is gone", async () => {
    await items.remove("people", "x1");
    await items.insert("people", { _id: "x4", email: "x@example.com" });
  });
  await t.test("another instance has values of its own", async () => {
    await other.app.indexes.createIndex("people", { name: "emails", fields: on("email"), unique: true });
    await other.app.items.insert("people", { _id: "a", email: "a@example.com" });
    await refused(other.app, other.app.items.insert("people", { email: "a@example.com" }), "WDE0123", 409);
  });
  await t.test("of many who want a value at once, one gets it", async () => {
    const attempts = Array.from({ length: 15 }, () => items.insert("people", { email: "wanted@example.com" }));
    const outcomes = await Promise.allSettled(attempts);
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal(await items.query("people").eq("email", "wanted@example.com").count(), 1);
  });

  await t.test("dropped, it refuses nothing any more, and cannot be made again over duplicates", async () => {
    await indexes.dropIndex("people", "emails");
    const twice = await items.insert("people", { email: "a@example.com" });
    await items.update("people", { _id: "a", email: "a@example.com" });
    await refused(app, indexes.createIndex("people", { name: "emails", fields: on("email"), unique: true }), "WDE0123");
    assert.equal((await indexes.listIndexes("people")).indexes.length, 2);
    await items.remove("people", twice._id);
    await indexes.createIndex("people", { name: "emails", fields: on("email"), unique: true });
    await refused(app, items.insert("people", { email: "a@example.com" }), "WDE0123", 409);
  });
  await t.test("of a large collection, it is built after it was made, and says so if that fails", async () => {
    await site.collection("many", { number: "NUMBER" });
    for (let start = 0; start < 2000; start += 500) {
      const part = Array.from({ length: 500 }, (_, place) => ({ _id: `${start + place}`, number: start + place }));
      await items.bulkInsert("many", part);
    }
    const built = async (name) => {
      for (;;) {
        const found = (await indexes.listIndexes("many")).indexes.find((index) => index.name === name);
        if (found.status !== "BUILDING") return found;
        assert.deepEqual(ids((await items.query("many").eq("number", 1999).find()).items), ["1999"]);
      }
    };
    const made = await indexes.createIndex("many", { name: "numbers", fields: on("number") });
    assert.equal(made.status, "BUILDING");
    assert.equal((await built("numbers")).status, "ACTIVE");
    assert.deepEqual(ids((await items.query("many").gt("number", 1997).ascending("number").find()).items), [
      "1998",
      "1999",
    ]);
    await items.insert("many", { _id: "twice", number: 7 });
    await indexes.createIndex("many", { name: "once", fields: on("number"), unique: true });
    const { status, failure } = await built("once");
    assert.deepEqual([status, failure.code, failure.itemId], ["FAILED", "WDE0113", "twice"]);
    await items.insert("many", { _id: "third", number: 7 });
    await items.bulkRemove("many", ["twice", "third"]);
    await indexes.dropIndex("many", "once");
    await indexes.createIndex("many", { name: "once", fields: on("number"), unique: true });
    assert.equal((await built("once")).status, "ACTIVE");
    await refused(app, items.insert("many", { number: 7 }), "WDE0123", 409);
  });
  await t.test("what is no index", async () => {
    await refused(app, indexes.dropIndex("people", "nope"), "WDE0112", 400);
    const make = (index) => indexes.createIndex("people", { name: "bad", ...index });
    await refused(app, make({ fields: on("a", "b", "c", "d") }), "WDE0112", 400);
    await refused(app, make({ fields: [] }), "WDE0112", 400);
    await refused(app, make({ name: "by age", fields: on("name") }), "WDE0112", 400);
    await refused(app, make({ name: "x".repeat(129), fields: on("name") }), "WDE0112", 400);
    await refused(app, indexes.createIndex("nowhere", { name: "n", fields: on("a") }), "WDE0025", 404);
    await refused(app, indexes.listIndexes("nowhere"), "WDE0025", 404);
  });
  await t.test("only the app may make and drop them", async () => {
    for (const person of [site.owner, site.ann, site.visitor]) {
      await refused(person, person.indexes.createIndex("people", { name: "n", fields: on("name") }), "WDE0027", 403);
      await refused(person, person.indexes.dropIndex("people", "by age"), "WDE0027", 403);
    }
    assert.equal((await site.owner.indexes.listIndexes("people")).indexes.length, 3);
    await refused(site.ann, site.ann.indexes.listIndexes("people"), "WDE0027", 403);
  });
});

// Who may do what: each operation at each level by each role; and authors, who have their own items only.

import assert from "node:assert/strict";

import { admin, anyone, startData } from "../lib/data_stage.mjs";
import { answered, codeOf, ids, refused, sendJson } from "../lib/data_client.mjs";
import { testOnEach } from "../lib/databases.mjs";
import { until } from "../lib/poll.mjs";

// What a caller has of a level: everything, their own items, or nothing.
const granted = {
  ANYONE: { visitor: "all", ann: "all", owner: "all", app: "all" },
  SITE_MEMBER: { visitor: "none", ann: "all", owner: "all", app: "all" },
  SITE_MEMBER_AUTHOR: { visitor: "none", ann: "own", owner: "all", app: "all" },
  CMS_EDITOR: { visitor: "none", ann: "none", owner: "all", app: "all" },
  PRIVILEGED: { visitor: "none", ann: "none", owner: "all", app: "all" },
  ADMIN: { visitor: "none", ann: "none", owner: "all", app: "all" },
};

const increment = [{ fieldPath: "n", action: "INCREMENT_FIELD", value: 1 }];

// Each call by what it needs. `x` is an item of the app's, on which an author has no claim.
const calls = {
  read: {
    get: ({ items }) => items.get("c", "x"),
    query: ({ items }) => items.query("c").find(),
    count: ({ items }) => items.query("c").count(),
    distinct: ({ items }) => items.query("c").distinct("n"),
    aggregate: ({ items }) => items.aggregate("c").count().run(),
    pipeline: ({ items }) => items.aggregatePipeline("c", { stages: [{ limit: 1 }] }),
    search: ({ items }) => items.search("c").expression("a").run(),
    "query-referenced": ({ items }) => items.queryReferenced("c", "x", "links"),
    "is-referenced": ({ items }) => items.isReferenced("c", "links", "x", "y"),
  },
  insert: {
    insert: ({ items }) => items.insert("c", { n: 1 }),
    "bulk insert": ({ items }) => items.bulkInsert("c", [{ n: 1 }]),
  },
  update: {
    update: ({ items }) => items.update("c", { _id: "x", n: 1 }),
    patch: ({ items }) => items.patch("c", "x").setField("n", 1).run(),
    "bulk update": ({ items }) => items.bulkUpdate("c", [{ _id: "x", n: 1 }]),
    "bulk patch": ({ items }) => items.bulkPatch("c", ["x"]).setField("n", 1).run(),
    "patch by filter": ({ items }) => items.asyncPatchByFilter("c", items.filter().eq("n", -1), increment),
    "insert reference": ({ items }) => items.insertReference("c", "links", "x", crypto.randomUUID()),
    "replace references": ({ items }) => items.replaceReferences("c", "links", "x", []),
  },
  remove: {
    remove: ({ items }) => items.remove("c", "nothing"),
    "bulk remove": ({ items }) => items.bulkRemove("c", ["nothing"]),
    "remove by filter": ({ items }) => items.asyncRemoveByFilter("c", items.filter().eq("n", -1)),
  },
};

testOnEach("roles", async (t, database) => {
  const stage = await startData(t, { database });
  const fields = [
    { key: "n", type: "NUMBER" },
    { key: "links", type: "MULTI_REFERENCE", typeMetadata: { multiReference: { referencedCollectionId: "c" } } },
  ];
  for (const [level, roles] of Object.entries(granted)) {
    await t.test(level, async () => {
      for (const [operation, each] of Object.entries(calls)) {
        // All else is open, so that nothing but this operation's level can refuse.
        const site = await stage.site();
        await site.collection("c", fields, { ...anyone, [operation]: level });
        await site.app.items.insert("c", { _id: "x", n: 0 });
        for (const [role, access] of Object.entries(roles)) {
          for (const [name, call] of Object.entries(each)) {
            const outcome = await call(site[role]).then(() => "done", codeOf);
            // An item of another's: not allowed, or as if it was not there.
            const allowed = { all: ["done"], own: ["done", "WDE0027", "WDE0073"], none: ["WDE0027"] };
            assert.ok(allowed[access].includes(outcome), `${name} as ${role}: ${outcome}`);
            if (outcome === "WDE0027") assert.equal(site[role].last.status, 403, name);
          }
        }
      }
    });
  }
  await t.test("save needs a right to insert or to update, and does no more than that", async () => {
    const site = await stage.site();
    await site.collection("c", fields, { ...admin, insert: "ANYONE" });
    await site.app.items.insert("c", { _id: "x", n: 0 });
    const { visitor } = site;
    assert.equal((await visitor.items.save("c", { _id: "new", n: 1 }))._id, "new");
    // What the visitor may not even see is as if it was not there.
    await refused(visitor, visitor.items.save("c", { _id: "x", n: 1 }), "WDE0073", 404);
    const bulk = await visitor.items.bulkSave("c", [
      { _id: "x", n: 1 },
      { _id: "newer", n: 1 },
    ]);
    assert.deepEqual([bulk.inserted, bulk.errors.map(({ code }) => code)], [1, ["WDE0073"]]);
    assert.equal((await site.app.items.get("c", "x")).n, 0);
    const writable = await stage.site();
    await writable.collection("c", fields, { ...admin, update: "ANYONE" });
    await writable.app.items.insert("c", { _id: "x", n: 0 });
    assert.equal((await writable.visitor.items.save("c", { _id: "x", n: 1 })).n, 1);
    await refused(writable.visitor, writable.visitor.items.save("c", { _id: "new", n: 1 }), "WDE0027", 403);
    assert.equal(await writable.app.items.get("c", "new"), null);
  });
  await t.test("truncate needs the right to remove everybody's", async () => {
    const site = await stage.site();
    await site.collection("c", fields, { ...anyone, remove: "SITE_MEMBER_AUTHOR" });
    await site.ann.items.insert("c", { _id: "hers" });
    await refused(site.ann, site.ann.items.truncate("c"), "WDE0027", 403);
    await refused(site.visitor, site.visitor.items.truncate("c"), "WDE0027", 403);
    await site.owner.items.truncate("c");
    assert.equal(await site.app.items.query("c").count(), 0);
  });
  await t.test("without a credential, or with a bad one", async () => {
    const query = { dataCollectionId: "c", query: {} };
    answered(await sendJson(stage.backend, undefined, "POST", "/items/query", query), 401, "CREDENTIAL_MISSING");
    answered(await sendJson(stage.backend, "nonsense", "POST", "/items/query", query), 401, "CREDENTIAL_MALFORMED");
  });
});

testOnEach("authors", async (t, database) => {
  const stage = await startData(t, { database });
  const site = await stage.site();
  const author = "SITE_MEMBER_AUTHOR";
  const fields = [
    { key: "n", type: "NUMBER" },
    { key: "friend", type: "REFERENCE", typeMetadata: { reference: { referencedCollectionId: "notes" } } },
    { key: "links", type: "MULTI_REFERENCE", typeMetadata: { multiReference: { referencedCollectionId: "notes" } } },
  ];
  await site.collection("notes", fields, { read: author, insert: author, update: author, remove: author });
  const { ann, ben, visitor, owner, app } = site;
  for (const [person, name] of [
    [ann, "a"],
    [ben, "b"],
  ]) {
    await person.items.bulkInsert(
      "notes",
      [1, 2, 3].map((n) => ({ _id: `${name}${n}`, n })),
    );
  }
  await app.items.insert("notes", { _id: "x", n: 9 });
  const everything = async () => ids((await app.items.query("notes").ascending("_id").find()).items);
  const all = ["a1", "a2", "a3", "b1", "b2", "b3", "x"];

  await t.test("what one inserts is one's own, whatever it says", async () => {
    const mine = await ann.items.insert("notes", { _id: "mine", _owner: ben.userId });
    assert.equal(mine._owner, ann.userId);
    assert.equal((await ann.items.remove("notes", "mine"))._id, "mine");
  });
  await t.test("one sees one's own, the owner and the app see all", async () => {
    for (const [person, seen] of [
      [ann, ["a1", "a2", "a3"]],
      [ben, ["b1", "b2", "b3"]],
      [owner, all],
      [app, all],
    ]) {
      const { items } = person;
      const found = await items.query("notes").ascending("_id").find({ returnTotalCount: true });
      assert.deepEqual([ids(found.items), found.totalCount], [seen, seen.length]);
      assert.equal(await items.query("notes").count(), seen.length);
      assert.equal((await items.aggregate("notes").count().run()).items[0].count, seen.length);
      const piped = await items.aggregatePipeline("notes", {
        stages: [{ sort: { values: [{ fieldName: "_id", order: "ASC" }] } }],
      });
      assert.deepEqual(ids(piped.results), seen);
      assert.deepEqual((await items.query("notes").distinct("_id")).items, seen);
      assert.deepEqual(
        ids((await items.search("notes", { search: {}, sort: [{ fieldName: "_id", order: "ASC" }] })).items).sort(),
        seen,
      );
    }
  });
  await t.test("a filter does not reach further", async () => {
    const filters = [
      { _owner: ben.userId },
      { $or: [{ n: 1 }, { _id: "b1" }] },
      { $not: { _id: "none" } },
      { _owner: { $ne: ann.userId } },
    ];
    for (const filter of filters) {
      const { items } = await ann.items.query("notes", { filter });
      assert.ok(
        items.every(({ _owner }) => _owner === ann.userId),
        JSON.stringify(filter),
      );
    }
  });
  await t.test("the items of others are missing", async () => {
    assert.equal(await ann.items.get("notes", "b1"), null);
    assert.equal(ann.last.status, 404);
    await refused(ann, ann.items.update("notes", { _id: "b1", n: 7 }), "WDE0073", 404);
    await refused(ann, ann.items.patch("notes", "b1").setField("n", 7).run(), "WDE0073", 404);
    assert.equal(await ann.items.remove("notes", "b1"), null);
    const bulk = await ann.items.bulkUpdate("notes", [
      { _id: "a1", n: 7 },
      { _id: "b1", n: 7 },
      { _id: "x", n: 7 },
    ]);
    assert.deepEqual([bulk.updatedItemIds, bulk.skipped], [["a1"], 2]);
    assert.equal((await ann.items.bulkRemove("notes", ["b1", "b2", "x"])).removed, 0);
    assert.equal((await ann.items.bulkPatch("notes", ["b1", "x"]).setField("n", 7).run()).updated, 0);
    assert.deepEqual(await everything(), all);
    assert.deepEqual([(await app.items.get("notes", "b1")).n, (await app.items.get("notes", "x")).n], [1, 9]);
  });
  await t.test("an id that somebody else has cannot be taken over", async () => {
    await refused(ann, ann.items.insert("notes", { _id: "b1" }), "WDE0074", 409);
    const save = await ann.items.save("notes", { _id: "b1", n: 7 }).then(() => "done", codeOf);
    assert.ok(["WDE0073", "WDE0074", "WDE0027"].includes(save), save);
    const bulk = await ann.items.bulkSave("notes", [{ _id: "b1", n: 7 }]);
    assert.equal(bulk.errors.length, 1);
    const { n, _owner } = await app.items.get("notes", "b1");
    assert.deepEqual([n, _owner], [1, ben.userId]);
  });
  await t.test("links of others' items are not seen, and not made", async () => {
    await ben.items.insertReference("notes", "links", "b1", "b2");
    assert.equal(await ann.items.isReferenced("notes", "links", "b1", "b2"), false);
    assert.deepEqual((await ann.items.queryReferenced("notes", "b1", "links")).items, []);
    await ann.items.insertReference("notes", "links", "b1", "a1");
    await refused(ann, ann.items.replaceReferences("notes", "links", "b1", []), "WDE0073", 404);
    assert.deepEqual(ids((await app.items.queryReferenced("notes", "b1", "links")).items), ["b2"]);
  });
  await t.test("an item of another's that one refers to is not included", async () => {
    await ann.items.update("notes", { _id: "a2", n: 2, friend: "b3" });
    await ann.items.insertReference("notes", "links", "a2", ["b3", "a3"]);
    const [note] = (await ann.items.query("notes").eq("_id", "a2").include("friend", "links").find()).items;
    assert.deepEqual([note.friend, ids(note.links)], ["b3", ["a3"]]);
    const { results } = await ann.items.queryReferencedItems("notes", "a2", "links");
    assert.deepEqual(
      results.map(({ item }) => item?._id ?? null),
      [null, "a3"],
    );
  });
  await t.test("a job does no more than who asked for it may do", async () => {
    const over = (person, jobId) =>
      until("the job", async () => {
        const { status, successCount } = await person.items.getAsyncJobStatus(jobId);
        return status === "SUCCEEDED" && { successCount };
      });
    const { jobId } = await ann.items.asyncPatchByFilter("notes", ann.items.filter(), [
      { fieldPath: "job", action: "SET_FIELD", value: true },
    ]);
    assert.deepEqual(await over(ann, jobId), { successCount: 3 });
    assert.deepEqual(ids((await app.items.query("notes").eq("job", true).ascending("_id").find()).items), [
      "a1",
      "a2",
      "a3",
    ]);
    const removal = await ben.items.asyncRemoveByFilter("notes", ben.items.filter().ge("n", 0));
    assert.deepEqual(await over(ben, removal.jobId), { successCount: 3 });
    assert.deepEqual(await everything(), ["a1", "a2", "a3", "x"]);
    await refused(visitor, visitor.items.asyncRemoveByFilter("notes", visitor.items.filter()), "WDE0027", 403);
  });
  await t.test("a cursor serves the eyes of who uses it", async () => {
    const page = { dataCollectionId: "notes", query: { paging: { limit: 1 } } };
    const { next } = answered(await app.send("POST", "/items/query", page), 200).pagingMetadata.cursors;
    const more = { dataCollectionId: "notes", query: { cursorPaging: { cursor: next, limit: 100 } } };
    const rest = answered(await ben.send("POST", "/items/query", more), 200).dataItems;
    assert.deepEqual(rest, [], "ben has nothing left");
    answered(await visitor.send("POST", "/items/query", more), 403, "WDE0027");
  });
  await t.test("a visitor is nobody's author", async () => {
    for (const call of [
      () => visitor.items.query("notes").find(),
      () => visitor.items.get("notes", "a1"),
      () => visitor.items.insert("notes", { n: 1 }),
      () => visitor.items.update("notes", { _id: "a1" }),
      () => visitor.items.remove("notes", "a1"),
    ]) {
      await refused(visitor, call(), "WDE0027", 403);
    }
  });
  await t.test("the same member on another site is a stranger", async () => {
    const other = await stage.site();
    await other.collection("notes", fields, { read: author, insert: author, update: author, remove: author });
    const there = other.person("member", ann.userId);
    assert.equal(await there.items.query("notes").count(), 0);
    assert.equal(await there.items.get("notes", "a1"), null);
    await there.items.insert("notes", { _id: "a1", n: 100 });
    assert.notEqual((await ann.items.get("notes", "a1")).n, 100);
  });
});

// References: what is included, linked, unlinked, replaced, and what a query of them tells.

import assert from "node:assert/strict";

import { admin, startData } from "../lib/data_stage.mjs";
import { answered, ids, plain, refused } from "../lib/data_client.mjs";
import { testOnEach } from "../lib/databases.mjs";

const reference = (key, id) => ({
  key,
  type: "REFERENCE",
  typeMetadata: { reference: { referencedCollectionId: id } },
});
const many = (key, id) => ({
  key,
  type: "MULTI_REFERENCE",
  typeMetadata: { multiReference: { referencedCollectionId: id } },
});

async function library(site) {
  await site.collection("authors", { name: "TEXT" }, { ...admin, read: "ANYONE" });
  await site.collection("secrets", { name: "TEXT" });
  const fields = [
    { key: "title", type: "TEXT" },
    reference("author", "authors"),
    many("reviewers", "authors"),
    many("tags", "authors"),
    reference("secret", "secrets"),
    many("hidden", "secrets"),
  ];
  await site.collection("books", fields, { ...admin, read: "ANYONE" });
  const { items } = site.app;
  await items.bulkInsert(
    "authors",
    Array.from({ length: 60 }, (_, i) => ({ _id: `a${i}`, name: `Author ${i}` })),
  );
  await items.bulkInsert("secrets", [{ _id: "s1", name: "secret" }]);
  await items.bulkInsert(
    "books",
    ["b1", "b2", "b3"].map((_id) => ({ _id, title: _id })),
  );
}

const named = (...numbers) => numbers.map((number) => `a${number}`);
const range = (from, to) => named(...Array.from({ length: to - from }, (_, i) => from + i));

testOnEach("references", async (t, database) => {
  const stage = await startData(t, { database });
  const site = await stage.site();
  const { app } = site;
  const { items, send } = app;
  await library(site);
  const linked = async (field, book, options) =>
    ids((await items.queryReferenced("books", book, field, options)).items);

  await t.test("a single reference takes an id or an item, and gives the id", async () => {
    await items.update("books", { _id: "b1", title: "b1", author: "a1" });
    await items.update("books", { _id: "b2", title: "b2", author: { _id: "a2", name: "not kept" } });
    await items.update("books", { _id: "b3", title: "b3", author: "nobody" });
    const { items: found } = await items.query("books").ascending("_id").find();
    assert.deepEqual(
      found.map(({ author }) => author),
      ["a1", "a2", "nobody"],
    );
    assert.deepEqual(ids((await items.query("books").hasSome("author", ["a2", "nobody"]).find()).items), ["b2", "b3"]);
  });
  await t.test("included: the item, and of one that is not there the id", async () => {
    const { items: found } = await items.query("books").ascending("_id").include("author").find();
    assert.deepEqual(
      found.map(({ author }) => author.name ?? author),
      ["Author 1", "Author 2", "nobody"],
    );
    const got = await items.get("books", "b1", { includeReferences: [{ field: "author" }] });
    assert.equal(got.author.name, "Author 1");
    assert.ok(got.author._createdDate instanceof Date);
  });

  await t.test("linked, and asked for in the order of linking", async () => {
    await items.insertReference("books", "reviewers", "b1", named(5, 3, 9));
    await items.insertReference("books", "reviewers", "b1", "a1");
    assert.deepEqual(await linked("reviewers", "b1"), named(5, 3, 9, 1));
    assert.deepEqual(await linked("reviewers", "b1", { order: "desc" }), named(1, 9, 3, 5));
    assert.deepEqual(await linked("reviewers", "b2"), []);
    assert.equal(await items.isReferenced("books", "reviewers", "b1", "a3"), true);
    assert.equal(await items.isReferenced("books", "reviewers", "b1", "a2"), false);
    assert.equal(await items.isReferenced("books", "author", "b1", "a1"), true, "a single reference, too");
    assert.deepEqual(
      plain(await items.get("books", "b1")),
      { _id: "b1", title: "b1", author: "a1" },
      "absent from the item",
    );
    assert.deepEqual(ids((await items.query("books").hasSome("reviewers", ["a9"]).find()).items), ["b1"]);
    assert.deepEqual(ids((await items.query("books").hasAll("reviewers", named(9, 2)).find()).items), []);
  });
  await t.test("twice, and unlinked when it is not: a fault for that one alone", async () => {
    const references = ["a5", "a7"].map((referencedItemId) => ({
      referringItemFieldName: "reviewers",
      referringItemId: "b1",
      referencedItemId,
    }));
    const change = async (name) => {
      const reply = await send("POST", `/bulk/items/${name}-references`, {
        dataCollectionId: "books",
        dataItemReferences: references,
      });
      return answered(reply, 200).results.map(({ action, referenceMetadata: { success, error } }) => [
        action,
        success,
        error?.code,
      ]);
    };
    assert.deepEqual(await change("insert"), [
      ["INSERT", false, "WDE0029"],
      ["INSERT", true, undefined],
    ]);
    await items.removeReference("books", "reviewers", "b1", "a5");
    assert.deepEqual(await change("remove"), [
      ["DELETE", false, "WDE0153"],
      ["DELETE", true, undefined],
    ]);
    const single = (name, dataItemReference) =>
      send("POST", `/items/${name}-reference`, { dataCollectionId: "books", dataItemReference });
    answered(await single("insert", references[0]), 200);
    answered(await single("insert", references[0]), 409, "WDE0029");
    answered(await single("remove", references[1]), 404, "WDE0153");
  });
  await t.test("to and from what is not there", async () => {
    await items.insertReference("books", "tags", "b1", ["ghost", "a1"]);
    assert.deepEqual(await linked("tags", "b1"), ["a1"]);
    const { results } = await items.queryReferencedItems("books", "b1", "tags");
    assert.equal(results[0].unresolvedReference.referencedItemId, "ghost");
    assert.equal(results[1].item._id, "a1");
    const references = [{ referringItemFieldName: "tags", referringItemId: "no book", referencedItemId: "a1" }];
    const reply = await send("POST", "/bulk/items/insert-references", {
      dataCollectionId: "books",
      dataItemReferences: references,
    });
    assert.equal(answered(reply, 200).results[0].referenceMetadata.error.code, "WDE0073");
  });
  await t.test("a field that is no multi-reference", async () => {
    await refused(app, items.insertReference("books", "title", "b1", "a1"), "WDE0020", 400);
    await refused(app, items.insertReference("books", "nope", "b1", "a1"), "WDE0020", 400);
    await refused(app, items.replaceReferences("books", "author", "b1", ["a1"]), "WDE0020", 400);
    await refused(app, items.queryReferenced("books", "b1", "title"), "WDE0020", 400);
    answered(
      await send("POST", "/bulk/items/insert-references", { dataCollectionId: "books", dataItemReferences: [] }),
      400,
      "WDE0080",
    );
  });

  await t.test("replaced, in a new order, and by nothing", async () => {
    await items.replaceReferences("books", "reviewers", "b1", named(4, 2, 8));
    assert.deepEqual(await linked("reviewers", "b1"), named(4, 2, 8));
    await items.replaceReferences("books", "reviewers", "b1", []);
    assert.deepEqual(await linked("reviewers", "b1"), []);
    assert.deepEqual(await linked("tags", "b1"), ["a1"], "other fields keep theirs");
  });
  await t.test("by pages", async () => {
    await items.replaceReferences("books", "reviewers", "b2", range(0, 60));
    let page = await items.queryReferenced("books", "b2", "reviewers", { limit: 25, returnTotalCount: true });
    assert.equal(page.totalCount, 60);
    const seen = ids(page.items);
    while (page.hasNext()) {
      page = await page.next();
      seen.push(...ids(page.items));
    }
    assert.deepEqual(seen, range(0, 60));
    assert.deepEqual(await linked("reviewers", "b2"), range(0, 50), "50 without a limit");
    assert.deepEqual(await linked("reviewers", "b2", { skip: 58, limit: 5 }), range(58, 60));
    const one = (await items.queryReferenced("books", "b2", "reviewers", { limit: 1, fields: ["_id"] })).items;
    assert.deepEqual(one, [{ _id: "a0" }]);
  });
  await t.test("several items at once", async () => {
    await items.replaceReferences("books", "tags", "b2", named(6));
    const { results } = await items.queryReferencedItems("books", ["b1", "b2"], "tags");
    assert.deepEqual(
      results.map(({ item }) => item?._id ?? "unresolved"),
      ["unresolved", "a1", "a6"],
    );
  });
  await t.test("included: 50 without a limit, else as many as asked for", async () => {
    const included = async (...include) =>
      (
        await items
          .query("books")
          .eq("_id", "b2")
          .include(...include)
          .find()
      ).items[0];
    assert.deepEqual(ids((await included("reviewers")).reviewers), range(0, 50));
    const direct = { filter: { _id: "b2" } };
    const limited = (limit) => items.query("books", direct, { includeReferences: [{ field: "reviewers", limit }] });
    assert.deepEqual(ids((await limited(3)).items[0].reviewers), range(0, 3));
    assert.deepEqual(ids((await limited(1000)).items[0].reviewers), range(0, 60));
    await refused(app, limited(1001), "WDE0080", 400);
    const both = await included("author", "tags", "nonsense");
    assert.deepEqual([both.author.name, ids(both.tags)], ["Author 2", ["a6"]]);
    const each = (await items.query("books").ascending("_id").include("reviewers").find()).items;
    assert.deepEqual(
      each.map(({ reviewers }) => reviewers.length),
      [0, 50, 0],
    );
  });

  await t.test("in what is written: dropped, unless saveReferences says otherwise", async () => {
    await items.insert("books", { _id: "w", title: "w", tags: named(1, 2) });
    assert.deepEqual(await linked("tags", "w"), []);
    await items.update("books", { _id: "w", title: "w", tags: named(3, 1) }, { saveReferences: true });
    assert.deepEqual(await linked("tags", "w"), named(3, 1));
    await items.update("books", { _id: "w", title: "again" });
    assert.deepEqual(await linked("tags", "w"), named(3, 1), "not named, not changed");
    await items.save(
      "books",
      { _id: "w", title: "w", tags: [{ _id: "a7", name: "an item" }] },
      { saveReferences: true },
    );
    assert.deepEqual(await linked("tags", "w"), ["a7"]);
    const bulk = await items.bulkSave(
      "books",
      [
        { _id: "w", tags: ["a8"] },
        { _id: "w2", tags: ["a9"] },
      ],
      { saveReferences: true },
    );
    assert.deepEqual(bulk.errors, []);
    assert.deepEqual([await linked("tags", "w"), await linked("tags", "w2")], [["a8"], ["a9"]]);
    await refused(app, items.update("books", { _id: "w", tags: "a1" }, { saveReferences: true }), "WDE0303", 400);
    await refused(app, items.update("books", { _id: "w", tags: [5] }, { saveReferences: true }), "WDE0303", 400);
    assert.deepEqual(await linked("tags", "w"), ["a8"]);
  });
  await t.test("by a patch", async () => {
    await items.patch("books", "w").setField("tags", named(2, 4)).setField("title", "patched").run();
    assert.deepEqual(await linked("tags", "w"), named(2, 4));
    assert.deepEqual(plain(await items.get("books", "w")), { _id: "w", title: "patched" });
    await refused(app, items.patch("books", "w").setField("tags", "a1").run(), "WDE0303", 400);
    assert.deepEqual(await linked("tags", "w"), named(2, 4));
  });
  await t.test("an item that goes takes its links with it, both ways", async () => {
    await items.insert("authors", { _id: "gone", name: "Gone" });
    await items.insertReference("books", "tags", "w", "gone");
    await items.remove("authors", "gone");
    assert.deepEqual(
      (await items.queryReferencedItems("books", "w", "tags")).results.map(({ item }) => item?._id),
      named(2, 4),
    );
    await items.remove("books", "w");
    await items.insert("books", { _id: "w", title: "anew" });
    assert.deepEqual(await linked("tags", "w"), []);
  });

  await t.test("what a caller may not read is not included", async () => {
    await items.update("books", { _id: "b3", title: "b3", secret: "s1" });
    await items.insertReference("books", "hidden", "b3", "s1");
    const { visitor } = site;
    const query = visitor.items.query("books").eq("_id", "b3").include("secret", "hidden");
    const [book] = (await query.find()).items;
    assert.deepEqual([book.secret, book.hidden], ["s1", []]);
    assert.deepEqual((await visitor.items.queryReferenced("books", "b3", "hidden")).items, []);
    await refused(visitor, visitor.items.insertReference("books", "hidden", "b3", "s1"), "WDE0027", 403);
    await refused(visitor, visitor.items.replaceReferences("books", "hidden", "b3", []), "WDE0027", 403);
    assert.equal((await app.items.queryReferenced("books", "b3", "hidden")).items[0].name, "secret");
  });
  await t.test("of many who link the same at once, one does", async () => {
    const reference = { referringItemFieldName: "tags", referringItemId: "b3", referencedItemId: "a50" };
    const attempt = () =>
      send("POST", "/items/insert-reference", { dataCollectionId: "books", dataItemReference: reference });
    const replies = await Promise.all(Array.from({ length: 10 }, attempt));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, ...Array(9).fill(409)]);
    assert.deepEqual(await linked("tags", "b3"), ["a50"]);
  });
});

// Every paging that the client offers besides queries: of what items are linked to, of distinct values, groups,
// pipelines and searches. Whatever goes and comes between two pages, nothing is passed over and nothing comes twice.

import assert from "node:assert/strict";

import { items as builders } from "@wix/data";

import { startData } from "../lib/data_stage.mjs";
import { answered, ids } from "../lib/data_client.mjs";
import { testOnEach } from "../lib/databases.mjs";

const { PipelineBuilder, QueryReferencedItemsOptionsBuilder, Stages } = builders;
const named = (...numbers) => numbers.map((number) => `t${number}`);

testOnEach("paging everywhere", async (t, database) => {
  const stage = await startData(t, { database });
  const site = await stage.site();
  const { items, send } = site.app;
  await site.collection("tags", { name: "TEXT" });
  await site.collection("posts", [
    { key: "title", type: "TEXT" },
    { key: "tags", type: "MULTI_REFERENCE", typeMetadata: { multiReference: { referencedCollectionId: "tags" } } },
  ]);
  await items.bulkInsert("tags", named(0, 1, 2, 3, 4, 5, 6, 7, 8, 9).map((_id) => ({ _id, name: _id })));
  await items.bulkInsert("posts", ["p1", "p2", "p3"].map((_id) => ({ _id, title: _id })));

  // All pages of queryReferencedItems from here on, by cursors.
  async function linked(referring, options, between = async () => {}) {
    const seen = [];
    let cursor;
    do {
      const cursorPaging = { limit: 2, ...(cursor && { cursor }) };
      const page = await items.queryReferencedItems("posts", referring, "tags", { ...options, cursorPaging });
      assert.ok(page.results.length <= 2);
      seen.push(...page.results.map(({ item }) => item._id));
      assert.equal(page.pagingMetadata.hasNext, page.pagingMetadata.cursors?.next !== undefined);
      cursor = page.pagingMetadata.cursors?.next;
      await between(seen.length);
    } while (cursor);
    return seen;
  }

  await t.test("what an item is linked to", async () => {
    await items.insertReference("posts", "tags", "p1", named(0, 1, 2, 3, 4));
    await items.insertReference("posts", "tags", "p2", named(5, 6));
    await items.insertReference("posts", "tags", "p3", named(7, 0));
    const first = await items.queryReferencedItems("posts", "p1", "tags", { cursorPaging: { limit: 2 } });
    assert.equal(first.results.length, 2);
    assert.equal(typeof first.pagingMetadata.cursors.next, "string");
    assert.deepEqual(await linked("p1"), named(0, 1, 2, 3, 4));
    assert.deepEqual(await linked("p1", { order: "DESC" }), named(4, 3, 2, 1, 0));
    assert.deepEqual(await linked(["p1", "p2", "p3"]), named(0, 1, 2, 3, 4, 5, 6, 7, 0));
    assert.deepEqual(await linked(["p3", "p1", "p3"]), named(7, 0, 0, 1, 2, 3, 4));
    assert.deepEqual(await linked(["p1", "nobody", "p2"], { order: "DESC" }), named(4, 3, 2, 1, 0, 6, 5));
    const built = QueryReferencedItemsOptionsBuilder().withCursorPaging({ limit: 3 }).withReturnTotalCount(true).build();
    const page = await items.queryReferencedItems("posts", "p1", "tags", built);
    assert.deepEqual([page.results.length, page.pagingMetadata.total], [3, 5]);
  });
  await t.test("what an item is linked to, while links go and come", async () => {
    const change = async (seen) => {
      if (seen !== 2) return;
      await items.removeReference("posts", "tags", "p1", named(1, 4));
      await items.insertReference("posts", "tags", "p1", named(8, 9));
    };
    assert.deepEqual(await linked("p1", {}, change), named(0, 1, 2, 3, 8, 9));
    await items.replaceReferences("posts", "tags", "p1", named(0, 1, 2, 3, 4));
    const start = async (seen) => {
      if (seen === 2) await items.remove("posts", "p2");
    };
    assert.deepEqual(await linked(["p1", "p2", "p3"], {}, start), named(0, 1, 2, 3, 4, 7, 0));
    const gone = async (seen) => {
      if (seen === 4) await items.remove("posts", "p1");
    };
    assert.deepEqual(await linked(["p1", "p3"], {}, gone), named(0, 1, 2, 3, 7, 0));
    await items.insert("posts", { _id: "p1", title: "again" });
    await items.insertReference("posts", "tags", "p1", named(0, 1, 2, 3, 4));
  });
  await t.test("the older form of the same, forwards and back", async () => {
    let page = await items.queryReferenced("posts", "p1", "tags", { limit: 2 });
    const pages = [ids(page.items)];
    while (page.hasNext()) {
      page = await page.next();
      pages.push(ids(page.items));
    }
    assert.deepEqual(pages, [named(0, 1), named(2, 3), named(4)]);
    assert.deepEqual(ids((await page.prev()).items), named(2, 3));
  });

  // All pages of a builder's answer.
  async function walk(first, of, between = async () => {}) {
    let page = await first;
    const seen = page.items.map(of);
    for (let number = 1; page.hasNext(); number += 1) {
      await between(number);
      page = await page.next();
      seen.push(...page.items.map(of));
    }
    return seen;
  }
  const numbers = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);
  const fill = async (list) => {
    await items.truncate("posts");
    await items.bulkInsert("posts", list.map((n) => ({ _id: `n${n}`, n, word: `word number ${n}`, kind: n % 3 })));
  };
  // Between the first page and the next: what was on it goes, and something comes in front and behind.
  const shake = (page) =>
    page === 1 &&
    Promise.all([
      items.remove("posts", "n10"),
      items.remove("posts", "n12"),
      items.insert("posts", { _id: "n9", n: 9, word: "word number 9", kind: 0 }),
      items.insert("posts", { _id: "n30", n: 30, word: "word number 30", kind: 0 }),
    ]);

  await t.test("distinct values", async () => {
    await fill(numbers(10, 17));
    const query = () => items.query("posts").ascending("n").limit(2);
    assert.deepEqual(await walk(query().distinct("n"), (it) => it), numbers(10, 17));
    assert.deepEqual(await walk(query().distinct("n"), (it) => it, shake), [10, 11, ...numbers(13, 17), 30]);
    await fill(numbers(10, 17));
    const first = await items.distinct("posts", "n", { cursorPaging: { limit: 3 }, order: "DESC" });
    assert.deepEqual(first.values, [16, 15, 14]);
    const { next: cursor } = first.pagingMetadata.cursors;
    const next = await items.distinct("posts", "n", { cursorPaging: { cursor, limit: 3 } });
    assert.deepEqual(next.values, [13, 12, 11]);
  });
  await t.test("groups", async () => {
    await fill(numbers(10, 17));
    const groups = () => items.aggregate("posts").group("n").sum("n", "sum").ascending("n").limit(2);
    assert.deepEqual(await walk(groups().run(), (it) => it._id), numbers(10, 17));
    assert.deepEqual(await walk(groups().run(), (it) => it._id, shake), [10, 11, ...numbers(13, 17), 30]);
  });
  await t.test("a pipeline", async () => {
    await fill(numbers(10, 17));
    const page = async (cursor) => {
      const stages = [Stages.filter(items.filter().ge("n", 10)), Stages.sort().ascending("n")];
      const paging = cursor ? { cursor, limit: 2 } : { limit: 2 };
      return items.aggregatePipeline("posts", PipelineBuilder().withStages(stages).withPaging(paging).build());
    };
    const seen = [];
    let cursor;
    for (let number = 1; number === 1 || cursor; number += 1) {
      const { results, pagingMetadata } = await page(cursor);
      seen.push(...results.map(({ n }) => n));
      cursor = pagingMetadata.cursors?.next;
      assert.equal(pagingMetadata.hasNext, cursor !== undefined);
      await shake(number);
    }
    assert.deepEqual(seen, [10, 11, ...numbers(13, 17), 30]);
  });
  await t.test("a search", async () => {
    await fill(numbers(10, 17));
    const search = () => items.search("posts").expression("word").ascending("n").limit(2);
    assert.deepEqual(await walk(search().run(), ({ n }) => n), numbers(10, 17));
    assert.deepEqual(await walk(search().run(), ({ n }) => n, shake), [10, 11, ...numbers(13, 17), 30]);
    const direct = (cursorPaging) => items.search("posts", { search: { expression: "number" }, cursorPaging });
    const first = await direct({ limit: 4 });
    const next = await direct({ limit: 4, cursor: first.pagingMetadata.cursors.next });
    const all = [...first.items, ...next.items].map(({ n }) => n);
    assert.equal(new Set(all).size, 7);
  });
  await t.test("a query, while what was on the page goes and more comes", async () => {
    await items.truncate("posts");
    await items.bulkInsert("posts", [1, 2, 3, 4].map((n) => ({ _id: `q${n}`, n })));
    const first = await items.query("posts").limit(2).find();
    assert.deepEqual(ids(first.items), ["q1", "q2"]);
    await items.bulkRemove("posts", ["q2", "q3", "q4"]);
    await items.bulkInsert("posts", [5, 6].map((n) => ({ _id: `q${n}`, n })));
    assert.deepEqual(ids((await first.next()).items), ["q5", "q6"]);
  });
  await t.test("a cursor is good for its own call, collection and site", async () => {
    await fill(numbers(10, 17));
    const { pagingMetadata } = await items.distinct("posts", "n", { paging: { limit: 2 } });
    const cursorPaging = { cursor: pagingMetadata.cursors.next, limit: 2 };
    const distinct = (dataCollectionId, paging, who = send) =>
      who("POST", "/items/query-distinct-values", { dataCollectionId, cursorPaging: paging });
    answered(await distinct("posts", cursorPaging), 200);
    answered(await distinct("tags", cursorPaging), 400, "WDE0080");
    answered(await send("POST", "/items/aggregate", { dataCollectionId: "posts", cursorPaging }), 400, "WDE0080");
    answered(await send("POST", "/items/query-referenced", { dataCollectionId: "posts", cursorPaging }), 400, "WDE0080");
    answered(await distinct("posts", { cursor: "nonsense" }), 400, "WDE0080");
    answered(await distinct("posts", { cursor: 5 }), 400, "WDE0080");
    const other = await stage.site();
    await other.collection("posts", { n: "NUMBER" });
    answered(await distinct("posts", cursorPaging, other.app.send), 400, "WDE0080");
  });
});

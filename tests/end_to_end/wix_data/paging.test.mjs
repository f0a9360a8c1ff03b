// Pages by cursor: forwards and back, over whatever happens meanwhile, and for nobody else's query; and
// the random order.

import assert from "node:assert/strict";

import { startData } from "../lib/data_stage.mjs";
import { answered, ids } from "../lib/data_client.mjs";
import { testOnEach } from "../lib/databases.mjs";

const kinds = [null, 3, "Text", "text", true, new Date("2024-02-29T12:00:00.001Z"), { deep: 1 }];
const lists = [["b", 2], [], [1, 9], "a", ["c", null], 5];

// 40 items; `mixed` holds something of every kind, `lists` a list or not; `number` repeats itself, and
// every fifth has none.
function shelf() {
  return Array.from({ length: 40 }, (_, i) => {
    const item = {
      _id: `i${String(i).padStart(2, "0")}`,
      mixed: kinds[i % kinds.length],
      lists: lists[i % lists.length],
      seq: i,
    };
    return i % 5 === 0 ? item : { ...item, number: (i * 7) % 4 };
  });
}

testOnEach("cursors", async (t, database) => {
  const stage = await startData(t, { database });
  const [site, other] = [await stage.site(), await stage.site()];
  for (const { collection, app } of [site, other]) {
    await collection("shelf", { seq: "NUMBER" });
    await collection("other", { seq: "NUMBER" });
    await app.items.bulkInsert("shelf", shelf());
    await app.items.bulkInsert("other", shelf());
  }
  const { items, send } = site.app;
  const whole = async (query) => ids((await query.limit(1000).find()).items);

  const queries = {
    "without a sort": (query) => query,
    "by a number that repeats and may be missing": (query) => query.ascending("number"),
    "by two fields, both ways": (query) => query.descending("number").ascending("mixed"),
    "by values of every kind, descending": (query) => query.descending("mixed"),
    "by lists, ascending": (query) => query.ascending("lists"),
    "by lists, descending": (query) => query.descending("lists"),
    "by the date of creation": (query) => query.descending("_createdDate"),
    "with a filter": (query) => query.ge("number", 1).descending("seq"),
  };
  for (const [name, sorted] of Object.entries(queries)) {
    await t.test(`forwards and back ${name}`, async () => {
      const wanted = await whole(sorted(items.query("shelf")));
      let page = await sorted(items.query("shelf")).limit(7).find();
      const pages = [ids(page.items)];
      while (page.hasNext()) {
        page = await page.next();
        assert.ok(new URL(site.app.last.path, stage.backend).searchParams.has(".r"), "a query by GET");
        pages.push(ids(page.items));
      }
      assert.deepEqual(pages.flat(), wanted);
      assert.ok(pages.slice(0, -1).every((one) => one.length === 7));
      const back = [];
      while (page.hasPrev()) {
        page = await page.prev();
        back.unshift(ids(page.items));
      }
      assert.deepEqual(back, pages.slice(0, -1));
    });
  }

  await t.test("items that come and go do not shift the pages", async () => {
    await site.collection("moving", { seq: "NUMBER" });
    await items.bulkInsert("moving", shelf());
    let page = await items.query("moving").ascending("seq").limit(10).find();
    const seen = ids(page.items);
    await items.bulkRemove("moving", ["i00", "i05", "i09"]);
    await items.insert("moving", { _id: "before", seq: -1 });
    while (page.hasNext()) {
      page = await page.next();
      seen.push(...ids(page.items));
    }
    assert.deepEqual(seen, ids(shelf()));
  });

  const query = (collection, cursor, limit = 5, who = send) =>
    who("POST", "/items/query", { dataCollectionId: collection, query: { cursorPaging: { limit, cursor } } });
  const first = await send("POST", "/items/query", {
    dataCollectionId: "shelf",
    query: { filter: { number: { $gte: 1 } }, sort: [{ fieldName: "seq", order: "DESC" }], paging: { limit: 5 } },
  });
  const { next } = answered(first, 200).pagingMetadata.cursors;

  await t.test("a cursor carries the filter and the sort", async () => {
    const { dataItems } = answered(await query("shelf", next), 200);
    const wanted = shelf()
      .filter(({ number }) => number >= 1)
      .reverse()
      .slice(5, 10);
    assert.deepEqual(
      dataItems.map(({ id }) => id),
      ids(wanted),
    );
  });
  await t.test("the first page has no way back, the last none on", async () => {
    assert.equal(first.json.pagingMetadata.cursors.prev, undefined);
    const { pagingMetadata } = answered(await query("shelf", next, 1000), 200);
    assert.deepEqual([pagingMetadata.hasNext, pagingMetadata.cursors.next], [false, undefined]);
    assert.equal(typeof pagingMetadata.cursors.prev, "string");
  });

  await t.test("refused: another instance's", async () => {
    answered(await query("shelf", next, 5, other.app.send), 400, "WDE0080");
  });
  await t.test("refused: another collection's", async () => {
    answered(await query("other", next), 400, "WDE0080");
  });
  await t.test("refused: a changed one", async () => {
    for (const place of [0, 10, 30, next.length - 1]) {
      const changed = next[place] === "A" ? "B" : "A";
      answered(await query("shelf", next.slice(0, place) + changed + next.slice(place + 1)), 400, "WDE0080");
    }
    for (const none of ["", "x", "AAAA", "e30", next.slice(0, -4), `${next}AAAA`, "ü", "\0"]) {
      answered(await query("shelf", none), 400, "WDE0080");
    }
  });
});

testOnEach("the random order", async (t, database) => {
  const stage = await startData(t, { database });
  const site = await stage.site();
  await site.collection("shelf", { seq: "NUMBER" });
  const { items } = site.app;
  await items.bulkInsert("shelf", shelf());
  const order = async (seed) => ids((await items.query("shelf").randomSort({ seed }).limit(1000).find()).items);

  await t.test("is the same for the same seed, with every item once", async () => {
    const one = await order(5);
    assert.deepEqual(await order(5), one);
    assert.deepEqual([...one].sort(), ids(shelf()));
    assert.notDeepEqual(one, ids(shelf()));
    assert.notDeepEqual(await order(6), one);
  });
  await t.test("can be paged through with a seed", async () => {
    const whole = await order(77);
    let page = await items.query("shelf").randomSort({ seed: 77 }).limit(9).find();
    const seen = ids(page.items);
    while (page.hasNext()) {
      page = await page.next();
      seen.push(...ids(page.items));
    }
    assert.deepEqual(seen, whole);
  });
  await t.test("keeps to a filter", async () => {
    const found = await items.query("shelf").lt("seq", 8).randomSort({ seed: 1 }).find();
    assert.deepEqual(ids(found.items).sort(), ids(shelf()).slice(0, 8));
  });
});

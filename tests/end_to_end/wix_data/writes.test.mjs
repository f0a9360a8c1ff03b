// Writes beyond the usual: conditions, bulk calls with faults in their middle, ids that no path likes, and
// the REST forms that Wix's client does not use.

import assert from "node:assert/strict";

import { startData } from "../lib/data_stage.mjs";
import { answered, codeOf, plain, refused, room } from "../lib/data_client.mjs";
import { testOnEach } from "../lib/databases.mjs";

const strange = [
  "with/slash",
  "/",
  "a//b",
  "question?mark",
  "per%cent",
  "%2F%00",
  "ünïcödé-日本-👩‍👧",
  "query",
  "update",
  " ",
  "a b+c",
  "a&dataCollectionId=other&b=c",
  "quote\"'`\\",
  "x".repeat(128),
  "...",
  "a..b",
  "https://example.com/?a=b&c",
  "tab\tand\nline",
  "%zz",
];

// The client puts ids into paths as they are, and a URL takes these for something else: where the path
// goes up, and where it ends. No server sees what was meant, so no item is made with such an id.
const unreachable = ["hash#tag", "#", ".", "..", "../../collections", "a/../b", "a/.", "a\\..\\b", "%2e%2E"];

testOnEach("writes", async (t, database) => {
  const stage = await startData(t, { database });
  const site = await stage.site();
  const { app } = site;
  const { items, send } = app;
  await site.collection("things", { title: "TEXT", count: "NUMBER" });
  const stored = async (id) => plain(await items.get("things", id));

  await t.test("a condition that is met", async () => {
    await items.insert("things", { _id: "met", count: 1 });
    const condition = items.filter().eq("count", 1);
    await items.update("things", { _id: "met", count: 2 }, { condition });
    const met = items.filter().gt("count", 1);
    await items.patch("things", "met").incrementField("count", 1).run({ condition: met });
    assert.deepEqual(await stored("met"), { _id: "met", count: 3 });
    await items.remove("things", "met", { condition: items.filter().eq("count", 3) });
    assert.equal(await items.get("things", "met"), null);
  });
  await t.test("a condition that is not met leaves the item alone", async () => {
    await items.insert("things", { _id: "unmet", count: 1 });
    const condition = items.filter().gt("count", 1);
    await refused(app, items.update("things", { _id: "unmet", count: 9 }, { condition }), "WDE0300", 409);
    await refused(app, items.patch("things", "unmet").setField("count", 9).run({ condition }), "WDE0300", 409);
    await refused(app, items.remove("things", "unmet", { condition }), "WDE0300", 409);
    assert.deepEqual(await stored("unmet"), { _id: "unmet", count: 1 });
  });
  await t.test("of two who saw the same, one wins", async () => {
    await items.insert("things", { _id: "race", count: 0 });
    const attempt = (who) =>
      items.update("things", { _id: "race", count: 1, who }, { condition: items.filter().eq("count", 0) });
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, (_, who) => attempt(who)));
    const won = outcomes.filter(({ status }) => status === "fulfilled");
    assert.equal(won.length, 1);
    assert.equal((await items.get("things", "race")).who, won[0].value.who);
  });

  await t.test("a bulk call with faults in its middle does all the rest", async () => {
    await items.insert("things", { _id: "m1", count: 1 });
    const patches = [
      {
        dataItemId: "m1",
        fieldModifications: [{ fieldPath: "count", action: "INCREMENT_FIELD", incrementFieldOptions: { value: 1 } }],
      },
      {
        dataItemId: "m2",
        fieldModifications: [{ fieldPath: "count", action: "INCREMENT_FIELD", incrementFieldOptions: { value: 1 } }],
      },
      {
        dataItemId: "m1",
        fieldModifications: [
          { fieldPath: "title", action: "INCREMENT_FIELD", incrementFieldOptions: { value: 1 } },
          { fieldPath: "title", action: "APPEND_TO_ARRAY", appendToArrayOptions: { value: 1 } },
        ],
      },
      { dataItemId: "m1", fieldModifications: [] },
      {
        dataItemId: "m1",
        fieldModifications: [{ fieldPath: "free", action: "SET_FIELD", setFieldOptions: { value: [1] } }],
      },
    ];
    const reply = answered(
      await send("POST", "/bulk/items/patch", { dataCollectionId: "things", patches, returnEntity: true }),
      200,
    );
    const summary = reply.results.map(({ action, itemMetadata }) => [
      action,
      itemMetadata.originalIndex,
      itemMetadata.success,
      itemMetadata.error?.code,
    ]);
    assert.deepEqual(summary, [
      ["PATCH", 0, true, undefined],
      ["PATCH", 1, false, "WDE0073"],
      ["PATCH", 2, false, "WDE0080"],
      ["PATCH", 3, false, "WDE0080"],
      ["PATCH", 4, true, undefined],
    ]);
    assert.deepEqual(reply.bulkActionMetadata, { totalSuccesses: 2, totalFailures: 3, undetailedFailures: 0 });
    assert.deepEqual(await stored("m1"), { _id: "m1", count: 2, free: [1] });
    assert.deepEqual(plain(reply.results[4].dataItem.data), { _id: "m1", count: 2, free: [1] });
  });
  await t.test("a bulk insert with ids twice, ids that cannot be, and items that do not fit", async () => {
    const dataItems = [
      { data: { _id: "t1", title: "first" } },
      { id: "t1", data: { _id: "t1", title: "again" } },
      { id: "", data: { _id: "", title: "no id" } },
      { data: { _id: "x".repeat(129) } },
      { data: { _id: "t2", title: { $date: 7 } } },
      { data: { _id: "t3", $bad: 1 } },
      { data: { _id: "t4" } },
    ];
    const reply = answered(await send("POST", "/bulk/items/insert", { dataCollectionId: "things", dataItems }), 200);
    const codes = reply.results.map(({ itemMetadata }) => itemMetadata.error?.code ?? "done");
    assert.deepEqual(codes, ["done", "WDE0074", "WDE0079", "WDE0079", "WDE0080", "WDE0134", "done"]);
    assert.ok(
      reply.results.every((result) => !("dataItem" in result)),
      "items come back only when asked for",
    );
    assert.equal(reply.results[4].itemMetadata.error.data.field, "title");
    assert.equal((await items.get("things", "t1")).title, "first");
    assert.deepEqual(await Promise.all(["t2", "t3"].map((id) => items.get("things", id))), [null, null]);
    const sdk = await items.bulkInsert("things", [
      { _id: "t5" },
      { _id: "t6", title: { $date: 7 } },
      { _id: "t5" },
      { _id: "t7" },
    ]);
    assert.deepEqual([sdk.inserted, sdk.skipped, sdk.errors.length], [2, 1, 1]);
    assert.deepEqual([sdk.errors[0].code, sdk.errors[0].originalIndex, sdk.errors[0].item._id], ["WDE0080", 1, "t6"]);
  });
  await t.test("returnEntity in every bulk form", async () => {
    const bulk = async (name, words) => {
      const reply = await send("POST", `/bulk/items/${name}`, {
        dataCollectionId: "things",
        returnEntity: true,
        ...words,
      });
      return answered(reply, 200).results.map(({ action, dataItem }) => [action, dataItem.id, dataItem.data.title]);
    };
    const item = (id, title) => ({ id, data: { _id: id, title } });
    assert.deepEqual(await bulk("insert", { dataItems: [item("e1", "a"), item("e2", "b")] }), [
      ["INSERT", "e1", "a"],
      ["INSERT", "e2", "b"],
    ]);
    assert.deepEqual(await bulk("update", { dataItems: [item("e1", "c")] }), [["UPDATE", "e1", "c"]]);
    assert.deepEqual(await bulk("save", { dataItems: [item("e2", "d"), item("e3", "e")] }), [
      ["UPDATE", "e2", "d"],
      ["INSERT", "e3", "e"],
    ]);
    assert.deepEqual(await bulk("remove", { dataItemIds: ["e1", "e2"] }), [
      ["DELETE", "e1", "c"],
      ["DELETE", "e2", "d"],
    ]);
  });
  await t.test("a condition in bulk is asked of each item", async () => {
    await items.bulkInsert("things", [
      { _id: "k1", count: 1 },
      { _id: "k2", count: 2 },
    ]);
    const condition = items.filter().gt("count", 1);
    const { updated, errors } = await items.bulkUpdate(
      "things",
      [
        { _id: "k1", count: 7 },
        { _id: "k2", count: 7 },
      ],
      { condition },
    );
    assert.equal(updated, 1);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ["WDE0300"],
    );
    assert.deepEqual(await Promise.all(["k1", "k2"].map(async (id) => (await stored(id)).count)), [1, 7]);
  });
  await t.test("empty lists, and lists that are too long", async () => {
    for (const [name, key] of [
      ["insert", "dataItems"],
      ["update", "dataItems"],
      ["save", "dataItems"],
      ["patch", "patches"],
      ["remove", "dataItemIds"],
    ]) {
      answered(await send("POST", `/bulk/items/${name}`, { dataCollectionId: "things", [key]: [] }), 400, "WDE0080");
      answered(await send("POST", `/bulk/items/${name}`, { dataCollectionId: "things" }), 400, "WDE0080");
    }
    const many = Array.from({ length: 1001 }, () => ({ data: {} }));
    answered(await send("POST", "/bulk/items/insert", { dataCollectionId: "things", dataItems: many }), 400, "WDE0080");
  });

  for (const id of unreachable) {
    await t.test(`the id ${JSON.stringify(id)} is not made`, async () => {
      const item = { _id: id, title: "strange" };
      const error = await refused(app, items.insert("things", item), "WDE0079", 400);
      assert.match(error.message, /could not ask for it/);
      await refused(app, items.save("things", item), "WDE0079", 400);
      const { errors } = await items.bulkSave("things", [item, { _id: "beside" }]);
      assert.deepEqual(errors.map(({ code }) => code), ["WDE0079"]);
    });
  }

  for (const id of strange) {
    await t.test(`the id ${JSON.stringify(id.slice(0, 30))}`, async () => {
      await items.insert("things", { _id: id, title: "strange" });
      assert.equal((await items.get("things", id))?._id, id);
      assert.equal((await items.get("things", id, { includeReferences: [{ field: "title" }] }))?._id, id, "by .r");
      await items.update("things", { _id: id, title: "changed" });
      await items.patch("things", id).setField("count", 1).run();
      const changed = { _id: id, title: "changed", count: 1 };
      assert.deepEqual((await items.query("things").eq("_id", id).find()).items.map(plain), [changed]);
      const encoded = encodeURIComponent(id);
      const got = await send("GET", `/items/${encoded}?dataCollectionId=things&dataItemId=${encoded}`);
      assert.deepEqual(plain(answered(got, 200).dataItem.data), changed);
      const deleted = await send("DELETE", `/items/${encoded}?dataCollectionId=things&dataItemId=${encoded}`);
      assert.equal(answered(deleted, 200).dataItem.id, id);
      assert.equal(await items.query("things").eq("_id", id).count(), 0);
    });
  }

  await t.test("REST: PUT, PATCH, GET and DELETE of an item", async () => {
    const item = (data) => ({ dataCollectionId: "things", dataItem: { id: "rest", data: { _id: "rest", ...data } } });
    answered(await send("PUT", "/items/rest", item({ title: "nobody" })), 404, "WDE0073");
    answered(await send("POST", "/items", item({ title: "one", count: 1 })), 200);
    const put = answered(await send("PUT", "/items/rest", item({ title: "two" })), 200);
    assert.deepEqual(plain(put.dataItem.data), { _id: "rest", title: "two" });
    const fieldModifications = [{ fieldPath: "count", action: "INCREMENT_FIELD", incrementFieldOptions: { value: 5 } }];
    const patch = { dataCollectionId: "things", patch: { dataItemId: "rest", fieldModifications } };
    assert.equal(answered(await send("PATCH", "/items/rest", patch), 200).dataItem.data.count, 5);
    const got = answered(await send("GET", "/items/rest?dataCollectionId=things"), 200);
    assert.deepEqual(plain(got.dataItem.data), { _id: "rest", title: "two", count: 5 });
    const gone = answered(await send("DELETE", "/items/rest?dataCollectionId=things"), 200);
    assert.deepEqual(plain(gone.dataItem.data), { _id: "rest", title: "two", count: 5 });
    answered(await send("GET", "/items/rest?dataCollectionId=things"), 404, "WDE0073");
    answered(await send("DELETE", "/items/rest?dataCollectionId=things"), 404, "WDE0073");
  });
  await t.test("REST: the id in the path is enough for PUT", async () => {
    await items.insert("things", { _id: "put in path", title: "one" });
    const put = { dataCollectionId: "things", dataItem: { data: { title: "two" } } };
    assert.equal(answered(await send("PUT", "/items/put%20in%20path", put), 200).dataItem.id, "put in path");
  });
  await t.test("REST: the id in the path is enough for PATCH", async () => {
    await items.insert("things", { _id: "patched in path", title: "one" });
    const fieldModifications = [{ fieldPath: "count", action: "SET_FIELD", setFieldOptions: { value: 3 } }];
    const patch = { dataCollectionId: "things", patch: { fieldModifications } };
    const patched = answered(await send("PATCH", "/items/patched%20in%20path", patch), 200);
    assert.deepEqual(plain(patched.dataItem.data), { _id: "patched in path", title: "one", count: 3 });
  });
  await t.test("GET with fields, plain and in .r", async () => {
    await items.insert("things", { _id: "f", title: "t", count: 1, deep: { a: 1, b: 2 } });
    const chosen = { _id: "f", count: 1, deep: { b: 2 } };
    assert.deepEqual(await items.get("things", "f", { fields: ["count", "deep.b", "nope"] }), chosen);
    const words = { dataCollectionId: "things", dataItemId: "f", fields: ["count", "deep.b"] };
    const inR = Buffer.from(JSON.stringify(words)).toString("base64url");
    assert.deepEqual(answered(await send("GET", `/items/other?.r=${inR}`), 200).dataItem.data, chosen);
    assert.deepEqual(answered(await send("GET", "/items/f?dataCollectionId=things&fields=nope"), 200).dataItem.data, {
      _id: "f",
    });
  });
  await t.test("a query by GET, and the same by POST", async () => {
    const words = {
      dataCollectionId: "things",
      query: { filter: { _id: "f" }, fields: ["title"] },
      returnTotalCount: true,
    };
    const inR = Buffer.from(JSON.stringify(words)).toString("base64url");
    const got = answered(await send("GET", `/items/query?.r=${inR}`), 200);
    assert.deepEqual(got, answered(await send("POST", "/items/query", words), 200));
    assert.deepEqual([got.dataItems[0].data, got.pagingMetadata.total], [{ _id: "f", title: "t" }, 1]);
  });

  await t.test("drafts are refused with a code", async () => {
    await items.insert("things", { _id: "draft" });
    for (const name of ["create-draft", "publish-draft", "unpublish"]) {
      const reply = await send("POST", `/items/${name}`, { dataCollectionId: "things", dataItemId: "draft" });
      answered(reply, 428, "WDE0119");
    }
    await refused(app, items.createDataItemDraft("things", "draft"), "WDE0119", 428);
    await refused(app, items.publishDataItemDraft("things", "draft"), "WDE0119", 428);
    await refused(app, items.unpublishDataItem("things", "draft"), "WDE0119", 428);
  });
  await t.test("what the caller says of the system's fields does not count", async () => {
    const forged = { _id: "forged", _owner: "somebody", _createdDate: new Date(5), _updatedDate: new Date(6) };
    const item = await items.insert("things", forged);
    assert.equal(item._owner, app.userId);
    assert.ok(item._createdDate.getTime() > 1e12);
    const again = await items.update("things", { ...item, ...forged });
    assert.equal(again._owner, app.userId);
    assert.equal(+again._createdDate, +item._createdDate);
    const patched = await items
      .patch("things", "forged")
      .setField("_owner", "somebody")
      .run()
      .catch((error) => error);
    assert.notEqual((await items.get("things", "forged"))._owner, "somebody", String(patched));
  });
  await t.test("no other path is anything", async () => {
    for (const [method, path] of [
      ["POST", "/items/nonsense"],
      ["GET", "/nonsense"],
      ["POST", "/bulk/items/nonsense"],
      ["PUT", "/indexes"],
    ]) {
      const reply = await send(method, path, method === "GET" ? undefined : {});
      assert.ok(
        [404, 405].includes(reply.status) && reply.code,
        `${method} ${room}${path}: ${reply.status} ${reply.text}`,
      );
    }
  });
});

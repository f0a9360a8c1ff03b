// Collections, by the client's own calls: all of them, for the app alone.

import assert from "node:assert/strict";

import { admin, anyone, startData } from "../lib/data_stage.mjs";
import { answered, plain, refused } from "../lib/data_client.mjs";
import { testOnEach } from "../lib/databases.mjs";

const own = ({ fields }) => fields.filter(({ systemField }) => !systemField);
const keys = (collection) => own(collection).map(({ key }) => key);

testOnEach("collections", async (t, database) => {
  const stage = await startData(t, { database });
  const site = await stage.site();
  const { app } = site;
  const { collections, items, send } = app;

  await t.test("made with everything, and read again the same", async () => {
    const made = await collections.createDataCollection({
      _id: "books",
      displayName: "Books",
      displayField: "title",
      permissions: { ...admin, read: "ANYONE" },
      fields: [
        {
          key: "title",
          displayName: "Title",
          type: "TEXT",
          required: true,
          stringLengthRange: { minLength: 1, maxLength: 9 },
        },
        { key: "pages", type: "NUMBER", numberRange: { min: 1, max: 9999 }, description: "How many." },
        { key: "author", type: "REFERENCE", typeMetadata: { reference: { referencedCollectionId: "authors" } } },
      ],
      plugins: [{ type: "PUBLISH", publishOptions: { defaultStatus: "DRAFT" } }],
    });
    assert.equal(made._id, "books");
    assert.match(made.revision, /^\d+$/);
    assert.ok(made._createdDate instanceof Date);
    const got = await collections.getDataCollection("books");
    assert.deepEqual(got, made);
    const [title, pages, author] = own(got);
    assert.deepEqual(
      [title.required, title.stringLengthRange, title.displayName],
      [true, { minLength: 1, maxLength: 9 }, "Title"],
    );
    assert.deepEqual([pages.numberRange, pages.description], [{ min: 1, max: 9999 }, "How many."]);
    assert.equal(author.typeMetadata.reference.referencedCollectionId, "authors");
    assert.deepEqual(got.plugins, [{ type: "PUBLISH", publishOptions: { defaultStatus: "DRAFT" } }]);
    const system = got.fields.filter(({ systemField }) => systemField).map(({ key }) => key);
    assert.deepEqual(system.sort(), ["_createdDate", "_id", "_owner", "_updatedDate"]);
  });
  await t.test("an id with a slash", async () => {
    await site.collection("App/Things", { a: "NUMBER" });
    assert.equal((await collections.getDataCollection("App/Things"))._id, "App/Things");
    await items.insert("App/Things", { _id: "1", a: 1 });
    assert.equal((await items.get("App/Things", "1")).a, 1);
    await collections.createDataCollectionField("App/Things", { field: { key: "b", type: "TEXT" } });
    await collections.patchDataCollectionField("App/Things", { key: "b", displayName: "B" });
    await collections.deleteDataCollection("App/Things");
    await refused(app, collections.getDataCollection("App/Things"), "WDE0025", 404);
  });
  await t.test("one that was read, changed and sent back", async () => {
    const read = await collections.getDataCollection("books");
    const written = await collections.updateDataCollection({ ...read, displayName: "All books" });
    assert.equal(written.displayName, "All books");
    assert.notEqual(written.revision, read.revision);
    assert.deepEqual(keys(written), keys(read));
    assert.equal(written.fields.length, read.fields.length, "system fields are not doubled");
  });
  await t.test("a stale revision", async () => {
    const read = await collections.getDataCollection("books");
    await collections.updateDataCollection(structuredClone(read));
    await refused(app, collections.updateDataCollection(structuredClone(read)), "WDE0178", 409);
    const { revision, ...without } = await collections.getDataCollection("books");
    await refused(app, collections.updateDataCollection(without), "WDE0080", 400);
  });
  await t.test("of two who change the same revision, one wins", async () => {
    const read = await collections.getDataCollection("books");
    const attempts = Array.from({ length: 8 }, (_, i) =>
      collections.updateDataCollection({ ...structuredClone(read), displayName: `by ${i}` }),
    );
    const outcomes = await Promise.allSettled(attempts);
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    const codes = outcomes.filter(({ reason }) => reason).map(({ reason }) => reason.details.applicationError.code);
    assert.deepEqual([...new Set(codes)], ["WDE0178"]);
  });
  await t.test("a patch changes the names only", async () => {
    const before = await collections.getDataCollection("books");
    const { dataCollection } = await collections.patchDataCollection("books", {
      displayName: "Patched",
      displayField: "pages",
    });
    assert.deepEqual([dataCollection.displayName, dataCollection.displayField], ["Patched", "pages"]);
    assert.deepEqual(keys(dataCollection), keys(before));
    const permissions = collections.patchDataCollection("books", { permissions: anyone });
    await refused(app, permissions, "WDE0075", 400);
  });

  await t.test("fields: created, updated, patched, deleted", async () => {
    const { dataCollection: more } = await collections.createDataCollectionField("books", {
      field: { key: "isbn", type: "TEXT", displayName: "ISBN" },
    });
    assert.deepEqual(keys(more), ["title", "pages", "author", "isbn"]);
    await refused(
      app,
      collections.createDataCollectionField("books", { field: { key: "isbn", type: "TEXT" } }),
      "WDE0075",
      400,
    );
    await refused(
      app,
      collections.createDataCollectionField("books", { field: { key: "_id", type: "TEXT" } }),
      "WDE0080",
      400,
    );
    const isbn = ({ dataCollection }) => own(dataCollection).find(({ key }) => key === "isbn");
    const updated = isbn(
      await collections.updateDataCollectionField("books", { field: { key: "isbn", type: "NUMBER" } }),
    );
    assert.deepEqual([updated.type, updated.displayName ?? null], ["NUMBER", null]);
    const patched = isbn(await collections.patchDataCollectionField("books", { key: "isbn", displayName: "Number" }));
    assert.deepEqual([patched.type, patched.displayName], ["NUMBER", "Number"]);
    await items.insert("books", { _id: "kept", title: "Kept", isbn: 5 });
    const { dataCollection: less } = await collections.deleteDataCollectionField("books", { fieldKey: "isbn" });
    assert.deepEqual(keys(less), ["title", "pages", "author"]);
    assert.equal((await items.get("books", "kept")).isbn, 5, "what items hold stays");
    const nowhere = [
      () => collections.updateDataCollectionField("books", { field: { key: "nope", type: "TEXT" } }),
      () => collections.patchDataCollectionField("books", { key: "nope", displayName: "x" }),
      () => collections.deleteDataCollectionField("books", { fieldKey: "nope" }),
    ];
    for (const change of nowhere) await refused(app, change(), "WDE0024", 400);
  });
  await t.test("what comes is stored, whatever fields declare, as on Wix", async () => {
    for (const item of [
      { _id: "untyped", title: 5, pages: "a text in a NUMBER field", anything: { is: ["kept"] } },
      { _id: "long", title: "far too long a title", pages: 0 },
      { _id: "bare" },
    ])
      assert.deepEqual(plain(await items.insert("books", item)), item);
    await items.patch("books", "bare").setField("pages", [true]).run();
    assert.deepEqual((await items.get("books", "bare")).pages, [true]);
  });

  await t.test("plugins: added, replaced, deleted", async () => {
    const types = ({ dataCollection }) => dataCollection.plugins.map(({ type }) => type).sort();
    assert.deepEqual(types(await collections.deletePublishPlugin("books")), []);
    assert.deepEqual(types(await collections.addCmsPlugin("books")), ["CMS"]);
    const urlized = { type: "URLIZED", urlizedOptions: { format: "PLAIN" } };
    assert.deepEqual(types(await collections.addDataCollectionPlugin("books", { plugin: urlized })), [
      "CMS",
      "URLIZED",
    ]);
    assert.deepEqual(types(await collections.addDataCollectionPlugin("books", { plugin: urlized })), [
      "CMS",
      "URLIZED",
    ]);
    assert.deepEqual(types(await collections.addMultilingualPlugin("books")), ["CMS", "MULTILINGUAL", "URLIZED"]);
    assert.deepEqual(types(await collections.deleteDataCollectionPlugin("books", { pluginType: "URLIZED" })), [
      "CMS",
      "MULTILINGUAL",
    ]);
    const { plugins } = await collections.getDataCollection("books");
    assert.equal(plugins.length, 2);
  });

  await t.test("listed, sorted and by pages", async () => {
    for (const id of ["zebra", "ant"]) await site.collection(id);
    const { collections: all, pagingMetadata } = await collections.listDataCollections();
    assert.deepEqual(
      all.map(({ _id }) => _id),
      ["ant", "books", "zebra"],
    );
    assert.equal(pagingMetadata.total, 3);
    const page = await collections.listDataCollections({
      sort: { fieldName: "_id", order: "DESC" },
      paging: { limit: 2, offset: 1 },
    });
    assert.deepEqual(
      page.collections.map(({ _id }) => _id),
      ["books", "ant"],
    );
    assert.deepEqual([page.pagingMetadata.count, page.pagingMetadata.offset], [2, 1]);
  });
  await t.test("with the fields that are asked for only", async () => {
    const got = await collections.getDataCollection("books", { fields: ["id", "displayName"] });
    assert.equal(got._id, "books");
  });

  await t.test("what is no collection", async () => {
    const make = (collection) =>
      collections.createDataCollection({
        _id: "bad",
        fields: [{ key: "a", type: "TEXT" }],
        permissions: admin,
        ...collection,
      });
    await refused(app, make({ fields: [] }), "WDE0080", 400);
    await refused(app, make({ permissions: undefined }), "WDE0080", 400);
    await refused(app, make({ permissions: { ...admin, read: "EVERYBODY" } }), "WDE0075", 400);
    await refused(app, make({ fields: [{ key: "a", type: "NONSENSE" }] }), "WDE0080", 400);
    await refused(app, make({ fields: [{ key: "r", type: "REFERENCE" }] }), "WDE0075", 400);
    await refused(
      app,
      make({
        fields: [
          { key: "a", type: "TEXT" },
          { key: "a", type: "TEXT" },
        ],
      }),
      "WDE0080",
      400,
    );
    await refused(app, make({ fields: [{ key: "$a", type: "TEXT" }] }), "WDE0134", 400);
    await refused(app, make({ _id: "x".repeat(257) }), "WDE0080", 400);
    await refused(app, make({ _id: "books" }), "WDE0104", 409);
    for (const [method, path, body] of [
      ["POST", "/collections", {}],
      ["POST", "/collections", { collection: [] }],
      ["PUT", "/collections", { collection: null }],
      ["POST", "/collections/create-field", { dataCollectionId: "books" }],
    ]) {
      answered(await send(method, path, body), 400, "WDE0080");
    }
  });
  await t.test("deleted with its items, and made anew without them", async () => {
    await items.insert("zebra", { _id: "old" });
    await collections.deleteDataCollection("zebra");
    await refused(app, items.get("zebra", "old"), "WDE0025", 404);
    await refused(app, collections.deleteDataCollection("zebra"), "WDE0025", 404);
    await refused(app, collections.restoreDataCollection("zebra"), "WDE0119", 428);
    await site.collection("zebra");
    assert.equal(await items.query("zebra").count(), 0);
  });
  await t.test("the owner sees them; only the app changes them", async () => {
    assert.equal((await site.owner.collections.getDataCollection("books"))._id, "books");
    assert.equal((await site.owner.collections.listDataCollections()).collections.length, 3);
    for (const person of [site.ann, site.visitor]) {
      await refused(person, person.collections.getDataCollection("books"), "WDE0027", 403);
      await refused(person, person.collections.listDataCollections(), "WDE0027", 403);
    }
    for (const person of [site.owner, site.ann, site.visitor]) {
      const { collections: theirs } = person;
      const attempts = {
        create: () =>
          theirs.createDataCollection({ _id: "mine", fields: [{ key: "a", type: "TEXT" }], permissions: anyone }),
        update: () =>
          theirs.updateDataCollection({
            _id: "books",
            revision: "1",
            fields: [{ key: "a", type: "TEXT" }],
            permissions: anyone,
          }),
        patch: () => theirs.patchDataCollection("books", { displayName: "x" }),
        field: () => theirs.createDataCollectionField("books", { field: { key: "b", type: "TEXT" } }),
        plugin: () => theirs.addCmsPlugin("books"),
        delete: () => theirs.deleteDataCollection("books"),
      };
      for (const attempt of Object.values(attempts)) await refused(person, attempt(), "WDE0027", 403);
    }
    assert.equal((await collections.getDataCollection("books")).permissions.insert, "ADMIN");
  });
});

// Collections from files: every instance has them; what changes is told before, and nothing that would
// lose data is done, by whatever command.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";

import { ids, refused } from "../lib/data_client.mjs";
import { dataPlace } from "../lib/data_stage.mjs";
import { testOnEach } from "../lib/databases.mjs";

const reviews = `
display_name = "Reviews"

[permissions]
read = "ANYONE"
insert = "SITE_MEMBER"
update = "SITE_MEMBER_AUTHOR"
remove = "SITE_MEMBER_AUTHOR"

[[fields]]
key = "title"
type = "TEXT"
required = true
max = 20

[[fields]]
key = "rating"
type = "NUMBER"
min = 1
max = 5

[[fields]]
key = "kind"
type = "TEXT"
enum = ["praise", "complaint"]

[[fields]]
key = "code"
type = "TEXT"
unique = true
pattern = "[a-z]+-[0-9]+"

[[fields]]
key = "product"
type = "REFERENCE"
references = "products"

[[fields]]
key = "related"
type = "MULTI_REFERENCE"
references = "products"

[[indexes]]
fields = ["product", "-rating"]
`;
const products = '[permissions]\nread = "ANYONE"\n\n[[fields]]\nkey = "name"\ntype = "TEXT"\n';

testOnEach("declared collections", async (t, database) => {
  const place = await dataPlace(t, { database, collections: { reviews, products } });

  await t.test("check without a database names what is declared", async () => {
    const { code, stdout, stderr } = await place.run("check");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /reviews/);
  });

  let server = await place.start();
  const [one, other] = [await server.site(), await server.site()];
  const again = async () => {
    await server.program.stop("SIGINT");
    server = await place.start();
    return (await server.site(one.instanceId)).app;
  };

  await t.test("every instance has them, each with items of its own", async () => {
    for (const { ann, visitor } of [one, other]) {
      const made = await ann.items.insert("reviews", { _id: "r1", title: "Good", rating: 5 });
      assert.equal(made._owner, ann.userId);
      assert.equal(await visitor.items.query("reviews").count(), 1);
      await refused(visitor, visitor.items.insert("reviews", { title: "x" }), "WDE0027", 403);
    }
    const definition = await one.owner.collections.getDataCollection("reviews");
    assert.equal(definition.displayName, "Reviews");
    assert.deepEqual(
      (await one.app.indexes.listIndexes("reviews")).indexes.map(({ fields }) => fields),
      [
        [
          { path: "product", order: "ASC" },
          { path: "rating", order: "DESC" },
        ],
      ],
    );
  });
  await t.test("what they declare is held to", async () => {
    const { app } = one;
    const rules = async (item) => {
      const error = await refused(app, app.items.insert("reviews", item), "WDE0080", 400);
      return error.details.applicationError.data.fieldViolations.map(
        ({ field, violatedRule }) => `${field} ${violatedRule}`,
      );
    };
    assert.deepEqual(await rules({}), ["title REQUIRED_FIELD"]);
    assert.deepEqual(await rules({ title: "x".repeat(21), rating: 6, kind: "other", code: "A-1" }), [
      "title MAX",
      "rating MAX",
      "kind ENUM",
      "code PATTERN",
    ]);
    await app.items.insert("reviews", { title: "ok", code: "a-1", kind: "praise" });
    await refused(app, app.items.insert("reviews", { title: "ok", code: "a-1" }), "WDE0123", 409);
    await other.app.items.insert("reviews", { title: "ok", code: "a-1" });
  });
  await t.test("the app cannot change them", async () => {
    const { app } = one;
    await refused(app, app.collections.deleteDataCollection("reviews"), "WDE0119", 428);
    await refused(
      app,
      app.collections.createDataCollectionField("reviews", { field: { key: "x", type: "TEXT" } }),
      "WDE0119",
      428,
    );
    await refused(
      app,
      app.indexes.createIndex("reviews", { name: "n", fields: [{ path: "title", order: "ASC" }] }),
      "WDE0119",
      428,
    );
    await refused(app, app.indexes.dropIndex("reviews", "product_-rating"), "WDE0119", 428);
    await refused(app, one.collection("reviews"), "WDE0104", 409);
  });

  await t.test("nothing changed: check and migrate have nothing to say", async () => {
    assert.doesNotMatch(await place.done("check"), /reviews|products/);
    assert.doesNotMatch(await place.done("migrate"), /reviews|products/);
  });
  await t.test("check previews and does nothing; migrate does it; the server has it", async () => {
    const more = `${reviews}\n[[fields]]\nkey = "note"\ntype = "TEXT"\nmax = 3\n`;
    place.declare({ reviews: more, products, fresh: products });
    const preview = await place.done("check");
    assert.match(preview, /^reviews: field note is new$/m);
    assert.match(preview, /^fresh: new$/m);
    assert.equal(await place.done("check"), preview);
    await one.app.items
      .insert("reviews", { title: "unchecked", note: "longer than three" })
      .then(({ _id }) => one.app.items.remove("reviews", _id));
    assert.match(await place.done("migrate"), /^reviews: field note is new$/m);
    const app = await again();
    await refused(app, app.items.insert("reviews", { title: "checked", note: "longer than three" }), "WDE0080", 400);
    assert.equal(await app.items.query("fresh").count(), 0);
  });
  await t.test("one without items may go", async () => {
    place.declare({ reviews, products });
    assert.match(await place.done("check"), /^fresh: removed$/m);
    const app = await again();
    await refused(app, app.items.query("fresh").find(), "WDE0025", 404);
    assert.equal(await app.items.query("reviews").eq("_id", "r1").count(), 1);
  });

  // Each: the files, and what is said of the loss.
  const { app } = await server.site(one.instanceId);
  await app.items.insert("reviews", {
    _id: "in-the-way",
    title: "Long enough",
    rating: 2,
    other: "text",
    kind: "complaint",
  });
  await app.items.insertReference("reviews", "related", "in-the-way", ["p1", "p2"]);
  const changed = (before, after) => ({ reviews: reviews.replace(before, after), products });
  const lossy = {
    "a collection with items goes": [
      { products },
      /^reviews: loses: its \d+ items of 2 instances would be out of reach/m,
    ],
    "a multi-reference with links goes": [
      changed(/\[\[fields\]\]\nkey = "related"[^[]*/, ""),
      /^reviews: loses: 2 links of the field related would be lost$/m,
    ],
    "a rule that an item breaks": [
      changed("max = 20", "max = 10"),
      /^reviews: refused: the item "in-the-way" of the instance [0-9a-f-]+ breaks a rule: title must be at most 10/m,
    ],
    "a type that an item is not of": [
      changed('key = "rating"\ntype = "NUMBER"\nmin = 1\nmax = 5', 'key = "rating"\ntype = "TEXT"'),
      /"in-the-way".* rating must be/m,
    ],
    "a choice that an item has made": [changed('"complaint"]', '"other"]'), /"in-the-way".* kind must be one of/m],
    "a field that becomes required": [
      changed("min = 1", "required = true\nmin = 1"),
      /the item "[^"]+" of the instance [0-9a-f-]+ breaks a rule: rating must have a value/m,
    ],
    "a new rule for what items hold already": [
      changed("[[indexes]]", '[[fields]]\nkey = "other"\ntype = "NUMBER"\n\n[[indexes]]'),
      /"in-the-way".* other must be/m,
    ],
  };
  await server.program.stop("SIGINT");
  for (const [name, [files, says]] of Object.entries(lossy)) {
    await t.test(`refused by check, migrate and at start: ${name}`, async () => {
      place.declare(files);
      const check = await place.run("check");
      assert.deepEqual([check.code, /would be lost|break their new rules/.test(check.stderr)], [1, true], check.stderr);
      assert.match(check.stdout, says);
      const plain = new RegExp(says.source.replace(/\^reviews: (refused|loses): /, "").replace(/\$$/, ""));
      const migrate = await place.run("migrate");
      assert.equal(migrate.code, 1);
      assert.match(migrate.stderr, plain);
      const start = await place.run("serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0");
      assert.equal(start.code, 1);
      assert.match(start.stderr, plain);
    });
  }
  await t.test("a unique field over values that are there twice", async () => {
    place.declare(changed("max = 20", "max = 20\nunique = true"));
    server = await dataServer(place, { reviews, products });
    await (await server.site(one.instanceId)).app.items.bulkInsert("reviews", [{ title: "twice" }, { title: "twice" }]);
    await server.program.stop("SIGINT");
    place.declare(changed("max = 20", "max = 20\nunique = true"));
    const { code, stdout } = await place.run("check");
    assert.equal(code, 1, stdout);
    assert.match(stdout, /refused: .*title/);
    assert.equal((await place.run("migrate")).code, 1);
  });

  await t.test("after all that was refused, everything is as it was", async () => {
    server = await dataServer(place, { reviews, products });
    const { app } = await server.site(one.instanceId);
    assert.doesNotMatch(await place.done("check"), /reviews|products/);
    const { items } = await app.items.query("reviews").ascending("_id").find();
    assert.ok(ids(items).includes("in-the-way") && ids(items).includes("r1"));
    assert.equal((await app.items.queryReferencedItems("reviews", "in-the-way", "related")).results.length, 2);
  });
  await t.test("mistakes are told with the file and the line", async () => {
    const mistakes = {
      '[permissions]\nread = "EVERYBODY"\n': /bad\.toml:2: /,
      "[permisions]\n": /bad\.toml:1: .*permisions/,
      '[permissions]\n[[fields]]\nkey = "$a"\ntype = "TEXT"\n': /bad\.toml/,
      '[permissions]\n[[fields]]\nkey = "a"\ntype = "REFERENCE"\n': /Metadata for Reference/,
      '[permissions]\n[[fields]]\nkey = "a"\ntype = "TEXT"\npattern = "("\n': /bad\.toml/,
    };
    for (const [text, says] of Object.entries(mistakes)) {
      place.declare({ reviews, products, bad: text });
      const { code, stderr } = await place.run("check");
      assert.equal(code, 1, text);
      assert.match(stderr, says);
    }
    place.declare({ reviews, products });
  });
  await t.test("without the folder of collections, those that have items are missed", async () => {
    rmSync(join(place.folder, "collections"), { recursive: true });
    const { code, stdout } = await place.run("check");
    assert.equal(code, 1);
    assert.match(stdout, /^reviews: loses: /m);
    assert.match(stdout, /^products: removed$/m);
  });
});

function dataServer(place, files) {
  place.declare(files);
  return place.start();
}

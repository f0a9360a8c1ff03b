// Calls that answer with something made of the items: search, distinct values, aggregates, pipelines.

import assert from "node:assert/strict";

import { Expressions, PipelineBuilder, Stages } from "@wix/data";

import { startData } from "../lib/data_stage.mjs";
import { answered, ids, plain, refused } from "../lib/data_client.mjs";
import { testOnEach } from "../lib/databases.mjs";

const { field, numeric, text } = Expressions;

const shop = [
  {
    _id: "1",
    name: "Red car",
    kind: "toy",
    price: 10,
    tags: ["fast", "red"],
    when: new Date("2020-01-01T00:00:00.000Z"),
  },
  {
    _id: "2",
    name: "Blue carpet",
    kind: "home",
    price: 20,
    tags: ["soft"],
    when: new Date("1969-12-31T23:59:59.999Z"),
  },
  { _id: "3", name: "Éclair RED", kind: "food", price: 2.5, tags: [], deep: { note: "a CAR of sugar" } },
  { _id: "4", name: "Green boat", kind: "toy", price: 7, tags: ["red", "wet"], counts: { a: 1, b: 2 } },
  { _id: "5", name: null, kind: "home", tags: ["soft", "red"], price: "unpriced" },
];

testOnEach("summaries", async (t, database) => {
  const stage = await startData(t, { database });
  const site = await stage.site();
  const { app } = site;
  const { items, send } = app;
  await site.collection("shop", { name: "TEXT" });
  await items.bulkInsert("shop", shop);

  await t.test("search", async () => {
    const found = async (expression, change = (it) => it) =>
      ids((await change(items.search("shop").expression(expression)).run()).items);
    assert.deepEqual(await found("car"), ["1", "2", "3"]);
    assert.deepEqual(await found("RED CAR"), ["1", "3", "2", "4", "5"], "more of the words first");
    assert.deepEqual(await found("red car", (it) => it.andMode()), ["1", "3"]);
    assert.deepEqual(await found("éclair"), ["3"]);
    assert.deepEqual(await found("nothing"), []);
    assert.deepEqual(await found("red", (it) => it.eq("kind", "toy")), ["1", "4"]);
    assert.deepEqual(await found("red", (it) => it.descending("_id")), ["5", "4", "3", "1"]);
    const page = await items.search("shop").expression("red").ascending("_id").limit(2).skip(1).run();
    assert.deepEqual(ids(page.items), ["3", "4"]);
    const chosen = await items.search("shop", { search: { expression: "carpet" }, fields: ["kind"] });
    assert.deepEqual(chosen.items.map(plain), [{ _id: "2", kind: "home" }]);
  });

  await t.test("a fuzzy search finds what is nearly the same, after what is", async () => {
    const found = async (expression, change = (it) => it) =>
      ids((await change(items.search("shop").expression(expression)).run()).items);
    assert.deepEqual(await found("gren baot"), []);
    assert.deepEqual(await found("gren baot", (it) => it.fuzzy()), ["4"]);
    assert.deepEqual(await found("eclair", (it) => it.fuzzy()), ["3"]);
    const both = await found("boat bat", (it) => it.fuzzy());
    assert.equal(both[0], "4");
    assert.deepEqual(await found("zz", (it) => it.fuzzy()), []);
  });

  await t.test("a search that cannot be", async () => {
    for (const words of [{ expression: "x".repeat(101) }, { expression: "a", mode: "NOR" }]) {
      const request = { dataCollectionId: "shop", search: { search: words } };
      answered(await send("POST", "/items/search", request), 400, "WDE0080");
    }
    answered(
      await send("POST", "/items/search", { dataCollectionId: "shop", search: { filter: { a: { $nope: 1 } } } }),
      400,
      "WDE0076",
    );
    answered(await send("POST", "/items/search", { dataCollectionId: "shop" }), 400, "WDE0080");
  });

  await t.test("distinct values", async () => {
    const values = async (name, change = (it) => it) => (await change(items.query("shop")).distinct(name)).items;
    assert.deepEqual(await values("kind"), ["food", "home", "toy"]);
    assert.deepEqual(await values("kind", (it) => it.descending("kind")), ["toy", "home", "food"]);
    assert.deepEqual(await values("tags"), ["fast", "red", "soft", "wet"], "of lists, the elements");
    assert.deepEqual(await values("price", (it) => it.gt("price", 5)), [7, 10, 20]);
    assert.deepEqual(await values("when"), [
      new Date("1969-12-31T23:59:59.999Z"),
      new Date("2020-01-01T00:00:00.000Z"),
    ]);
    assert.deepEqual(await values("nope"), []);
    const first = await items.query("shop").limit(2).distinct("kind", { returnTotalCount: true });
    assert.deepEqual([first.items, first.totalCount, first.hasNext()], [["food", "home"], 3, true]);
    assert.deepEqual((await first.next()).items, ["toy"]);
  });

  await t.test("aggregates", async () => {
    const { items: rows } = await items
      .aggregate("shop")
      .group("kind")
      .sum("price")
      .avg("price", "mean")
      .count()
      .descending("count")
      .ascending("kind")
      .run();
    assert.deepEqual(rows, [
      { _id: "home", kind: "home", priceSum: 20, mean: 20, count: 2 },
      { _id: "toy", kind: "toy", priceSum: 17, mean: 8.5, count: 2 },
      { _id: "food", kind: "food", priceSum: 2.5, mean: 2.5, count: 1 },
    ]);
    const having = await items
      .aggregate("shop")
      .group("kind")
      .max("when")
      .count()
      .having(items.filter().ge("count", 2))
      .ascending("kind")
      .run();
    assert.deepEqual(
      having.items.map(({ _id, whenMax }) => [_id, whenMax?.getTime()]),
      [
        ["home", -1],
        ["toy", 1577836800000],
      ],
    );
    const two = await items
      .aggregate("shop")
      .filter(items.filter().eq("kind", "toy"))
      .group("kind", "name")
      .min("price")
      .ascending("name")
      .limit(1)
      .run();
    assert.deepEqual(
      two.items.map(({ _id, priceMin }) => [_id, priceMin]),
      [[{ kind: "toy", name: "Green boat" }, 7]],
    );
    assert.equal(two.hasNext(), true);
  });

  const pipeline = async (...stages) => {
    const { results } = await items.aggregatePipeline("shop", PipelineBuilder().withStages(stages).build());
    return results;
  };
  const only = (...names) =>
    Stages.project()
      .include(...names)
      .exclude("_id");
  await t.test("pipeline: filter, sort, skip, limit", async () => {
    const rows = await pipeline(
      Stages.filter().isNotEmpty("name"),
      Stages.sort().ascending("kind").descending("price"),
      Stages.skip(1),
      Stages.limit(2),
    );
    assert.deepEqual(ids(rows), ["2", "1"]);
  });
  await t.test("pipeline: projection, with every expression", async () => {
    const n = field("price");
    const reshapes = {
      add: Expressions.add(n, numeric(1)),
      subtract: Expressions.subtract(n, numeric(3)),
      multiply: Expressions.multiply(n, numeric(2)),
      divide: Expressions.divide(n, numeric(4)),
      mod: Expressions.mod(n, numeric(3)),
      abs: Expressions.abs(Expressions.subtract(numeric(0), n)),
      floor: Expressions.floor(Expressions.divide(n, numeric(4))),
      ceil: Expressions.ceil(Expressions.divide(n, numeric(4))),
      concat: Expressions.concat(field("kind"), text(": "), field("name")),
      stringify: Expressions.stringify(n),
      lower: Expressions.toLower(field("name")),
      upper: Expressions.toUpper(field("name")),
      length: Expressions.length(field("name")),
      part: Expressions.substring(field("name"), numeric(4), numeric(3)),
    };
    const project = Stages.project().include("_id");
    for (const [name, expression] of Object.entries(reshapes)) project.reshape(expression, name);
    project.projectNested(Stages.project().include("name").reshape(n, "cost"), "nested");
    const [row] = await pipeline(Stages.filter().eq("_id", "1"), project);
    const { nested, ...rest } = row;
    assert.deepEqual(rest, {
      _id: "1",
      add: 11,
      subtract: 7,
      multiply: 20,
      divide: 2.5,
      mod: 1,
      abs: 10,
      floor: 2,
      ceil: 3,
      concat: "toy: Red car",
      stringify: "10",
      lower: "red car",
      upper: "RED CAR",
      length: 7,
      part: "car",
    });
    assert.equal(nested.cost, 10);
    assert.deepEqual(await pipeline(Stages.filter().eq("_id", "4"), only("name")), [{ name: "Green boat" }]);
  });
  await t.test("pipeline: unwindArray and objectToArray", async () => {
    const rows = await pipeline(Stages.unwind("tags"), Stages.filter().eq("tags", "red"));
    assert.deepEqual(ids(rows), ["1", "4", "5"]);
    const [pairs] = await pipeline(Stages.filter().eq("_id", "4"), Stages.objectToArray("counts", "list"));
    assert.deepEqual(pairs.list, [
      { k: "a", v: 1 },
      { k: "b", v: 2 },
    ]);
  });
  await t.test("pipeline: group, with every accumulator", async () => {
    const group = Stages.group()
      .by(field("kind"), "kind")
      .sum(field("price"), "sum")
      .avg(field("price"), "avg")
      .min(field("price"), "min");
    group
      .max(field("price"), "max")
      .first(field("_id"), "first")
      .last(field("_id"), "last")
      .push(field("_id"), "all")
      .count("count");
    const rows = await pipeline(Stages.sort().ascending("_id"), group, Stages.sort().ascending("first"));
    assert.deepEqual(rows[0], {
      _id: { kind: "toy" },
      sum: 17,
      avg: 8.5,
      min: 7,
      max: 10,
      first: "1",
      last: "4",
      all: ["1", "4"],
      count: 2,
    });
    assert.deepEqual(
      rows.map(({ _id, count }) => [_id.kind, count]),
      [
        ["toy", 2],
        ["home", 2],
        ["food", 1],
      ],
    );
  });
  await t.test("pipeline: by pages", async () => {
    const build = (paging) =>
      PipelineBuilder()
        .withStages([Stages.sort().ascending("_id")])
        .withPaging(paging)
        .build();
    const { results, pagingMetadata } = await items.aggregatePipeline("shop", build({ limit: 2, offset: 1 }));
    assert.deepEqual(ids(results), ["2", "3"]);
    assert.equal(pagingMetadata.hasNext, true);
  });

  await t.test("what is none of these", async () => {
    const calls = [
      ["query-distinct-values", {}, "WDE0080"],
      ["query-distinct-values", { fieldName: "kind", order: "SIDEWAYS" }, "WDE0080"],
      ["query-distinct-values", { fieldName: "kind", filter: { a: { $nope: 1 } } }, "WDE0076"],
      [
        "aggregate",
        { aggregation: { groupingFields: ["kind"], operations: [{ resultFieldName: "x", nonsense: {} }] } },
        "WDE0080",
      ],
      ["aggregate-pipeline", {}, "WDE0080"],
      ["aggregate-pipeline", { pipeline: { stages: [{ nonsense: {} }] } }, "WDE0080"],
      ["aggregate-pipeline", { pipeline: { stages: [{ limit: -1 }] } }, "WDE0080"],
    ];
    for (const [name, words, code] of calls) {
      const reply = await send("POST", `/items/${name}`, { dataCollectionId: "shop", ...words });
      assert.deepEqual([name, words, reply.status, reply.code], [name, words, 400, code]);
    }
    await refused(app, items.aggregate("nowhere").count().run(), "WDE0025", 404);
    answered(
      await send("POST", "/items/aggregate-pipeline", { dataCollectionId: "shop", pipeline: { stages: [] } }),
      200,
    );
  });
});

// Whatever is sent, the answer is JSON with a code, and never a fault of the server's; and afterwards it
// serves everybody else as before.

import assert from "node:assert/strict";
import net from "node:net";

import { call } from "../lib/call.mjs";
import { answered, plain, room } from "../lib/data_client.mjs";
import { anyone, startData } from "../lib/data_stage.mjs";
import { testOnEach } from "../lib/databases.mjs";
import { within } from "../lib/poll.mjs";

// JSON that is nested so deep that no writer of ours would write it.
const nested = (depth, open, middle, close) => open.repeat(depth) + middle + close.repeat(depth);
const query = (filter) => `{"dataCollectionId":"c","query":{"filter":${filter}}}`;
const insert = (data) => `{"dataCollectionId":"c","dataItem":{"data":${data}}}`;
const quoted = (text) => JSON.stringify(text);

testOnEach("bad input", async (t, database) => {
  const stage = await startData(t, { database });
  const site = await stage.site();
  const { app, visitor } = site;
  const { items, send } = app;
  await site.collection("c", { a: "ANY" }, anyone);
  await items.insert("c", { _id: "kept", a: "kept" });
  const post = (path, body) => send("POST", path, body);

  // The reply to something bad: refused in the caller's fault, or done; anyhow told, with a code.
  const sane = (reply, name) => {
    assert.ok(reply.json, `${name}: ${reply.text.slice(0, 200)}`);
    assert.ok(reply.status < 500, `${name}: ${reply.status} ${reply.text.slice(0, 300)}`);
    if (reply.status !== 200) assert.ok(reply.code, `${name}: ${reply.text.slice(0, 200)}`);
    assert.ok(reply.text.length < 2_000_000, name);
  };

  const filters = {
    "$and 1,000 deep": [nested(1000, '{"$and":[', "{}", "]}"), "WDE0080"],
    "$not 1,000 deep": [nested(1000, '{"$not":', "{}", "}"), "WDE0080"],
    "$not of an operator 1,000 deep": [`{"a":${nested(1000, '{"$not":', '{"$eq":1}', "}")}}`, "WDE0080"],
    "$not 100 deep": [nested(100, '{"$not":', "{}", "}"), "WDE0076"],
    "lists 1,000 deep": [`{"a":${nested(1000, "[", "1", "]")}}`, undefined],
    "objects 100,000 deep": [nested(100_000, '{"a":', "1", "}"), undefined],
    "unclosed lists, 1,000,000 deep": ["[".repeat(1_000_000), "WDE0080"],
    "10 MB wide": [`{"$or":[${Array(400_000).fill('{"a":"0123456789"}').join(",")}]}`, "QUERY_TOO_COSTLY"],
    "a list of 10 MB": [`{"a":{"$in":[${Array(1_000_000).fill('"123456"').join(",")}]}}`, "QUERY_TOO_COSTLY"],
    "a text of 10 MB": [`{"a":${quoted("x".repeat(10_000_000))}}`, undefined],
    "300,000 fields": [`{${Array.from({ length: 300_000 }, (_, i) => `"f${i}":1`).join(",")}}`, "QUERY_TOO_COSTLY"],
    "an unknown operator": ['{"a":{"$where":"1"}}', "WDE0076"],
    "a regular expression": ['{"a":{"$regex":"(a+)+$"}}', "WDE0076"],
    "an operator at the top": ['{"$gt":5}', "WDE0076"],
    "operators beside fields": ['{"a":{"$gt":1,"b":2}}', undefined],
    "a list": ["[]", "WDE0076"],
    "a text": ['"a = 1"', "WDE0076"],
    "NUL in a value": ['{"a":"x\\u0000y"}', undefined],
    "NUL in a name": ['{"a\\u0000":1}', "WDE0080"],
    "an empty name": ['{"":1}', "WDE0080"],
    "a path of dots": ['{"a..b":1}', "WDE0080"],
    "a path of 1,000 names": [`{"${Array(1000).fill("a").join(".")}":1}`, "WDE0080"],
    __proto__: ['{"__proto__":{"a":1}}', undefined],
    "constructor.prototype": ['{"constructor.prototype.a":1}', undefined],
    "half a surrogate pair": ['{"a":"\\ud800"}', "WDE0080"],
    "1e400": ['{"a":1e400}', "WDE0080"],
    "-1e400 in a list": ['{"a":{"$in":[-1e400]}}', "WDE0080"],
    "1e308": ['{"a":{"$gt":1e308}}', undefined],
    "-0": ['{"a":-0}', undefined],
    "a number of 10,000 digits": [`{"a":0.${"1".repeat(10_000)}}`, undefined],
    NaN: ['{"a":NaN}', "WDE0080"],
    "a date that is none": ['{"a":{"$date":"tomorrow"}}', "WDE0076"],
    "a date far away": ['{"a":{"$gt":{"$date":"+275760-09-13T00:00:00.000Z"}}}', undefined],
    "a date beyond all": ['{"a":{"$gt":{"$date":"+999999-01-01T00:00:00.000Z"}}}', "WDE0076"],
    SQL: ['{"a":"\' OR 1=1; DROP TABLE items; --","b\' OR \'1\'=\'1":1}', undefined],
    "$hasAll without a list": ['{"a":{"$hasAll":1}}', "WDE0076"],
    "$contains of a number": ['{"a":{"$contains":1}}', "WDE0076"],
    "the same field twice": ['{"a":"other","a":"kept"}', undefined],
  };
  for (const [name, [filter, code]] of Object.entries(filters)) {
    await t.test(`a filter: ${name}`, async () => {
      const reply = await post("/items/query", query(filter));
      sane(reply, name);
      const status = code === "QUERY_TOO_COSTLY" ? 422 : 400;
      if (code) assert.deepEqual([reply.status, reply.code], [status, code], reply.text.slice(0, 300));
    });
  }

  const data = {
    "499 kB": [`{"t":${quoted("x".repeat(499_000))}}`, undefined],
    "501 kB": [`{"t":${quoted("x".repeat(501_000))}}`, "WDE0009"],
    "10 MB": [`{"t":${quoted("x".repeat(10_000_000))}}`, "WDE0009"],
    "200,000 fields": [`{${Array.from({ length: 200_000 }, (_, i) => `"f${i}":1`).join(",")}}`, "WDE0009"],
    "1,000 deep": [`{"a":${nested(1000, '{"a":', "1", "}")}}`, "WDE0080"],
    "100,000 deep": [`{"a":${nested(100_000, "[", "1", "]")}}`, "WDE0080"],
    "NUL in a text": ['{"t":"x\\u0000y"}', "WDE0080"],
    "NUL in a name": ['{"t\\u0000":1}', "WDE0080"],
    "NUL in the id": ['{"_id":"x\\u0000y"}', "WDE0079"],
    "an id that is a number": ['{"_id":5}', "WDE0079"],
    "an id that is an object": ['{"_id":{"$ne":1}}', "WDE0079"],
    "a name with $": ['{"$set":{"a":1}}', "WDE0134"],
    "a name with $ inside": ['{"a":{"$set":1}}', "WDE0134"],
    "1e400": ['{"n":1e400}', "WDE0080"],
    "half a surrogate pair": ['{"t":"\\ud800"}', "WDE0080", /dataItem\.data\.t holds one half of a surrogate pair/],
    "half a surrogate pair, deep": ['{"t":[1,{"x":"y\\udfff"}]}', "WDE0080", /dataItem\.data\.t\.1\.x holds one half/],
    "a number in the place of a date": ['{"when":{"$date":5}}', "WDE0080", /"when" holds a \$date that is not valid: it is no text/],
    "the 30th of February": [
      '{"l":[{"when":{"$date":"2024-02-30T00:00:00.000Z"}}]}',
      "WDE0080",
      /"l\.0\.when" holds a \$date that is not valid: there is no such point in time/,
    ],
    "a date with something beside it": ['{"when":{"$date":"2024-02-29T00:00:00.000Z","x":1}}', "WDE0080", /"when"/],
    "a list": ["[]", "WDE0080"],
    null: ["null", "WDE0080"],
    "a text": ['"x"', "WDE0080"],
  };
  for (const [name, [item, code, says = ""]] of Object.entries(data)) {
    await t.test(`an item: ${name}`, async () => {
      const reply = await post("/items", insert(item));
      sane(reply, name);
      if (code) assert.match(reply.json.message, new RegExp(says));
      assert.deepEqual([reply.status, reply.code], code ? [400, code] : [200, undefined], reply.text.slice(0, 300));
    });
  }
  await t.test("an item with __proto__ is an item with a field of that name", async () => {
    const reply = answered(
      await post("/items", insert('{"_id":"proto","__proto__":{"a":1},"constructor":2,"toString":3}')),
      200,
    );
    assert.ok(Object.hasOwn(reply.dataItem.data, "__proto__"));
    const read = answered(await send("GET", "/items/proto?dataCollectionId=c"), 200).dataItem.data;
    assert.deepEqual([read.constructor, read.toString, Object.hasOwn(read, "__proto__")], [2, 3, true]);
  });
  await t.test("numbers at the edges come back as they were", async () => {
    const numbers = [
      0,
      -1,
      0.1 + 0.2,
      5e-324,
      -5e-324,
      1.7976931348623157e308,
      2 ** 53,
      -(2 ** 53) + 1,
      1e21,
      1e-7,
      123456789012345680000,
    ];
    await items.insert("c", { _id: "numbers", numbers });
    assert.deepEqual((await items.get("c", "numbers")).numbers, numbers);
    for (const number of numbers) {
      const { items: found } = await items.query("c", { filter: { numbers: number } });
      assert.deepEqual(
        found.map(({ _id }) => _id),
        ["numbers"],
        String(number),
      );
    }
    const reply = answered(
      await post("/items", insert('{"_id":"big","n":9007199254740993,"z":-0,"e":1E2,"f":1.0}')),
      200,
    );
    assert.deepEqual(reply.dataItem.data.n, 9007199254740992);
    assert.deepEqual([reply.dataItem.data.e, reply.dataItem.data.f], [100, 1]);
  });
  await t.test("an update does not let an item grow beyond the limit", async () => {
    await items.insert("c", { _id: "grows", list: ["x".repeat(400_000)] });
    const append = {
      dataItemId: "grows",
      fieldModifications: [
        { fieldPath: "list", action: "APPEND_TO_ARRAY", appendToArrayOptions: { value: "y".repeat(200_000) } },
      ],
    };
    answered(await post("/items/patch", { dataCollectionId: "c", patch: append }), 400, "WDE0009");
    assert.equal((await items.get("c", "grows")).list.length, 1);
  });

  await t.test("pages that cannot be", async () => {
    for (const paging of [
      { limit: 1e9 },
      { limit: 1001 },
      { limit: 0 },
      { limit: -1 },
      { limit: 1.5 },
      { limit: 1e308 },
      { offset: -1 },
      { offset: 0.5 },
      { limit: "10" },
      { limit: [1] },
    ]) {
      answered(await post("/items/query", { dataCollectionId: "c", query: { paging } }), 400, "WDE0080");
    }
    for (const paging of [{ offset: 1e9 }, { offset: 2 ** 53 }, { limit: null }, {}]) {
      answered(await post("/items/query", { dataCollectionId: "c", query: { paging } }), 200);
    }
    for (const name of ["query-distinct-values", "aggregate", "query-referenced"]) {
      const words = {
        dataCollectionId: "c",
        fieldName: "a",
        aggregation: { operations: [{ resultFieldName: "n", itemCount: {} }] },
        referringItemId: "kept",
        referringItemFieldName: "a",
      };
      const reply = await post(`/items/${name}`, { ...words, paging: { limit: 1e9 } });
      assert.equal(reply.status, 400, `${name}: ${reply.text}`);
    }
    answered(await send("GET", "/collections?paging.limit=1000000000"), 400, "WDE0080");
    answered(await send("GET", "/collections?paging.limit=-1"), 400, "WDE0080");
    answered(await send("GET", "/collections?paging.limit=99999999999999999999"), 400, "WDE0080");
    answered(await send("GET", "/indexes?dataCollectionId=c&paging.offset=x"), 400, "WDE0080");
  });
  await t.test("sorts that cannot be", async () => {
    const many = Array.from({ length: 11 }, (_, i) => ({ fieldName: `f${i}`, order: "ASC" }));
    for (const sort of [
      "a",
      [1],
      [{}],
      [{ fieldName: "a", order: "UP" }],
      [{ fieldName: "$a" }],
      [{ fieldName: "" }],
      many,
    ]) {
      answered(await post("/items/query", { dataCollectionId: "c", query: { sort } }), 400, "WDE0080");
    }
  });
  await t.test("modifications that cannot be", async () => {
    const patch = (...fieldModifications) =>
      post("/items/patch", { dataCollectionId: "c", patch: { dataItemId: "kept", fieldModifications } });
    answered(await patch(), 400, "WDE0080");
    for (const words of [
      { fieldPath: "a", action: "DESTROY" },
      { fieldPath: "a" },
      { action: "REMOVE_FIELD" },
      { fieldPath: "", action: "REMOVE_FIELD" },
      { fieldPath: "a", action: "INCREMENT_FIELD", incrementFieldOptions: { value: 1 } },
      { fieldPath: "a.b", action: "SET_FIELD", setFieldOptions: { value: 1 } },
      { fieldPath: "n", action: "INCREMENT_FIELD", incrementFieldOptions: { value: "1" } },
      { fieldPath: "a", action: "APPEND_TO_ARRAY", appendToArrayOptions: { value: 1 } },
      { fieldPath: "a\0", action: "SET_FIELD", setFieldOptions: { value: 1 } },
    ]) {
      answered(await patch(words), 400, "WDE0080");
    }
    const reply = await patch({ fieldPath: "$a", action: "SET_FIELD", setFieldOptions: { value: 1 } });
    assert.ok(reply.status === 400 && ["WDE0080", "WDE0134"].includes(reply.code), reply.text);
    const deep = Array(1000).fill("a").join(".");
    answered(await patch({ fieldPath: deep, action: "SET_FIELD", setFieldOptions: { value: 1 } }), 400, "WDE0080");
    assert.deepEqual(plain(await items.get("c", "kept")), { _id: "kept", a: "kept" });
  });

  const bodies = [
    "",
    "{",
    "nonsense",
    "null",
    "[]",
    "5",
    '"x"',
    '{"dataCollectionId":5}',
    '{"dataCollectionId":"c",}',
    "\ufeff{}",
    '{"dataCollectionId":"c"',
    Buffer.from([0xff, 0xfe, 0]),
    Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
  ];
  const places = [
    "items",
    "items/update",
    "items/save",
    "items/patch",
    "items/remove",
    "items/truncate",
    "items/query",
    "items/count",
    "items/query-distinct-values",
    "items/aggregate",
    "items/aggregate-pipeline",
    "items/search",
    "items/query-referenced",
    "items/is-referenced",
    "items/replace-references",
    "items/insert-reference",
    "bulk/items/insert",
    "bulk/items/update",
    "bulk/items/save",
    "bulk/items/patch",
    "bulk/items/remove",
    "bulk/items/async-patch-by-filter",
    "bulk/items/async-remove-by-filter",
    "bulk/items/insert-references",
    "bulk/items/remove-references",
    "collections",
    "collections/create-field",
    "collections/update-field",
    "collections/delete-field",
    "collections/add-plugin",
    "collections/delete-plugin",
    "collections/add-cms-plugin",
    "indexes",
  ];
  for (const place of places) {
    await t.test(`broken words, and none: ${place}`, async () => {
      for (const body of bodies) {
        const reply = await post(`/${place}`, body);
        sane(reply, `${place} ${body}`);
        assert.notEqual(reply.status, 200, `${place} ${body}: ${reply.text}`);
      }
    });
  }
  await t.test("broken .r", async () => {
    for (const words of [
      "",
      "!",
      "e30",
      "bnVsbA",
      "W10",
      "_".repeat(2000),
      "%",
      "eyJkYXRhQ29sbGVjdGlvbklkIjoiYyJ9%00",
    ]) {
      sane(await send("GET", `/items/query?.r=${words}`), words);
      sane(await send("GET", `/items/x?.r=${words}`), words);
    }
    sane(await send("GET", "/items/query"), "none");
    sane(await send("GET", "/items/x?dataCollectionId=%ff&dataItemId=%ff"), "no UTF-8");
    sane(await send("DELETE", "/items/"), "nothing");
    sane(await send("PATCH", "/collections/"), "nothing");
    sane(await send("DELETE", "/collections/"), "nothing");
  });

  const tooLarge = insert(`{"t":${quoted("x".repeat(17 * 1024 * 1024))}}`);
  const chunked = { "Transfer-Encoding": "chunked" };
  for (const [name, extra] of [
    ["announced", {}],
    ["not announced", chunked],
  ]) {
    await t.test(`a body over the limit, ${name}`, async () => {
      const headers = { Authorization: app.authorization, "Content-Type": "application/json", ...extra };
      const sent = () => call(stage.backend, { method: "POST", path: `${room}/items`, headers, body: tooLarge });
      for (const reply of [await sent(), await sent(), await sent()]) answered(reply, 413, "WDE0109");
    });
  }
  await t.test("a body over the limit is refused before it comes", async () => {
    const reply = await rawPost(stage.backend, app.authorization, { "Content-Length": 17 * 1024 * 1024 });
    assert.match(reply, /^HTTP\/1.1 413 /);
    assert.match(reply, /"WDE0109"/);
  });
  await t.test("a body that ends too soon", async () => {
    const { hostname, port } = new URL(stage.backend);
    const socket = net.connect(port, hostname);
    socket.on("error", () => {});
    const head = `POST ${room}/items HTTP/1.1\r\nHost: x\r\nAuthorization: ${app.authorization}\r\nContent-Length: 1000\r\n\r\n{"dataColl`;
    await new Promise((done) => socket.end(head, done));
    await within("the end", new Promise((done) => socket.resume().on("close", done)));
  });

  await t.test("many at once", async () => {
    const wide = query(`{"$or":[${Array(100_000).fill('{"a":"0123456789"}').join(",")}]}`);
    const deep = query(nested(100_000, '{"a":', "1", "}"));
    const attempts = Array.from({ length: 12 }, async (_, i) =>
      sane(await post("/items/query", i % 2 ? wide : deep), "at once"),
    );
    await Promise.all(attempts);
  });
  await t.test("after all that, it serves", async () => {
    stage.program.assertAlive();
    assert.deepEqual(plain(await visitor.items.get("c", "kept")), { _id: "kept", a: "kept" });
    assert.equal((await items.insert("c", { _id: "after" }))._id, "after");
    assert.doesNotMatch(stage.program.stderr, /panicked|ERROR/);
  });
});

// Only the head of a request: what it announces never comes.
async function rawPost(backend, authorization, headers) {
  const { hostname, port } = new URL(backend);
  const socket = net.connect(port, hostname);
  const lines = Object.entries({ Host: "x", Authorization: authorization, Connection: "close", ...headers });
  socket.write(`POST ${room}/items HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  let text = "";
  // The connection itself stays open for a while, in case the body comes after all.
  const answer = new Promise((done) => {
    socket.setEncoding("utf8").on("data", (part) => {
      text += part;
      if (text.includes("}}}")) done();
    });
    socket.on("close", done);
  });
  try {
    await within("an answer", answer, 3_000);
  } finally {
    socket.destroy();
  }
  return text;
}

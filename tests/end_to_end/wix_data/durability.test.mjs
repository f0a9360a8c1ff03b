// What was acknowledged is there, whatever ends the server: twenty times `kill -9` under the load of
// several writers, on one data folder.

import assert from "node:assert/strict";

import { dataClient } from "../lib/data_client.mjs";
import { dataPlace } from "../lib/data_stage.mjs";
import { testOnEach } from "../lib/databases.mjs";
import { until } from "../lib/poll.mjs";

const KILLS = 20;
const WRITERS = 4;

testOnEach("killed twenty times under load", async (t, database) => {
  const place = await dataPlace(t, { database });
  let server = await place.start();
  const site = await server.site();
  await site.collection("numbers", { number: "NUMBER" });
  await site.app.indexes.createIndex("numbers", {
    name: "by number",
    fields: [{ path: "number", order: "ASC" }],
    unique: true,
  });
  await site.app.items.insert("numbers", { _id: "counter", count: 0 });

  // Told to be there, by their ids; and the numbers that are taken, for a number is given out once.
  const acknowledged = new Set();
  const increments = { told: 0, tried: 0 };
  let next = 0;

  // Writes until the server is gone: single items, and a bulk of three now and then.
  const write = async ({ items }, kind) => {
    for (;;) {
      const numbers = kind === 0 ? [next, next + 1, next + 2] : [next];
      next += numbers.length;
      const docs = numbers.map((number) => ({ _id: `n${number}`, number, text: "x".repeat(number % 500) }));
      try {
        if (kind === 1) {
          increments.tried += 1;
          await items.patch("numbers", "counter").incrementField("count", 1).run();
          increments.told += 1;
        }
        if (docs.length === 1) await items.insert("numbers", docs[0]);
        else assert.equal((await items.bulkInsert("numbers", docs)).inserted, docs.length);
      } catch (error) {
        // No answer, for the server is gone; an answer of a server that lives would be a fault.
        assert.ok(server.program.asked, error.stack);
        assert.equal(error.details?.applicationError, undefined, error.stack);
        return;
      }
      for (const { _id } of docs) acknowledged.add(_id);
    }
  };
  const stored = async ({ items }) => {
    const found = [];
    let page = await items.query("numbers").exists("number", true).limit(1000).find();
    found.push(...page.items);
    while (page.hasNext()) {
      page = await page.next();
      found.push(...page.items);
    }
    return found;
  };

  for (let kill = 1; kill <= KILLS; kill += 1) {
    const app = dataClient(server.backend, site.app.authorization);
    const writing = Array.from({ length: WRITERS }, (_, kind) => write(app, kind));
    const before = acknowledged.size;
    // Not at the same point each time.
    await until("some writes", () => acknowledged.size > before + 10 + kill * 3);
    server.program.signal("SIGKILL");
    await server.program.ended;
    await Promise.all(writing);
    server = await place.start();

    const now = dataClient(server.backend, site.app.authorization);
    const found = await stored(now);
    const there = new Set(found.map(({ _id }) => _id));
    assert.equal(there.size, found.length, "none is there twice");
    assert.deepEqual(
      [...acknowledged].filter((id) => !there.has(id)),
      [],
      `kill ${kill}: lost`,
    );
    assert.ok(
      found.every(({ _id, number, text }) => _id === `n${number}` && text.length === number % 500),
      "whole",
    );
    assert.equal(await now.items.query("numbers").count(), found.length + 1);
    const { count } = await now.items.get("numbers", "counter");
    assert.ok(
      count >= increments.told && count <= increments.tried,
      `${count} of ${increments.told} to ${increments.tried}`,
    );
  }

  await t.test("the index is as whole as the items", async () => {
    const { items } = dataClient(server.backend, site.app.authorization);
    const found = await stored({ items });
    const numbers = found.map(({ number }) => number).sort((one, other) => one - other);
    for (const number of [numbers[0], numbers.at(-1), ...numbers.slice(0, 20)]) {
      assert.equal(await items.query("numbers").eq("number", number).count(), 1);
      const again = await items.insert("numbers", { number }).catch((error) => error);
      assert.equal(again.details.applicationError.code, "WDE0123");
    }
    assert.equal(await items.query("numbers").ge("number", 0).count(), numbers.length);
  });
});

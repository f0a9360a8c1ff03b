// A disk without room: writes are refused with a code, reads go on, and when there is room again, writes
// do, too, without a restart.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { codeOf, plain } from "../lib/data_client.mjs";
import { dataPlace } from "../lib/data_stage.mjs";
import { until } from "../lib/poll.mjs";
import { smallDisk } from "../lib/small_disk.mjs";

test("a full disk", async (t) => {
  const disk = smallDisk(t, 24);
  if (!disk) return;
  const place = await dataPlace(t, { data: join(disk.folder, "data") });
  const server = await place.start();
  const site = await server.site();
  const { app, ann } = site;
  await site.collection("things", { number: "NUMBER" });
  await app.items.insert("things", { _id: "before", number: 1 });

  const { fill, free } = disk;
  const big = "x".repeat(300_000);
  const codes = new Set();
  const acknowledged = ["before"];

  await t.test("writes are refused with a code", async () => {
    fill();
    let number = 0;
    await until("a refusal", async () => {
      number += 1;
      const _id = `n${number}`;
      try {
        await app.items.insert("things", { _id, number, big });
        acknowledged.push(_id);
      } catch (error) {
        codes.add(`${app.last.status} ${codeOf(error)}`);
      }
      return codes.size > 0;
    });
    for (const attempt of [
      () => app.items.insert("things", { _id: "refused", big }),
      () =>
        app.items.bulkInsert(
          "things",
          Array.from({ length: 20 }, (_, i) => ({ _id: `r${i}`, big })),
        ),
      () => app.items.update("things", { _id: "before", big }),
    ]) {
      const error = await attempt().catch((error) => error);
      codes.add(`${app.last.status} ${codeOf(error)}`);
    }
    assert.deepEqual([...codes], ["507 STORAGE_FULL"]);
  });
  await t.test("reads go on, and have what was acknowledged and nothing else", async () => {
    assert.deepEqual(plain(await app.items.get("things", "before")), { _id: "before", number: 1 });
    const { items } = await app.items.query("things").fields("number").limit(1000).find();
    assert.deepEqual(
      items.map(({ _id }) => _id),
      acknowledged,
    );
    assert.equal(await app.items.query("things").count(), acknowledged.length);
    assert.equal(await ann.collections.getDataCollection("things").catch(codeOf), "WDE0027");
    server.program.assertAlive();
  });
  await t.test("with room again, writes go on without a restart", async () => {
    free();
    await app.items.insert("things", { _id: "after", big });
    await app.items.update("things", { _id: "before", number: 2 });
    const bulk = await app.items.bulkInsert("things", [{ _id: "a1" }, { _id: "a2" }]);
    assert.equal(bulk.inserted, 2);
    assert.equal((await app.items.get("things", "after")).big, big);
  });
  await t.test("full and free once more, then killed: nothing that was acknowledged is lost", async () => {
    fill();
    await until("a refusal", () => app.items.insert("things", { big }).then(() => false, codeOf));
    const count = await app.items.query("things").count();
    free();
    await app.items.insert("things", { _id: "last" });
    server.program.signal("SIGKILL");
    await server.program.ended;
    const again = await place.start();
    const { items } = (await again.site(site.instanceId)).app;
    assert.equal(await items.query("things").count(), count + 1);
    assert.equal((await items.get("things", "last"))?._id, "last");
  });
});

// Changes by a filter that are done after they were accepted.

import assert from "node:assert/strict";

import { startData } from "../lib/data_stage.mjs";
import { answered, refused } from "../lib/data_client.mjs";
import { testOnEach } from "../lib/databases.mjs";
import { until } from "../lib/poll.mjs";

testOnEach("jobs", async (t, database) => {
  const stage = await startData(t, { database });
  const [site, other] = [await stage.site(), await stage.site()];
  const { app } = site;
  const { items, send } = app;
  await site.collection("things", { number: "NUMBER" });
  const numbers = Array.from({ length: 750 }, (_, number) => ({ _id: `n${number}`, number }));
  await items.bulkInsert("things", numbers);
  const over = (jobId, who = items) =>
    until("the end of a job", async () => {
      const status = await who.getAsyncJobStatus(jobId);
      return ["SUCCEEDED", "FAILED"].includes(status.status) && status;
    });

  let patched;
  await t.test("a patch of more than one step", async () => {
    const filter = items.filter().lt("number", 450);
    const modifications = [{ fieldPath: "done", action: "INCREMENT_FIELD", value: 1 }];
    ({ jobId: patched } = await items.asyncPatchByFilter("things", filter, modifications));
    assert.deepEqual(await over(patched), { status: "SUCCEEDED", successCount: 450 });
    assert.equal(await items.query("things").eq("done", 1).count(), 450);
    assert.equal(await items.query("things").isEmpty("done").count(), 300);
  });
  await t.test("a patch of what its own filter asks for is done once to each", async () => {
    const modifications = [{ fieldPath: "number", action: "INCREMENT_FIELD", value: 1000 }];
    const { jobId } = await items.asyncPatchByFilter("things", items.filter().ge("number", 700), modifications);
    assert.deepEqual(await over(jobId), { status: "SUCCEEDED", successCount: 50 });
    const { items: found } = await items.query("things").ge("number", 700).ascending("number").limit(100).find();
    assert.deepEqual(
      found.map(({ number }) => number),
      Array.from({ length: 50 }, (_, i) => 1700 + i),
    );
  });
  await t.test("a removal", async () => {
    const { jobId } = await items.asyncRemoveByFilter("things", items.filter().ge("number", 1700));
    assert.deepEqual(await over(jobId), { status: "SUCCEEDED", successCount: 50 });
    assert.equal(await items.query("things").count(), 700);
  });
  await t.test("a job that nothing fits ends well", async () => {
    const { jobId } = await items.asyncRemoveByFilter("things", items.filter().eq("number", -1));
    assert.deepEqual(await over(jobId), { status: "SUCCEEDED", successCount: 0 });
  });
  await t.test("an item that cannot be changed ends the job, and what was done stays", async () => {
    await site.collection("mixed", { number: "ANY" });
    await items.bulkInsert("mixed", [
      { _id: "a", number: 1 },
      { _id: "b", number: "text" },
      { _id: "c", number: 3 },
    ]);
    const modifications = [{ fieldPath: "number", action: "INCREMENT_FIELD", value: 1 }];
    const { jobId } = await items.asyncPatchByFilter("mixed", items.filter(), modifications);
    assert.deepEqual(await over(jobId), { status: "FAILED", successCount: 1 });
    const { items: left } = await items.query("mixed").ascending("_id").find();
    assert.deepEqual(
      left.map(({ number }) => number),
      [2, "text", 3],
    );
  });
  await t.test("another instance has no such job", async () => {
    await refused(other.app, other.app.items.getAsyncJobStatus(patched), "NOT_FOUND", 404);
  });
  await t.test("nobody has a job that never was", async () => {
    for (const id of [crypto.randomUUID(), "x", "a/b", "'; --"]) {
      answered(await send("GET", `/async-jobs/x/status?jobId=${encodeURIComponent(id)}`), 404, "NOT_FOUND");
    }
  });
  await t.test("what cannot be done is said at once", async () => {
    const job = (name, words) =>
      send("POST", `/bulk/items/async-${name}-by-filter`, { dataCollectionId: "things", ...words });
    answered(await job("patch", { filter: {}, fieldModifications: [] }), 400, "WDE0080");
    answered(
      await job("patch", {
        filter: { number: { $nope: 1 } },
        fieldModifications: [{ fieldPath: "a", action: "REMOVE_FIELD" }],
      }),
      400,
      "WDE0076",
    );
    answered(await job("remove", { filter: [] }), 400, "WDE0076");
    answered(await job("remove", { dataCollectionId: "nowhere", filter: {} }), 404, "WDE0025");
  });
  await t.test("a job goes on when the server was killed, and changes nothing twice", async () => {
    await site.collection("long", { number: "NUMBER" });
    for (let i = 0; i < 5; i += 1)
      await items.bulkInsert(
        "long",
        Array.from({ length: 1000 }, () => ({ number: 0 })),
      );
    const modifications = [{ fieldPath: "number", action: "INCREMENT_FIELD", value: 1 }];
    const { jobId } = await items.asyncPatchByFilter("long", items.filter(), modifications);
    await until("the job to begin", async () => (await items.getAsyncJobStatus(jobId)).successCount > 0);
    stage.program.signal("SIGKILL");
    await stage.program.ended;
    const again = await stage.place.start();
    const { items: after } = (await again.site(site.instanceId)).app;
    assert.deepEqual(await over(jobId, after), { status: "SUCCEEDED", successCount: 5000 });
    assert.equal(await after.query("long").eq("number", 1).count(), 5000);
  });
});

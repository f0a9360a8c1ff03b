// Notes are kept apart by instance.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, postJson } from "../lib/call.mjs";
import { startExpress } from "../lib/express_stage.mjs";

test("each instance has its own notes", async (t) => {
  const { as, backend, otherSite, site } = await startExpress(t);
  const url = `${backend}/api/notes`;
  const texts = (reply) => reply.json.notes.map((note) => note.text);
  const list = async (of) => texts(await call(url, { headers: as("visitor", of) }));
  const add = (of, text) => postJson(url, { text }, as("member", of));

  assert.deepEqual(texts(await add(site, "flour")), ["flour"]);
  assert.deepEqual(await list(otherSite), []);
  assert.deepEqual(texts(await add(otherSite, "mats")), ["mats"]);
  assert.deepEqual(texts(await add(site, "salt")), ["flour", "salt"]);
  assert.deepEqual(await list(site), ["flour", "salt"]);
  assert.deepEqual(await list(otherSite), ["mats"]);

  await t.test("Express's own refusals pass as they are", async () => {
    const reply = await postJson(url, { words: 1 }, as("member"));
    assert.equal(reply.status, 400);
    assert.match(reply.json.message, /^Send JSON/);
  });

  await t.test("the list is bounded", async () => {
    for (let number = 0; number < 60; number += 1) await add(site, `note ${number}`);
    const notes = await list(site);
    assert.equal(notes.length, 50);
    assert.equal(notes.at(-1), "note 59");
  });
});

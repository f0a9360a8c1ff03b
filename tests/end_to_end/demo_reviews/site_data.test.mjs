// The data that a site keeps at Wix: the simulator's, by Wix's own client; and not the backend's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { collections, items } from "@wix/data";
import { createClient } from "@wix/sdk";

import { instanceOf } from "../lib/app.mjs";
import { startDev } from "../lib/backlot.mjs";
import { postJson } from "../lib/call.mjs";
import { simulatorOf } from "../lib/simulator.mjs";

const codeOf = (error) => error.details?.applicationError?.code;

function clientOf(address, authorization) {
  return createClient({
    modules: { items, collections },
    auth: { getAuthHeaders: async () => ({ headers: { Authorization: authorization } }) },
    fetch: (url, init) => fetch(address + String(url).replace(/^https?:\/\/[^/]+/, ""), init),
  });
}

const recipes = {
  _id: "recipes",
  displayName: "Recipes",
  fields: [{ key: "name", type: "TEXT" }],
  permissions: { read: "ANYONE", insert: "SITE_MEMBER", update: "SITE_MEMBER_AUTHOR", remove: "SITE_MEMBER_AUTHOR" },
};

const config = `
[wix]
calls = [
  { call = "GET /wix-data/v2/items/query", allow = ["visitor"] },
  { call = "POST /wix-data/v2/items", allow = ["owner"] },
]
`;

test("Wix Data of the sites, in the simulator", async (t) => {
  const { backend, ready } = await startDev(t, { config });
  const simulator = simulatorOf(ready);
  const [site, other] = ready.instances;
  const as = async (role, at = site) => clientOf(simulator.address, await simulator.token(at, role));

  await t.test("the app makes a collection, members write, visitors read", async () => {
    await (await as("app")).collections.createDataCollection(recipes);
    const member = await as("member");
    const kept = await member.items.insert("recipes", { name: "Rye" });
    assert.ok(site.memberIds.includes(kept._owner));
    const visitor = await as("visitor");
    const found = await visitor.items.query("recipes").find();
    assert.deepEqual(found.items.map((item) => item.name), ["Rye"]);
    await assert.rejects(visitor.items.insert("recipes", { name: "x" }), (error) => codeOf(error) === "WDE0027");
  });

  await t.test("each site has its own", async () => {
    const elsewhere = await as("app", other);
    await assert.rejects(elsewhere.items.query("recipes").find(), (error) => codeOf(error) === "WDE0025");
  });

  await t.test("it is not the backend's own data", async () => {
    const instance = instanceOf(ready.app, { instanceId: site.instanceId, role: "owner" });
    const own = clientOf(backend, instance);
    await assert.rejects(own.items.query("recipes").find(), (error) => codeOf(error) === "WDE0025");
    await assert.rejects((await as("app")).items.query("reviews").find(), (error) => codeOf(error) === "WDE0025");
  });

  await t.test("a page reaches it through the backend's /wix/, as the app", async () => {
    const owner = instanceOf(ready.app, { instanceId: site.instanceId, role: "owner" });
    const item = { dataCollectionId: "recipes", dataItem: { data: { name: "Muffin" } } };
    const kept = await postJson(`${backend}/wix/wix-data/v2/items`, item, { Authorization: owner });
    assert.equal(kept.status, 200, kept.text);
    assert.equal(kept.json.dataItem.data._owner, ready.app.id);
    const visitor = instanceOf(ready.app, { instanceId: site.instanceId, role: "visitor" });
    const found = await clientOf(`${backend}/wix`, visitor).items.query("recipes").ascending("name").find();
    assert.deepEqual(found.items.map((each) => each.name), ["Muffin", "Rye"]);
  });

  await t.test("what Wix was asked is on record", async () => {
    const { calls } = await simulator.calls("/wix-data/v2/items");
    assert.ok(calls.some((call) => call.method === "POST" && call.instanceId === site.instanceId));
  });
});

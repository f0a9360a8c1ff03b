// `backlot serve` with data, and the people of its sites.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { instanceOf, makeApp } from "./app.mjs";
import { command, startServe } from "./backlot.mjs";
import { dataClient } from "./data_client.mjs";
import { databaseEnvironment } from "./databases.mjs";
import { temporaryFolder } from "./folder.mjs";

export const admin = { read: "ADMIN", insert: "ADMIN", update: "ADMIN", remove: "ADMIN" };
export const anyone = { read: "ANYONE", insert: "ANYONE", update: "ANYONE", remove: "ANYONE" };

// A configuration, its folder of collections ({name: text of the file}), a data folder and a database.
// Nothing runs yet: `start` starts a server on them, `run` any other command.
export async function dataPlace(t, { database = "sqlite", config = "", collections, data, env } = {}) {
  const folder = temporaryFolder(t);
  const app = makeApp();
  const path = join(folder, "backlot.toml");
  writeFileSync(path, config);
  const place = {
    app,
    folder,
    config: path,
    data: data ?? join(folder, "data"),
    env: { ...(await databaseEnvironment(t, database)), ...env },
    declare(files) {
      rmSync(join(folder, "collections"), { recursive: true, force: true });
      mkdirSync(join(folder, "collections"));
      for (const [name, text] of Object.entries(files))
        writeFileSync(join(folder, "collections", `${name}.toml`), text);
    },
    run: (...args) =>
      command([...args, "--config", path, "--data", place.data], {
        cwd: folder,
        env: { ...app.environment, ...place.env },
        patience: 30_000,
      }),
    // The same, and it must go well; resolves to its standard output.
    done: async (...args) => {
      const { code, stdout, stderr } = await place.run(...args);
      assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
      return stdout;
    },
    start: async () => {
      const server = await startServe(t, { config: { path }, data: place.data, env: place.env, app });
      return Object.assign(server, { place, site: (instanceId) => siteOf(server, instanceId) });
    },
  };
  if (collections) place.declare(collections);
  return place;
}

// The usual: all of it, and the server runs.
export async function startData(t, options) {
  return (await dataPlace(t, options)).start();
}

// A site that has the app: a client for the app itself, and one for each person.
async function siteOf({ backend, app, place }, instanceId = randomUUID()) {
  const token = (await place.done("token", "--instance", instanceId)).trim();
  const person = (role, userId = randomUUID()) => {
    const client = dataClient(backend, instanceOf(app, { instanceId, role, userId }));
    return Object.assign(client, { userId });
  };
  const site = {
    instanceId,
    app: Object.assign(dataClient(backend, token), { userId: app.id }),
    owner: person("owner"),
    visitor: person("visitor"),
    ann: person("member"),
    ben: person("member"),
    person,
    // The collection, made by the app: `fields` is {key: type} or Wix's list.
    collection: (id, fields = { title: "TEXT" }, permissions = admin) =>
      site.app.collections.createDataCollection({
        _id: id,
        fields: Array.isArray(fields) ? fields : Object.entries(fields).map(([key, type]) => ({ key, type })),
        permissions,
      }),
  };
  return site;
}

// `backlot serve` with a subscription, on an app whose webhooks the test signs.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { makeApp } from "../../lib/app.mjs";
import { command, startServe } from "../../lib/backlot.mjs";
import { databaseEnvironment } from "../../lib/databases.mjs";
import { temporaryFolder } from "../../lib/folder.mjs";
import { run } from "../../lib/program.mjs";
import { SECRET } from "./destination.mjs";
import { publicKeyPem } from "./wix_sender.mjs";

function toml(value) {
  if (Array.isArray(value)) return `[${value.map(toml).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${key} = ${toml(item)}`);
  return `{ ${entries.join(", ")} }`;
}

// The subscription `all`; `settings` replace what is usual.
export const subscriptionTo = (to, settings = {}) => {
  const usual = { name: "all", to, secret: { env: "EVENTS_SECRET" }, timeout: "2s", backoff: ["50ms"], max_attempts: 1000 };
  const all = Object.entries({ ...usual, ...settings }).filter(([, value]) => value !== undefined);
  return `[[subscription]]\n${all.map(([key, value]) => `${key} = ${toml(value)}`).join("\n")}\n`;
};

// A configuration, a data folder and a database. Nothing runs yet: `start` starts a server on them.
export async function eventsPlace(t, { database = "sqlite", config, data, env } = {}) {
  const app = makeApp();
  Object.assign(app.environment, { WIX_CLIENT_PUBLIC_KEY: publicKeyPem });
  const all = { EVENTS_SECRET: SECRET, ...(await databaseEnvironment(t, database)), ...env };
  const node = (folder) => {
    const path = join(folder, "backlot.toml");
    const configure = (text) => writeFileSync(path, text);
    configure(config);
    const place = {
      app,
      folder,
      configure,
      data: data ?? join(folder, "data"),
      env: all,
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
      // One object a line.
      list: async (...args) => {
        const lines = (await place.done(...args, "--json")).split("\n").filter(Boolean);
        return lines.map((line) => JSON.parse(line));
      },
      start: () => startServe(t, { config: { path }, data: place.data, env: place.env, app }),
      // What only PostgreSQL's own client can see; resolves to the rows, each a line.
      sql: async (statement) => {
        const text = `SET search_path = backlot; ${statement}`;
        const args = ["--quiet", "--no-psqlrc", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", "--command"];
        const { code, stdout, stderr } = await run("psql", [...args, text, place.env.BACKLOT_DATABASE_URL]);
        assert.equal(code, 0, stderr);
        return stdout.split("\n").filter(Boolean);
      },
      // Another node on the same database.
      another: () => node(temporaryFolder(t)),
    };
    return place;
  };
  return node(temporaryFolder(t));
}

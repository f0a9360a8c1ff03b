// `backlot serve` with connections and their secrets, and the people of its sites.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { instanceOf, makeApp } from "../../lib/app.mjs";
import { command, startServe } from "../../lib/backlot.mjs";
import { call } from "../../lib/call.mjs";
import { databaseEnvironment } from "../../lib/databases.mjs";
import { temporaryFolder } from "../../lib/folder.mjs";
import { run } from "../../lib/program.mjs";

// Where the world would reach it, and where the app's pages are. Nobody serves either.
export const publicUrl = "https://backend.example.com";
export const pages = "https://app.example.com";

export const around = (text) => `
[server]
public_url = "${publicUrl}"

[cors]
origins = ["${pages}"]
${text}
`;

// A configuration and a data folder. Nothing runs yet.
export async function connectionsPlace(
  t,
  { config = "", secrets = {}, env, app = makeApp(), database = "sqlite" } = {},
) {
  const folder = temporaryFolder(t);
  const path = join(folder, "backlot.toml");
  const configure = (text) => writeFileSync(path, around(text));
  configure(config);
  const place = {
    app,
    folder,
    config: path,
    configure,
    data: join(folder, "data"),
    env: { ...app.environment, ...(await databaseEnvironment(t, database)), ...env },
    // One command, to its end; `options` may hold its standard input, or more of the environment.
    run: (args, options = {}) =>
      command([...args, "--config", path, "--data", place.data], {
        cwd: folder,
        ...options,
        env: { ...place.env, ...options.env },
        patience: 10_000,
      }),
    // The same, and it must go well; resolves to its standard output.
    done: async (args, options) => {
      const { code, stdout, stderr } = await place.run(args, options);
      assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
      return stdout;
    },
    set: (name, value, ...more) => place.done(["secret", "set", name, ...more], { input: value }),
    rotate: (name, value, ...more) => place.done(["secret", "rotate", name, ...more], { input: value }),
    token: async (instanceId) => (await place.done(["token", "--instance", instanceId])).trim(),
    // What only somebody with the database can do, on PostgreSQL; resolves to the rows, each a line.
    sql: async (statement) => {
      const command = ["--command", `SET search_path = backlot; ${statement}`];
      const args = ["--quiet", "--no-psqlrc", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", ...command];
      const { code, stdout, stderr } = await run("psql", [...args, place.env.BACKLOT_DATABASE_URL]);
      assert.equal(code, 0, stderr);
      return stdout.trim();
    },
    start: async (more) => {
      const all = { ...place.env, ...more };
      const server = await startServe(t, { config: { path }, data: place.data, env: all, app });
      return Object.assign(server, { place, site: (id) => siteOf(server, id) });
    },
  };
  for (const [name, value] of Object.entries(secrets)) await place.set(name, value);
  return place;
}

// The usual: all of it, and the server runs.
export async function startConnections(t, options) {
  return (await connectionsPlace(t, options)).start();
}

// One instance of the app: each of its people is a function that makes a request.
function siteOf(server, instanceId = randomUUID()) {
  const person = (role, changes) => sender(server.backend, instanceOf(server.app, { instanceId, role, changes }));
  return {
    backend: server.backend,
    instanceId,
    person,
    owner: person("owner"),
    member: person("member"),
    visitor: person("visitor"),
    // The developer's own server, with the elevated token.
    server: async () => sender(server.backend, await server.place.token(instanceId)),
  };
}

// Makes requests with a credential, the path as it is written.
export function sender(backend, credential) {
  const send = (path, options = {}) => {
    const headers = { ...(credential && { Authorization: credential }), ...options.headers };
    return call(backend, { ...options, path, headers });
  };
  return Object.assign(send, { credential });
}

export const json = (value, method = "POST") => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value),
});

// The routes that are in force, and their OpenAPI document.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { Validator } from "@seriousme/openapi-schema-validator";

import { command, startDev } from "../lib/backlot.mjs";
import { temporaryFolder } from "../lib/folder.mjs";
import { repository } from "../lib/paths.mjs";

const config = `
[[api]]
path = "/api"
upstream = "http://127.0.0.1:9"
methods = ["GET"]
allow = ["owner"]
plans = ["pro"]
body_limit = "1MiB"
rate_limit = { requests = 10, per = "1m" }

[[api]]
path = "/api/open"
upstream = "http://127.0.0.1:9/base"
auth = "none"

[wix]
calls = [{ call = "GET /stores/v1/products/{id}", allow = ["member"] }]

[[connection]]
name = "crm"
base_url = "https://api.example.com"
auth = { bearer = { instance_secret = "crm-key" } }
calls = ["GET /v1/things?limit"]
allow = ["member"]
manage = ["owner"]
`;

async function routes(t, args = []) {
  const cwd = temporaryFolder(t);
  const file = join(cwd, "mine.toml");
  writeFileSync(file, config);
  const outcome = await command(["routes", "--config", file, ...args], { cwd });
  assert.equal(outcome.code, 0, outcome.stderr);
  return outcome.stdout;
}

test("routes prints the policies in force", async (t) => {
  const list = JSON.parse(await routes(t, ["--json"]));
  const find = (path, method = "GET") => list.find((it) => it.path === path && it.methods.includes(method));
  assert.deepEqual(find("/api/**"), {
    listener: "public",
    methods: ["GET", "HEAD"],
    path: "/api/**",
    operation: "callApi",
    authentication: "caller",
    roles: ["owner"],
    plans: ["pro"],
    bodyLimitBytes: 1024 * 1024,
    rateLimits: [{ by: "instance", requests: 10, perMilliseconds: 60_000 }],
    destination: "http://127.0.0.1:9",
    summary: find("/api/**").summary,
  });
  const open = find("/api/open/**");
  assert.deepEqual([open.authentication, open.roles, open.destination], ["none", [], "http://127.0.0.1:9/base"]);
  assert.deepEqual(find("/wix/stores/v1/products/*").roles, ["member"]);
  assert.equal(find("/connections/crm/v1/things").destination, "https://api.example.com");
  assert.deepEqual(find("/connections/crm/key", "PUT").roles, ["owner"]);
  assert.equal(find("/connections/crm/authorize"), undefined, "the connection has no account");
  assert.equal(find("/wix-data/v2/items/query", "POST").operation, "queryDataItems");
  assert.equal(find("/admin/v1/instances").listener, "admin");

  const text = await routes(t);
  assert.match(text, /^public listener\n {2}METHODS /);
  assert.match(text, /\n {2}GET,HEAD +\/api\/\*\* +caller +owner +pro +1 MiB +10\/min by instance\n/);
  assert.match(text, /\nadmin listener\n/);
});

test("a running server has a valid OpenAPI document", async (t) => {
  const { ready } = await startDev(t);
  const reply = await fetch(`${ready.admin}/admin/v1/openapi.json`);
  assert.equal(reply.status, 200);
  const document = await reply.json();
  assert.deepEqual(document, JSON.parse(readFileSync(join(repository, "docs/openapi.json"), "utf8")));
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, "3.1");
});

// The key that opens all secrets: where it may be, and how it is changed; and the places in which a secret may
// stand for a value.

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { instanceOf, makeApp } from "../lib/app.mjs";
import { call } from "../lib/call.mjs";
import { of } from "./lib/accounts.mjs";
import { assertNowhere, bytesIn, newKey, newSecret, bearerConnection } from "./lib/nowhere.mjs";
import { connectionsPlace, json, sender } from "./lib/stage.mjs";
import { startThirdParty } from "./lib/third_party.mjs";

test("the master key", async (t) => {
  const party = await startThirdParty(t);
  const kept = `[secrets]\nmaster_key = `;
  const from = {
    env: (key) => ({ value: '{ env = "MASTER" }', env: { MASTER: key } }),
    file: (key, folder) => {
      writeFileSync(join(folder, "elsewhere.key"), `${key}\n`);
      return { value: '{ file = "elsewhere.key" }', env: {} };
    },
    command: (key, folder) => {
      writeFileSync(join(folder, "printed"), `${key}\n`);
      return { value: '{ command = ["cat", "printed"] }', env: {} };
    },
    nowhere: () => null,
  };

  for (const [name, give] of Object.entries(from)) {
    await t.test(`from ${name}: changed, and the old one is refused`, async () => {
      const secret = newSecret();
      const [old, next] = [newKey(), newKey()];
      const place = await connectionsPlace(t, { config: bearerConnection(party.address) });
      const use = (key) => {
        const given = give(key, place.folder);
        if (!given) return existsSync(place.data) && writeFileSync(join(place.data, "master.key"), `${key}\n`);
        Object.assign(place.env, given.env);
        return place.configure(`${kept}${given.value}\n${bearerConnection(party.address)}`);
      };
      use(old);
      await place.set("key", secret);
      if (name !== "nowhere") assert.ok(!existsSync(join(place.data, "master.key")));
      const before = name === "nowhere" ? readFileSync(join(place.data, "master.key"), "utf8").trim() : old;

      const { program, site } = await place.start();
      const works = async (who) => {
        const reply = await who.owner("/connections/things/things");
        assert.equal(reply.status, 200, reply.text);
        assert.equal(party.seen.at(-1).headers.authorization, `Bearer ${secret}`);
      };
      await works(site());
      const printed = await place.done(["secret", "rekey"], { input: `${next}\n` });
      assert.equal(printed, "", "the key that was given is not shown");
      await works(site());
      await program.stop("SIGINT");

      use(before);
      const refused = await place.run(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
      assert.equal(refused.code, 1, refused.stderr);
      assert.match(refused.stderr, /not the master key that the database's secrets are sealed with/);
      if (name !== "nowhere") assert.match(refused.stderr, /secrets\.master_key \(.*backlot\.toml:\d+\)/);
      assertNowhere([before, next, secret], refused.stderr, "the refusal");
      const set = await place.run(["secret", "set", "another"], { input: "text\n" });
      assert.equal(set.code, 1, "commands need it, too");

      use(next);
      const again = await place.start();
      await works(again.site());
      await again.program.stop("SIGINT");
      assertNowhere([secret, before, next], again.program.stderr + program.stderr, "the log");
    });
  }

  await t.test("a new one that is made here is printed once where it is in no file", async () => {
    const env = { MASTER: newKey() };
    const config = `${kept}{ env = "MASTER" }\n${bearerConnection(party.address)}`;
    const place = await connectionsPlace(t, { config, env, secrets: { key: newSecret() } });
    const printed = await place.done(["secret", "rekey"], { input: "" });
    assert.match(printed, /^[A-Za-z0-9+/]{43}=\n$/);
    const set = (more) => place.run(["secret", "set", "another"], { input: "text\n", ...more });
    assert.equal((await set()).code, 1);
    assert.equal((await set({ env: { MASTER: printed.trim() } })).code, 0);
  });

  const wrong = {
    "not set": ['{ env = "NOT_SET" }', {}, /NOT_SET is not set/],
    "too short": ['{ env = "MASTER" }', { MASTER: "c2hvcnQ=" }, /32 random bytes in base64/],
    "no file": ['{ file = "nowhere.key" }', {}, /nowhere\.key/],
    "a command that fails": ['{ command = ["false"] }', {}, /false/],
    "no such command": ['{ command = ["/nowhere/at-all"] }', {}, /\/nowhere\/at-all/],
    "in the file itself": [`"${newKey()}"`, {}, /master_key/],
  };
  for (const [name, [value, env, words]] of Object.entries(wrong)) {
    await t.test(`refused at the start: ${name}`, async () => {
      const place = await connectionsPlace(t, { config: `${kept}${value}\n${bearerConnection(party.address)}`, env });
      const { code, stderr } = await place.run(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, words);
      assert.match(stderr, /secrets\.master_key/);
    });
  }
  await t.test("a backup of the time before a change opens with the key that is kept", async () => {
    const place = await connectionsPlace(t, { config: bearerConnection(party.address) });
    const secret = newSecret();
    await place.set("key", secret);
    const backup = join(place.folder, "before.backup");
    await place.done(["backup", backup]);
    const changed = await place.run(["secret", "rekey"], { input: "" });
    assert.equal(changed.code, 0, changed.stderr);
    const kept = readdirSync(place.data).filter((name) => /^master\.key\.until-\d{8}T\d{6}Z$/.test(name));
    assert.equal(kept.length, 1);
    assert.match(changed.stderr, new RegExp(kept[0].replaceAll(".", "\\.")));
    assert.equal(statSync(join(place.data, kept[0])).mode & 0o777, 0o600);

    const restored = await place.run(["restore", backup, "--yes"]);
    assert.equal(restored.code, 0, restored.stderr);
    assert.match(restored.stderr, /warning: no server starts with this database as things are/);
    assert.match(restored.stderr, /not the master key[^]*until-/);
    const set = await place.run(["secret", "set", "another"], { input: "text\n" });
    assert.equal(set.code, 1);

    renameSync(join(place.data, kept[0]), join(place.data, "master.key"));
    const again = await place.run(["restore", backup, "--yes"]);
    assert.ok(!again.stderr.includes("warning"), again.stderr);
    const { site } = await place.start();
    assert.equal((await site().owner("/connections/things/things")).status, 200);
    assert.equal(party.seen.at(-1).headers.authorization, `Bearer ${secret}`);
  });
  await t.test("a command that prints without end", async () => {
    const config = `${kept}{ command = ["head", "--bytes", "70000", "/dev/zero"] }\n`;
    const place = await connectionsPlace(t, { config: config + bearerConnection(party.address) });
    const { code, stderr } = await place.run(["secret", "set", "another"], { input: "text\n" });
    assert.equal(code, 1);
    assert.match(stderr, /prints more than 65536 bytes/);
  });
  await t.test("many at once make one key where there is none", async () => {
    const place = await connectionsPlace(t, { config: bearerConnection(party.address) });
    const names = Array.from({ length: 6 }, (_, number) => `key-${number}`);
    await Promise.all(names.map((name) => place.set(name, newSecret())));
    const listed = await place.done(["secret", "list"]);
    for (const name of names) assert.ok(listed.includes(name), listed);
    assert.deepEqual(
      readdirSync(place.data).filter((name) => name.startsWith("master.key")),
      ["master.key"],
    );
  });
  await t.test("lost: nothing is started, and no new one is made in its place", async () => {
    const place = await connectionsPlace(t, { config: bearerConnection(party.address), secrets: { key: newSecret() } });
    rmSync(join(place.data, "master.key"));
    const { code, stderr } = await place.run(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /master\.key/);
    assert.ok(!existsSync(join(place.data, "master.key")));
  });
});

test("{ secret = … } wherever a value stands", async (t) => {
  const app = makeApp();
  const apiKey = `IST.${randomBytes(40).toString("base64url")}`;
  const wix = await startThirdParty(t);
  const party = await startThirdParty(t);
  const config = `
[app]
secret = { secret = "app-secret" }

[wix]
base_url = "${wix.address}"
api_key = { secret = "api-key" }
account_id = "${randomUUID()}"
calls = [{ call = "POST /site-list/v2/sites/query", as = "account", allow = ["app"] }]

[[connection]]
name = "things"
base_url = "${party.address}"
networks = ["127.0.0.1"]
auth = { header = { name = "X-Api-Key", prefix = "Key ", value = { secret = "key" } } }
headers = { "X-Account" = { secret = "account" } }
query = { site = { secret = "site" } }
allow = ["owner"]
calls = ["GET /things?*"]
`;
  const place = await connectionsPlace(t, { app, config });
  delete place.env.WIX_CLIENT_SECRET;
  const serve = () => place.run(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);

  await t.test("before they are set: a refusal that names them", async () => {
    const { code, stderr } = await serve();
    assert.equal(code, 1);
    assert.match(stderr, /app\.secret.*app-secret/);
    assert.match(stderr, /wix\.api_key.*api-key/);
  });
  await t.test("they can be set while the configuration needs them", async () => {
    await place.set("app-secret", app.secret);
    await place.set("api-key", apiKey);
    await place.set("key", "a key of the API's");
    await place.set("account", "account-12");
    await place.set("site", "a b&c=d");
  });
  await t.test("and all are used", async () => {
    const { backend, program } = await place.start({ WIX_CLIENT_SECRET: undefined });
    const instanceId = randomUUID();
    const owner = sender(backend, instanceOf(app, { instanceId }));
    const reply = await owner("/connections/things/things?site=mine&a=1", {
      headers: { "X-Api-Key": "mine", "X-Account": "mine" },
    });
    assert.equal(reply.status, 200, reply.text);
    const [{ url, headers }] = party.seen;
    assert.equal(url, "/things?a=1&site=a%20b%26c%3Dd");
    assert.equal(headers["x-api-key"], "Key a key of the API's");
    assert.equal(headers["x-account"], "account-12");

    const server = sender(backend, await place.token(instanceId));
    const asked = await server("/wix/site-list/v2/sites/query", json({}));
    assert.equal(asked.status, 200, asked.text);
    assert.equal(wix.seen.at(-1).headers.authorization, apiKey);
    await program.stop("SIGINT");
    assertNowhere([app.secret, apiKey], program.stderr, "the log");
    assertNowhere([app.secret, apiKey], bytesIn(place.data), "the data folder");
  });
});

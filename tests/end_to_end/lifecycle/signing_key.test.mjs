// The keys of elevated tokens: changed while a server runs, and worth nothing without the master key. And the files
// that commands write: their owner's, and never through a link.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { command, startDev } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { until } from "../lib/poll.mjs";

test("signing keys", async (t) => {
  const { folder, data, backend, ready, program } = await startDev(t);
  const run = (...args) => command([...args, "--data", data], { cwd: folder });
  const list = async () => JSON.parse((await run("signing-key", "list", "--json")).stdout);
  const published = async () => (await call(`${backend}/.well-known/jwks.json`)).json.keys.map((key) => key.kid);

  await t.test("the first start makes one", async () => {
    const [key, ...others] = await list();
    assert.deepEqual([key.state, key.sealed, key.endsAt, others], ["signing", true, null, []]);
    assert.deepEqual(await published(), [key.id]);
    assert.equal(statSync(join(data, "master.key")).mode & 0o777, 0o600);
  });
  await t.test("a new one is published while the old one signs", async () => {
    const [old] = await list();
    const { code, stdout, stderr } = await run("signing-key", "rotate");
    assert.equal(code, 0, stderr);
    const [next, before] = await list();
    assert.deepEqual([next.id, next.state, before.id, before.state], [stdout.trim(), "next", old.id, "signing"]);
    assert.ok(before.endsAt > next.signsFrom);
    await until("the running server publishes it", async () => (await published()).length === 2, 30_000);
    const again = await run("signing-key", "rotate");
    assert.deepEqual([again.code, again.stdout], [1, ""]);
    assert.match(again.stderr, /published already/);
    const table = await run("signing-key", "list");
    assert.match(table.stdout, new RegExp(`^${next.id}  next .*\n${old.id}  signing .* ends `));
  });
  await t.test("without the master key a copy of the database makes no token", async () => {
    const instance = ready.instances[0].instanceId;
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "simulator.json"), readFileSync(join(data, "simulator.json")));
    for (const name of ["backlot.db", "backlot.db-wal"]) writeFileSync(join(elsewhere, name), readFileSync(join(data, name)));
    const stolen = await command(["token", "--instance", instance, "--data", elsewhere], { cwd: folder });
    assert.deepEqual([stolen.code, stolen.stdout], [1, ""]);
    assert.match(stolen.stderr, /MASTER_KEY_MISSING/);
    writeFileSync(join(elsewhere, "master.key"), `${Buffer.alloc(32, 7).toString("base64")}\n`, { mode: 0o600 });
    const guessed = await command(["token", "--instance", instance, "--data", elsewhere], { cwd: folder });
    assert.deepEqual([guessed.code, guessed.stdout], [1, ""]);
    assert.match(guessed.stderr, /MASTER_KEY_WRONG/);
  });
  await t.test("files are their owner's, and no link is followed", async () => {
    const instance = ready.instances[0].instanceId;
    const Authorization = (await run("sign", "--instance", instance)).stdout.trim();
    assert.equal((await call(`${backend}/whoami`, { headers: { Authorization } })).status, 200);
    await until("the register to know it", async () => (await run("instance", "list")).stdout.includes(instance));
    const writers = {
      export: (file) => run("instance", "export", instance, "--force", "--output", file),
      backup: (file) => run("backup", file, "--force"),
      init: (file) => command(["init", "--force", "--output", file], { cwd: folder }),
    };
    for (const [name, write] of Object.entries(writers)) {
      const [file, target] = [join(folder, `${name}.out`), join(folder, `${name}.target`)];
      writeFileSync(file, "anybody's", { mode: 0o644 });
      const written = await write(file);
      assert.equal(written.code, 0, written.stderr);
      assert.equal(statSync(file).mode & 0o777, 0o600, name);
      rmSync(file);
      symlinkSync(target, file);
      const refused = await write(file);
      assert.notEqual(refused.code, 0, name);
      assert.match(refused.stderr, /symbolic link/, name);
      assert.ok(!existsSync(target), name);
    }
  });
  await program.stop("SIGINT");
});

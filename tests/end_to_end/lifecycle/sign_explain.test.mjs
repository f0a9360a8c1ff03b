// What `sign` prints the server accepts, and `explain` says in words what the server would say.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { instanceOf, makeApp, sign, tamper } from "../lib/app.mjs";
import { command, startDev } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";

test("sign, explain and the server agree", async (t) => {
  const { backend, data, folder, ready } = await startDev(t);
  const [site] = ready.instances;
  const place = ["--data", data];
  const signed = async (...args) => {
    const { code, stdout, stderr } = await command(["sign", "--instance", site.instanceId, ...place, ...args], { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^[\w-]{43}\.[\w-]+\n$/, "one instance and nothing else");
    return stdout.trim();
  };
  const explain = async (value) => {
    const { code, stdout, stderr } = await command(["explain", value, ...place], { cwd: folder });
    assert.equal(code, /Verdict: refused/.test(stdout) ? 1 : 0, stderr);
    assert.ok(!stdout.includes(value), "the credential is not repeated");
    return stdout;
  };
  const whoami = (value) => call(`${backend}/whoami`, { headers: { Authorization: value } });

  for (const role of ["owner", "member", "visitor"]) {
    await t.test(`valid, as ${role}`, async () => {
      const userId = crypto.randomUUID();
      const value = await signed("--role", role, "--user", userId);
      const words = await explain(value);
      assert.match(words, new RegExp(`Verdict: accepted, as ${role} of instance ${site.instanceId} \\(user ${userId}\\)`));
      assert.doesNotMatch(words, /FAILED/);
      const { status, json } = await whoami(value);
      assert.deepEqual([status, json.role, json.userId, json.instanceId], [200, role, userId, site.instanceId]);
    });
  }

  await t.test("a plan is told", async () => {
    const { json } = await whoami(await signed("--plan", "gold"));
    assert.equal(json.plan, "gold");
  });

  const stranger = makeApp();
  const wrong = {
    "expired by its date": ["INSTANCE_EXPIRED", "age", () => signed("--expires-at", "-1h")],
    "expired by its age": ["INSTANCE_EXPIRED", "age", () => signed("--signed-at", "-25h")],
    "from the future": ["INSTANCE_FROM_FUTURE", "age", () => signed("--signed-at", "2h")],
    tampered: ["INSTANCE_SIGNATURE_INVALID", "signature", async () => tamper(await signed())],
    "another app's": ["INSTANCE_SIGNATURE_INVALID", "signature", () => instanceOf(stranger)],
    "this secret, another app id": ["INSTANCE_WRONG_APP", "app", () => instanceOf({ ...ready.app, id: stranger.id })],
    "no GUID as tenant": ["INSTANCE_INVALID", "tenant", () => instanceOf(ready.app, { instanceId: "aaaa" })],
    "not even an instance": ["INSTANCE_INVALID", "payload", () => sign(ready.app.secret, [1])],
  };
  for (const [name, [code, check, make]] of Object.entries(wrong)) {
    await t.test(name, async () => {
      const value = await make();
      const words = await explain(value);
      assert.match(words, new RegExp(`^  FAILED  ${check} `, "m"), words);
      assert.match(words, new RegExp(`Verdict: refused with 401 ${code}\\.`));
      const reply = await whoami(value);
      assert.deepEqual([reply.status, reply.code], [401, code]);
    });
  }

  await t.test("an unknown folder is refused", async () => {
    const args = ["sign", "--instance", site.instanceId, "--data", join(folder, "nowhere")];
    const { code, stdout, stderr } = await command(args, { cwd: folder });
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /backlot dev/);
  });
});

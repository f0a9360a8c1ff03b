// The acceptance harness: what Wix's own client asks of Wix's own server, asked of this one. It runs in
// a process of its own, once for each database and each family of paths.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";

import { startData } from "../lib/data_stage.mjs";
import { databases } from "../lib/databases.mjs";
import { suite } from "../lib/paths.mjs";
import { run } from "../lib/program.mjs";

const harness = join(suite, "wix_data/harness/run.mjs");

for (const database of databases) {
  test(`the acceptance harness, on ${database}`, async (t) => {
    const { backend, place } = await startData(t, { database });
    const [siteA, siteB] = [randomUUID(), randomUUID()];
    const token = async (site) => (await place.done("token", "--instance", site)).trim();
    const signed = async (role) =>
      (await place.done("sign", "--instance", siteA, "--role", role, "--user", randomUUID())).trim();
    const env = {
      BASE_URL: backend,
      AUTHORIZATION: await token(siteA),
      AUTHORIZATION_B: await token(siteB),
      AUTHORIZATION_VISITOR: await signed("visitor"),
      AUTHORIZATION_MEMBER_1: await signed("member"),
      AUTHORIZATION_MEMBER_2: await signed("member"),
    };

    for (const paths of ["built-in", "custom"]) {
      await t.test(`by the paths of a ${paths} host`, async () => {
        const options = { cwd: suite, env: { ...env, PATHS: paths }, patience: 50_000 };
        const { code, stdout, stderr } = await run(process.execPath, [harness, "public"], options);
        const bad = stdout.split("\n").filter((line) => /^(FAIL|skip) /.test(line));
        assert.deepEqual(bad, [], stderr);
        assert.match(stdout, /\n\d{2,} passed, 0 failed\n$/);
        assert.equal(code, 0);
      });
    }
  });
}

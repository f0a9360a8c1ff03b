// `backlot explain` of an access token: what it says of itself, and Wix's verdict, as the server would
// give it. The token is never repeated.

import assert from "node:assert/strict";
import { test } from "node:test";

import { makeApp } from "../lib/app.mjs";
import { command } from "../lib/backlot.mjs";
import { fakeToken } from "../lib/fake_token.mjs";
import { temporaryFolder } from "../lib/folder.mjs";
import { roles, startWix } from "../lib/wix_stage.mjs";

const NOBODY = "http://127.0.0.1:1";

test("explain of an access token", async (t) => {
  const { app, data, folder, ready, send, site, wix } = await startWix(t);
  const explain = async (token, base = ready.simulator) => {
    const env = base ? { BACKLOT_WIX_BASE_URL: base } : {};
    const { code, stdout, stderr } = await command(["explain", token, "--data", data], { cwd: folder, env });
    assert.equal(code, /Verdict: refused/.test(stdout) ? 1 : 0, stderr);
    assert.match(stdout, /^This is a Wix access token/);
    for (const part of token.split(".").slice(2)) assert.ok(part.length < 30 || !stdout.includes(part), "never repeated");
    return stdout;
  };

  for (const role of roles) {
    await t.test(role, async () => {
      const userId = role === "app" ? undefined : crypto.randomUUID();
      const words = await explain(await wix.token(site, role, userId));
      const user = userId ? ` (user ${userId})` : "";
      assert.ok(words.includes(`Verdict: accepted, as ${role} of instance ${site.instanceId}${user}.`), words);
      assert.match(words, new RegExp(`^  instanceId +${site.instanceId}$`, "m"));
      assert.match(words, /^ {2}expires at +\d{4}-\d\d-\d\dT[\d:.]+Z$/m);
    });
  }

  await t.test("Wix is not reached", async () => {
    const words = await explain(await wix.token(site), NOBODY);
    assert.match(words, /Verdict: refused with 503 WIX_UNAVAILABLE/);
    assert.match(words, new RegExp(`^  instanceId +${site.instanceId}$`, "m"), "it still says what is in it");
  });

  await t.test("nobody says where the simulator is: its tokens are judged without it", async () => {
    const words = await explain(await wix.token(site, "member"), null);
    assert.match(words, /made by the simulator of this data folder/);
    assert.match(words, /Verdict: accepted, as member/);
    const forged = await explain(fakeToken(app, site), null);
    assert.match(forged, /Verdict: refused with 401 ACCESS_TOKEN_INACTIVE/);
  });

  const wrong = {
    dead: ["ACCESS_TOKEN_INACTIVE", async () => {
      const accessToken = await wix.token(site);
      await wix.revoke({ accessToken });
      return accessToken;
    }],
    forged: ["ACCESS_TOKEN_INACTIVE", () => fakeToken(app, site)],
    expired: ["ACCESS_TOKEN_EXPIRED", () => fakeToken(app, site, { age: 5 * 3600 })],
    "another app's": ["ACCESS_TOKEN_WRONG_APP", () => fakeToken(makeApp(), site)],
  };
  for (const [name, [code, make]] of Object.entries(wrong)) {
    await t.test(name, async () => {
      const token = await make();
      const words = await explain(token);
      assert.match(words, new RegExp(`Verdict: refused with 401 ${code}\\.`));
      const reply = await send("/whoami", token);
      assert.deepEqual([reply.status, reply.code], [401, code], "the server says the same");
    });
  }

  await t.test("Wix's words do not reach the terminal", async () => {
    const instance = { instanceId: "\u001b[31mred", appDefId: app.id };
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const words = await explain(`OauthNG.JWS.${part({})}.${part({ data: JSON.stringify({ instance }) })}.${"s".repeat(43)}`);
    assert.ok(!words.includes("\u001b"));
  });

  await t.test("without an app there is no verdict", async () => {
    const { code, stdout } = await command(["explain", await wix.token(site)], { cwd: temporaryFolder(t) });
    assert.equal(code, 0);
    assert.match(stdout, /No verdict/);
    assert.match(stdout, new RegExp(site.instanceId));
  });
});

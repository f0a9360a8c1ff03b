// The app's own tokens at Wix: one for each instance, replaced when it dies, and the refusal where Wix
// gives none.

import assert from "node:assert/strict";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { call } from "../lib/call.mjs";
import { until } from "../lib/poll.mjs";
import { startWix } from "../lib/wix_stage.mjs";

const config = `
[wix]
allow = ["owner"]
calls = ["GET /apps/v1/instance", "POST /things"]
`;

test("the app's tokens", async (t) => {
  const { admin, app, otherSite, program, send, site, wix } = await startWix(t, { config });
  const [signed, signedThere] = [site, otherSite].map(({ instanceId }) => instanceOf(app, { instanceId }));
  const ask = (instance = signed) => send("/wix/apps/v1/instance", instance);
  const granted = async () => (await wix.calls("/oauth2/token")).calls.filter((it) => it.path === "/oauth2/token").length;

  await t.test("one for each instance, however many calls", async () => {
    await wix.misbehave({ slowMs: 300, paths: ["/oauth2/token"] });
    const calls = Array.from({ length: 20 }, (_, number) => send(`/wix/apps/v1/instance?n=${number}`, signed));
    for (const { status } of await Promise.all([...calls, ask(signedThere)])) assert.equal(status, 200);
    await wix.behave();
    assert.equal((await ask()).status, 200);
    assert.equal(await granted(), 2);
  });

  await t.test("one that is revoked is replaced, and the page notices nothing", async () => {
    await wix.forgetCalls();
    await wix.revoke({ instanceId: site.instanceId });
    const reply = await ask();
    assert.deepEqual([reply.status, reply.json.instance.instanceId], [200, site.instanceId]);
    const { calls } = await wix.calls("/apps/");
    assert.deepEqual(calls.map((it) => it.status), [401, 200]);
    assert.equal(await granted(), 1);
  });

  await t.test("so it is for a write, which is made once", async () => {
    await wix.forgetCalls();
    await wix.revoke({ instanceId: site.instanceId });
    const reply = await send("/wix/things", signed, { method: "POST", body: '{"a":1}' });
    assert.equal(reply.status, 200);
    const { calls } = await wix.calls("/things");
    assert.deepEqual(calls.map((it) => [it.status, it.body]), [[401, '{"a":1}'], [200, '{"a":1}']]);
  });

  await t.test("uninstalled: 403, for that instance only, and Wix is left alone", async () => {
    await wix.misbehave({ uninstalled: [site.instanceId] });
    const reply = await ask();
    assert.deepEqual([reply.status, reply.code], [403, "WIX_TOKEN_REFUSED"]);
    assert.equal(reply.headers["x-wix-request-id"], undefined);
    await wix.forgetCalls();
    for (let number = 0; number < 5; number += 1) assert.equal((await ask()).code, "WIX_TOKEN_REFUSED");
    assert.equal((await wix.calls("/")).total, 0);
    assert.equal((await ask(signedThere)).status, 200);
    const mark = await until("the mark", async () => {
      const { json } = await call(`${admin}/admin/v1/instances/${site.instanceId}`);
      return JSON.stringify(json).includes("400") && json;
    });
    assert.match(JSON.stringify(mark), /invalid_grant/);
    await wix.behave();
  });

  await t.test("a wrong secret: 403 too, and the log says whose fault it is", async () => {
    await wix.misbehave({ secretExpired: true });
    await wix.revoke({ instanceId: otherSite.instanceId });
    const reply = await ask(signedThere);
    assert.deepEqual([reply.status, reply.code], [403, "WIX_TOKEN_REFUSED"]);
    await until("the log line", () => /refused app\.secret/.test(program.stderr));
    assert.ok(!program.stderr.includes(app.secret));
  });
});

test("a token that Wix cannot give", async (t) => {
  const { app, send, site, wix } = await startWix(t, { config: `${config}token_timeout = "1s"\n` });
  const signed = instanceOf(app, site);
  await wix.misbehave({ failNext: 1000, failStatus: 503, paths: ["/oauth2/token"] });
  const reply = await send("/wix/apps/v1/instance", signed, { headers: { Origin: "http://localhost:1" } });
  assert.deepEqual([reply.status, reply.code], [503, "WIX_UNAVAILABLE"]);
  assert.ok(Number(reply.headers["retry-after"]) >= 1);
  assert.equal(reply.headers["access-control-allow-origin"], "http://localhost:1");
  await wix.behave();
  await until("the recovery", async () => (await send("/wix/apps/v1/instance", signed)).status === 200);
});

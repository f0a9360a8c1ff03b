// Express learns who calls, from headers that no outsider can set.

import assert from "node:assert/strict";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { call } from "../lib/call.mjs";
import { startExpress } from "../lib/express_stage.mjs";

test("Express knows the caller, whatever the caller pretends", async (t) => {
  const { app, backend, relay, site, otherSite } = await startExpress(t);
  const hello = `${backend}/api/hello`;

  for (const role of ["owner", "member", "visitor"]) {
    await t.test(`a ${role}`, async () => {
      const userId = crypto.randomUUID();
      const instance = instanceOf(app, { instanceId: site.instanceId, role, userId });
      for (const credential of [instance, `Bearer ${instance}`]) {
        const reply = await call(hello, { headers: { Authorization: credential } });
        assert.equal(reply.status, 200, reply.text);
        assert.deepEqual(reply.json.caller, { instanceId: site.instanceId, role, userId });
        assert.equal(reply.json.requestId, reply.headers["x-request-id"]);
      }
    });
  }

  await t.test("forged headers are removed, in every spelling", async () => {
    relay.sent = "";
    const userId = crypto.randomUUID();
    const instance = instanceOf(app, { instanceId: site.instanceId, role: "visitor", userId });
    const reply = await call(hello, {
      headers: {
        Authorization: instance,
        "x-backlot-instance-id": otherSite.instanceId,
        "X-Backlot-Role": "owner",
        "x-backlot-user-id": otherSite.ownerId,
        "x-backlot-elevated-token": "forged.forged.forged",
        "x-backlot-anything-new": "forged",
        x_backlot_role: "forged",
        "x-backlot_role": "forged",
        "x-request-id": "forged id",
        "x-forwarded-for": "203.0.113.9",
        "x-of-my-own": "kept",
      },
    });
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(reply.json.caller, { instanceId: site.instanceId, role: "visitor", userId });
    assert.doesNotMatch(relay.sent, /forged|203\.0\.113\.9/);
    assert.ok(!relay.sent.includes(otherSite.instanceId) && !relay.sent.includes(otherSite.ownerId));
    assert.match(relay.sent, /^x-of-my-own: kept\r$/m, "what is not Backlot's passes");
    assert.match(relay.sent, /^x-forwarded-for: 127\.0\.0\.1\r$/m);
    assert.ok(!relay.sent.includes(instance), "the credential stays with Backlot");
  });

  await t.test("without a credential nothing gets through", async () => {
    relay.sent = "";
    const reply = await call(hello, { headers: { "x-backlot-role": "owner", "x-backlot-instance-id": site.instanceId } });
    assert.equal(reply.status, 401);
    assert.equal(reply.code, "CREDENTIAL_MISSING");
    assert.equal(relay.sent, "");
  });
});

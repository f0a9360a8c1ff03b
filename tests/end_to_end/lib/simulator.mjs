// The simulator's own API: what Wix would hand out, how it misbehaves, and what it was asked.

import assert from "node:assert/strict";

import { call, postJson } from "./call.mjs";

export function simulatorOf({ simulator }) {
  const own = `${simulator}/simulator/v1`;
  const answered = async (reply) => {
    const { status, json, text } = await reply;
    assert.equal(status, 200, text);
    return json;
  };
  const put = (path, value) => {
    const headers = { "Content-Type": "application/json" };
    return answered(call(`${own}${path}`, { method: "PUT", headers, body: JSON.stringify(value) }));
  };

  return {
    address: simulator,
    world: () => answered(call(`${own}/world`)),
    change: ({ instanceId }, changes) => put(`/sites/${instanceId}`, changes),
    issue: (path, wanted) => answered(postJson(`${own}/${path}`, wanted)),
    // An access token as a page of the site sends it.
    token: async ({ instanceId }, role = "owner", userId) =>
      (await answered(postJson(`${own}/access-tokens`, { instanceId, role, userId }))).accessToken,
    revoke: (what) => answered(postJson(`${own}/revocations`, what)),
    misbehave: (faults) => put("/faults", faults),
    behave: () => answered(call(`${own}/faults`, { method: "DELETE" })),
    // {total, calls}, newest last.
    calls: (path = "/") => answered(call(`${own}/calls?path=${encodeURIComponent(path)}`)),
    // {to, publicKey, keyId, total, webhooks}, newest last.
    webhooks: () => answered(call(`${own}/webhooks?last=1000`)),
    sendWebhooks: (wanted) => answered(postJson(`${own}/webhooks`, wanted)),
    forgetCalls: () => answered(call(`${own}/calls`, { method: "DELETE" })),
  };
}

// Webhooks of third parties: their own libraries make the signatures, and the events arrive at the app's server.

import assert from "node:assert/strict";
import { createHash, createHmac, randomUUID } from "node:crypto";

import { sign } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";

import { startAccounts } from "../connections/lib/accounts.mjs";
import { connect } from "../connections/lib/provider.mjs";
import { publicUrl, startConnections } from "../connections/lib/stage.mjs";
import { call } from "../lib/call.mjs";
import { testOnEach } from "../lib/databases.mjs";
import { until } from "../lib/poll.mjs";
import { startReceiver } from "./lib/receiver.mjs";

const stripe = new Stripe("sk_test_x");
const post = (backend, path, body, headers = {}) =>
  call(backend, { method: "POST", path, body, headers: { "Content-Type": "application/json", ...headers } });

const source = (name, lines) => `
[[webhook_source]]
name = "${name}"
${lines}
`;

async function start(t, database, sources) {
  const receiver = await startReceiver(t);
  const config = `${receiver.subscription}${sources}`;
  return { receiver, ...(await startConnections(t, { config, database })) };
}

testOnEach("Stripe, with the signatures of npm's stripe", async (t, database) => {
  const lines = 'preset = "stripe"\nsecret = [{ inline = "whsec_new" }, { inline = "whsec_old" }]';
  const instance = 'instance = { field = "/data/object/metadata/instanceId" }';
  const { receiver, backend, admin, site } = await start(t, database, source("stripe", `${lines}\n${instance}`));
  const one = site();
  await one.owner("/whoami");
  // Its first request is written behind.
  await until("the instance", async () => (await call(`${admin}/admin/v1/instances/${one.instanceId}`)).status === 200);
  const event = (id, instanceId = one.instanceId) =>
    JSON.stringify({
      id,
      object: "event",
      type: "invoice.paid",
      created: 1700000000,
      data: { object: { id: "in_1", metadata: { instanceId } } },
    });
  const send = (payload, secret, timestamp) => {
    const header = stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
    return post(backend, "/webhooks/stripe", payload, { "Stripe-Signature": header });
  };
  for (const [id, secret] of [
    ["evt_1", "whsec_new"],
    ["evt_2", "whsec_old"],
    ["evt_1", "whsec_old"],
  ]) {
    const { status, text } = await send(event(id), secret);
    assert.equal(status, 200, text);
  }
  assert.equal((await send(event("evt_3", randomUUID()), "whsec_new")).status, 200);
  const first = await receiver.delivered("evt_1");
  assert.equal(first.type, "stripe/invoice.paid");
  assert.equal(first.source, "stripe");
  assert.equal(first.instanceId, one.instanceId);
  assert.equal(first.entityId, "in_1");
  assert.deepEqual(first.data, JSON.parse(event("evt_1")));
  assert.equal(new Date(first.occurredAt).getTime(), 1700000000_000);
  const unknown = await receiver.delivered("evt_3");
  assert.notEqual(unknown.instanceId, one.instanceId);
  await receiver.all(3);

  const now = Math.floor(Date.now() / 1000);
  assert.equal((await send(event("evt_4"), "whsec_other")).status, 401);
  assert.equal((await send(event("evt_4"), "whsec_new", now - 310)).status, 401);
  const header = stripe.webhooks.generateTestHeaderString({ payload: event("evt_4"), secret: "whsec_new" });
  const changed = await post(backend, "/webhooks/stripe", event("evt_5"), { "Stripe-Signature": header });
  assert.equal(changed.code, "WEBHOOK_SOURCE_SIGNATURE_INVALID");
});

testOnEach("GitHub, with the signatures of @octokit/webhooks-methods", async (t, database) => {
  const lines = 'preset = "github"\nsecret = { inline = "It\'s a Secret to Everybody" }';
  const { receiver, backend } = await start(t, database, source("github", lines));
  const payload = JSON.stringify({ action: "opened", issue: { node_id: "I_1" } });
  const headers = async (secret) => ({
    "X-Hub-Signature-256": await sign(secret, payload),
    "X-GitHub-Event": "issues",
    "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
  });
  const good = await headers("It's a Secret to Everybody");
  for (let repeats = 0; repeats < 3; repeats++) {
    assert.equal((await post(backend, "/webhooks/github", payload, good)).status, 200);
  }
  const form = `payload=${encodeURIComponent(payload)}`;
  const asForm = {
    ...good,
    "Content-Type": "application/x-www-form-urlencoded",
    "X-Hub-Signature-256": await sign("It's a Secret to Everybody", form),
    "X-GitHub-Delivery": "second",
  };
  assert.equal((await post(backend, "/webhooks/github", form, asForm)).status, 200);
  const event = await receiver.delivered("72d3162e-cc78-11e3-81ab-4c9367dc0958");
  assert.equal(event.type, "github/issues.opened");
  assert.equal(event.entityId, "I_1");
  assert.deepEqual((await receiver.delivered("second")).data, event.data);
  await receiver.all(2);
  assert.equal((await post(backend, "/webhooks/github", payload, await headers("other"))).status, 401);
});

testOnEach("Standard Webhooks, with the signatures of npm's standardwebhooks", async (t, database) => {
  const secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
  const lines = `preset = "standard-webhooks"\nsecret = { inline = "${secret}" }`;
  const { receiver, backend } = await start(t, database, source("clerk", lines));
  const payload = JSON.stringify({ type: "user.created", timestamp: "2026-11-01T00:00:00Z", data: { id: "u1" } });
  const send = (id, date, key = secret) => {
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(date.getTime() / 1000)),
      "webhook-signature": new Webhook(key).sign(id, date, payload),
    };
    return post(backend, "/webhooks/clerk", payload, headers);
  };
  assert.equal((await send("msg_1", new Date())).status, 200);
  const event = await receiver.delivered("msg_1");
  assert.equal(event.type, "clerk/user.created");
  assert.equal(event.entityId, "u1");
  assert.equal((await send("msg_2", new Date(Date.now() - 310_000))).status, 401);
  assert.equal((await send("msg_2", new Date(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).status, 401);
});

testOnEach("HubSpot's arrays become single events, signed over the public address", async (t, database) => {
  const { receiver, backend } = await start(t, database, source("hubspot", 'preset = "hubspot"\nsecret = { inline = "client" }'));
  const events = [1, 2, 3].map((objectId) => ({
    eventId: 100,
    subscriptionId: 7,
    portalId: 62515,
    objectId,
    occurredAt: 1700000000000,
    subscriptionType: "contact.creation",
    attemptNumber: 0,
  }));
  const send = (body, url = `${publicUrl}/webhooks/hubspot?a=b:c`) => {
    const time = String(Date.now());
    const signature = createHmac("sha256", "client").update(`POST${url}${body}${time}`).digest("base64");
    const headers = { "X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": time };
    return post(backend, "/webhooks/hubspot?a=b%3Ac", body, headers);
  };
  assert.equal((await send(JSON.stringify(events))).status, 200);
  const again = events.map((event) => ({ ...event, attemptNumber: 1 }));
  assert.equal((await send(JSON.stringify(again))).status, 200);
  const all = await receiver.all(3);
  assert.deepEqual(all.map((event) => event.entityId).sort(), ["1", "2", "3"]);
  assert.equal((await send("[]", "https://other.example.com/webhooks/hubspot?a=b:c")).status, 401);
});

testOnEach("addresses of instances: Mailchimp's handshake and its forms", async (t, database) => {
  const { receiver, backend, site } = await start(t, database, source("list", 'preset = "mailchimp"\ninstance = "address"'));
  const one = site();
  await one.owner("/whoami");
  const app = await one.server();
  assert.equal((await one.owner("/webhooks/list/addresses", { method: "POST" })).status, 403);
  const made = (await app("/webhooks/list/addresses", { method: "POST" })).json;
  assert.equal(made.url, `${publicUrl}/webhooks/list/${made.key}`);
  const path = `/webhooks/list/${made.key}`;
  assert.equal((await call(backend, { path })).status, 200);
  const form = "type=subscribe&fired_at=2026-11-01+21%3A35%3A57&data%5Bid%5D=8a&data%5Bmerges%5D%5BEMAIL%5D=a%40b.c";
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  for (let repeats = 0; repeats < 2; repeats++) assert.equal((await post(backend, path, form, headers)).status, 200);
  const [event] = await receiver.all(1);
  assert.equal(event.type, "list/subscribe");
  assert.equal(event.instanceId, one.instanceId);
  assert.deepEqual(event.data.data, { id: "8a", merges: { EMAIL: "a@b.c" } });
  assert.equal((await app(`/webhooks/list/addresses/${made.id}`, { method: "DELETE" })).json.deleted, 1);
  assert.equal((await post(backend, path, form, headers)).status, 404);
});

testOnEach("Slack's challenge and Twilio's TwiML", async (t, database) => {
  const sources =
    source("slack", 'preset = "slack"\nsecret = { inline = "signing" }') +
    source("twilio", 'preset = "twilio"\nsecret = { inline = "token" }');
  const { receiver, backend } = await start(t, database, sources);
  const challenge = JSON.stringify({ type: "url_verification", challenge: "3eZbrw1aB" });
  const time = String(Math.floor(Date.now() / 1000));
  const signature = `v0=${createHmac("sha256", "signing").update(`v0:${time}:${challenge}`).digest("hex")}`;
  const slack = { "X-Slack-Request-Timestamp": time, "X-Slack-Signature": signature };
  const echoed = await post(backend, "/webhooks/slack", challenge, slack);
  assert.deepEqual([echoed.status, echoed.text], [200, "3eZbrw1aB"]);
  assert.equal((await post(backend, "/webhooks/slack", challenge)).status, 401);

  const url = `${publicUrl}/webhooks/twilio`;
  const signed = (text) => createHmac("sha1", "token").update(text).digest("base64");
  const form = { "Content-Type": "application/x-www-form-urlencoded", "I-Twilio-Idempotency-Token": "t1" };
  const body = "MessageStatus=delivered&MessageSid=SM1";
  const fields = "MessageSidSM1MessageStatusdelivered";
  const reply = await post(backend, "/webhooks/twilio", body, { ...form, "X-Twilio-Signature": signed(url + fields) });
  assert.equal(reply.status, 200);
  assert.match(reply.text, /<Response\/>$/);
  assert.match(reply.headers["content-type"], /^text\/xml/);
  const event = await receiver.delivered("t1");
  assert.equal(event.type, "twilio/message.delivered");
  const json = JSON.stringify([{ id: "ce1", type: "com.twilio.messaging.message.sent", data: {} }]);
  const query = `?bodySHA256=${createHash("sha256").update(json).digest("hex")}`;
  const headers = { "X-Twilio-Signature": signed(url + query) };
  assert.equal((await post(backend, `/webhooks/twilio${query}`, json, headers)).status, 200);
  assert.equal((await receiver.delivered("ce1")).type, "twilio/com.twilio.messaging.message.sent");
});

testOnEach("templates: a signature with a time, and a shared secret", async (t, database) => {
  const sources =
    source(
      "calendly",
      `secret = { inline = "key" }
type = "/event"
id = "header:X-Event-Id"
hmac = { over = "{timestamp}.{body}", headers = { "X-Signature" = "t={timestamp},v1={signature}" }, tolerance = "3m" }`,
    ) + source("automations", 'secret = { inline = "open" }\nid = "/run"\nshared_secret = { header = "X-Secret" }');
  const { receiver, backend } = await start(t, database, sources);
  const body = JSON.stringify({ event: "invitee.created" });
  const signed = (seconds) => {
    const tag = createHmac("sha256", "key").update(`${seconds}.${body}`).digest("hex");
    return { "X-Signature": `t=${seconds},v1=${tag}`, "X-Event-Id": "e1" };
  };
  const now = Math.floor(Date.now() / 1000);
  assert.equal((await post(backend, "/webhooks/calendly", body, signed(now))).status, 200);
  assert.equal((await receiver.delivered("e1")).type, "calendly/invitee.created");
  assert.equal((await post(backend, "/webhooks/calendly", body, signed(now - 190))).status, 401);
  const automation = JSON.stringify({ run: "r1" });
  assert.equal((await post(backend, "/webhooks/automations", automation, { "X-Secret": "open" })).status, 200);
  assert.equal((await receiver.delivered("r1")).type, "automations/event");
  assert.equal((await post(backend, "/webhooks/automations", automation, { "X-Secret": "opem" })).status, 401);
});

testOnEach("an event of an account is for each instance that has connected it", async (t, database) => {
  const receiver = await startReceiver(t);
  const config = `
account_id = "/whose"
account_url = "PROVIDER/api/me"
${receiver.subscription}
${source("crm", 'secret = { inline = "open" }\nid = "/id"\nshared_secret = { header = "X-Secret" }')}
instance = { connection = "google", account = "/portalId" }
`;
  const { backend, site, anybody, provider } = await startAccounts(t, { config, database });
  const [one, two, three] = [site(), site(), site()];
  await connect(one, anybody, provider, { whose: "62515" });
  await connect(two, anybody, provider, { whose: "62515" });
  await connect(three, anybody, provider, { whose: "7" });
  const send = async (id, portalId) => {
    const reply = await post(backend, "/webhooks/crm", JSON.stringify({ id, portalId }), { "X-Secret": "open" });
    assert.equal(reply.status, 200, reply.text);
  };
  await send("e1", 62515);
  await send("e2", "7");
  await send("e3", "unknown");
  const all = await receiver.all(4);
  const whose = (id) => all.filter((event) => event.id === id).map((event) => event.instanceId);
  assert.deepEqual(whose("e1").sort(), [one.instanceId, two.instanceId].sort());
  assert.deepEqual(whose("e2"), [three.instanceId]);
  assert.deepEqual(whose("e3"), [null]);
  await one.owner("/connections/google/disconnect", { method: "POST" });
  await send("e4", 62515);
  await receiver.all(5);
  assert.deepEqual(receiver.events.filter((event) => event.id === "e4").map((event) => event.instanceId), [two.instanceId]);
});

// The recipes of examples/connections, each against a stand-in that checks what it is sent.

import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";

import { deferred, until, within } from "../lib/poll.mjs";
import { client, startProvider } from "./lib/provider.mjs";
import { recipe, recipeFile } from "./lib/recipes.mjs";
import { connectionsPlace, json, publicUrl, sender, startConnections } from "./lib/stage.mjs";
import { answerJson, sent, startThirdParty } from "./lib/third_party.mjs";

test("each as it is, all together", async (t) => {
  const names = ["stripe", "openai", "sendgrid", "google"];
  const place = await connectionsPlace(t, { config: names.map(recipeFile).join("\n") });
  const check = await place.run(["check"]);
  assert.equal(check.code, 1, "their secrets are missing");
  for (const line of check.stderr.split("\n").filter((it) => it.startsWith("error:")))
    assert.match(line, /: the secret \S+ has not been set$/);
  const { backend, site } = await place.start();
  for (const name of names)
    assert.equal((await sender(backend)(`/connections/${name}/nothing`)).code, "CONNECTION_CALL_NOT_ALLOWED");
  const begun = await site().owner("/connections/google/authorize", { method: "POST" });
  assert.equal(begun.code, "SECRET_MISSING");
});

test("stripe", async (t) => {
  const key = "sk_test_51Nq0xAbCdEfGhIjKlMnOpQr";
  let troubles = 0;
  const stripe = await startThirdParty(t, (request, response) => {
    const expected = `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
    if (request.headers.authorization !== expected) return answerJson(response, { error: "no key" }, 401);
    if (troubles > 0) {
      troubles -= 1;
      return answerJson(response, { error: { type: "api_error" } }, 500);
    }
    const headers = { "Request-Id": "req_1", "Stripe-Version": "2026-10-28.clover", "X-Stripe-Internal": "no" };
    return answerJson(response, { id: "cus_1", object: "customer" }, 200, headers);
  });
  const { site } = await startConnections(t, {
    config: recipe("stripe", stripe.address),
    secrets: { "stripe-key": key },
  });
  const { owner, visitor, server } = site();
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const last = () => stripe.seen.at(-1);

  await t.test("a form, with a key that Stripe knows a repeated write by", async () => {
    const body = "email=ann%40example.com&metadata[plan]=pro&name=%C3%84nn";
    const reply = await owner("/connections/stripe/v1/customers", { method: "POST", headers: form, body });
    assert.deepEqual([reply.status, reply.json.id], [200, "cus_1"], reply.text);
    const { method, url, body: came } = last();
    assert.deepEqual([method, url, came], ["POST", "/v1/customers", body]);
    const { "idempotency-key": idempotency, authorization, ...others } = sent(last());
    assert.match(idempotency, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    assert.deepEqual(others, {
      "accept-encoding": "identity",
      "content-length": String(body.length),
      "content-type": "application/x-www-form-urlencoded",
      "stripe-version": "2026-10-28.clover",
      "user-agent": "Backlot/0.1.0",
    });
    assert.equal(last().headers.host, new URL(stripe.address).host);
    assert.equal(reply.headers["request-id"], "req_1");
    assert.equal(reply.headers["stripe-version"], "2026-10-28.clover");
    assert.equal(reply.headers["x-stripe-internal"], undefined);
  });
  await t.test("the page's own key and version: one goes along, the other does not", async () => {
    const headers = {
      ...form,
      "Idempotency-Key": "order-17",
      "Stripe-Version": "2019-01-01",
      Authorization: owner.credential,
    };
    await owner("/connections/stripe/v1/customers", { method: "POST", headers, body: "a=b" });
    const key = last().headers["idempotency-key"];
    assert.match(key, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    await owner("/connections/stripe/v1/customers", { method: "POST", headers, body: "a=b" });
    assert.equal(last().headers["idempotency-key"], key);
    const other = { ...headers, Authorization: site().owner.credential };
    await site().owner("/connections/stripe/v1/customers", { method: "POST", headers: other, body: "a=b" });
    assert.notEqual(last().headers["idempotency-key"], key);
    assert.equal(last().headers["stripe-version"], "2026-10-28.clover");
  });
  await t.test("a write that failed is sent again, as the same", async () => {
    troubles = 1;
    const before = stripe.seen.length;
    const reply = await owner("/connections/stripe/v1/customers", { method: "POST", headers: form, body: "a=b" });
    assert.equal(reply.status, 200);
    const [first, second, ...others] = stripe.seen.slice(before);
    assert.equal(others.length, 0);
    assert.ok(first.headers["idempotency-key"]);
    assert.equal(first.headers["idempotency-key"], second.headers["idempotency-key"]);
    assert.equal(second.body, "a=b");
  });
  await t.test("who may do what", async () => {
    const elevated = await server();
    const rules = [
      [owner, "GET", "/v1/customers?limit=3&email=a%40b.c", 200],
      [owner, "GET", "/v1/customers/cus_1", 200],
      [owner, "GET", "/v1/prices?active=true", 200],
      [owner, "GET", "/v1/prices?active=perhaps", 403],
      [owner, "GET", "/v1/customers?expand[]=data.sources", 403],
      [visitor, "GET", "/v1/customers", 403],
      [visitor, "POST", "/v1/checkout/sessions", 403],
      [owner, "POST", "/v1/checkout/sessions", 403],
      [elevated, "POST", "/v1/checkout/sessions", 200],
      [owner, "POST", "/v1/refunds", 403],
      [elevated, "POST", "/v1/refunds", 200],
      [elevated, "GET", "/v1/customers", 403],
      [owner, "DELETE", "/v1/customers/cus_1", 403],
      [owner, "GET", "/v1/balance", 403],
    ];
    for (const [who, method, path, status] of rules) {
      const before = stripe.seen.length;
      const reply = await who(`/connections/stripe${path}`, {
        method,
        ...(method === "POST" && { headers: form, body: "a=b" }),
      });
      assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
      const urls = stripe.seen.slice(before).map(({ url }) => url);
      assert.deepEqual(urls, status === 200 ? [path] : []);
    }
  });
});

test("openai", async (t) => {
  const key = "sk-proj-0123456789abcdefghijABCDEFGHIJ";
  const streams = [];
  const openai = await startThirdParty(t, (request, response) => {
    if (request.headers.authorization !== `Bearer ${key}`) return answerJson(response, { error: "no key" }, 401);
    const headers = {
      "x-request-id": "req-of-openai",
      "x-ratelimit-remaining-requests": "59",
      "openai-organization": "org-1",
    };
    if (request.method === "POST" && JSON.parse(request.text).stream) {
      const gone = deferred();
      response.on("close", gone.resolve);
      response.writeHead(200, {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-cache",
        ...headers,
      });
      response.flushHeaders();
      streams.push({ response, gone: gone.promise });
      return undefined;
    }
    return answerJson(response, { object: "list", data: [] }, 200, headers);
  });
  const { site, backend } = await startConnections(t, {
    config: recipe("openai", openai.address),
    secrets: { "openai-key": key },
  });
  const { owner, member, visitor } = site();
  const piece = (text) => `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`;

  // A page that reads what comes, piece by piece.
  const chat = async () => {
    const before = streams.length;
    const request = http.request(`${backend}/connections/openai/v1/chat/completions`, {
      method: "POST",
      headers: { Authorization: owner.credential, "Content-Type": "application/json", Accept: "text/event-stream" },
    });
    const answered = deferred();
    request.on("response", answered.resolve);
    request.on("error", answered.reject);
    request.end(JSON.stringify({ model: "gpt", stream: true, messages: [{ role: "user", content: "Hi" }] }));
    const stream = await until("the call to arrive", () => streams[before]);
    const response = await within("the head of the reply", answered.promise);
    let heard = "";
    response.setEncoding("utf8").on("data", (text) => (heard += text));
    response.on("error", () => {});
    return { request, response, stream, heard: () => heard };
  };

  await t.test("a plain call", async () => {
    const reply = await owner("/connections/openai/v1/models");
    assert.deepEqual([reply.status, reply.json.object], [200, "list"], reply.text);
    assert.equal(reply.headers["x-ratelimit-remaining-requests"], "59");
    assert.equal(reply.headers["openai-organization"], undefined);
    for (const who of [visitor, member]) {
      const refused = await who("/connections/openai/v1/models");
      assert.deepEqual([refused.status, refused.code], [403, "ROLE_NOT_ALLOWED"]);
    }
  });
  await t.test("each piece comes when it is sent, and not later", async () => {
    const { response, stream, heard } = await chat();
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers["content-type"], "text/event-stream; charset=utf-8");
    let all = "";
    for (const text of ["Hel", "lo", "!", "日本", " s", " sk-proj-01"]) {
      all += piece(text);
      stream.response.write(piece(text));
      await until(`the piece ${text}`, () => heard() === all, 2000);
    }
    const ended = deferred();
    response.on("end", ended.resolve);
    stream.response.end("data: [DONE]\n\n");
    await within("the end", ended.promise);
    assert.equal(heard(), `${all}data: [DONE]\n\n`);
    assert.deepEqual(JSON.parse(openai.seen.at(-1).body).messages, [{ role: "user", content: "Hi" }]);
  });
  await t.test("a page that hangs up ends the call over there, too", async () => {
    const { request, stream, heard } = await chat();
    stream.response.write(piece("Once upon"));
    await until("the piece", () => heard() !== "");
    request.destroy();
    await within("the third party's side to close", stream.gone, 5000);
  });
  await t.test("a third party that breaks off is no end", async () => {
    const { response, stream, heard } = await chat();
    const broken = deferred();
    response.on("error", broken.resolve);
    response.on("end", () => broken.reject(new Error("it ended as if it were whole")));
    stream.response.write(piece("Once upon"));
    await until("the piece", () => heard() !== "");
    stream.response.destroy();
    await within("the break", broken.promise);
  });
});

test("sendgrid", async (t) => {
  const key = "SG.0123456789abcdefghijkl.ABCDEFGHIJ-klmnopqrstuvwxyz_0123456789";
  const sendgrid = await startThirdParty(t, (request, response) => {
    const isWell = request.headers.authorization === `Bearer ${key}`;
    response.writeHead(isWell ? 202 : 401, { "X-Message-Id": "message-1", Server: "nginx" });
    response.end();
  });
  const { site } = await startConnections(t, {
    config: recipe("sendgrid", sendgrid.address),
    secrets: { "sendgrid-key": key },
  });
  const { owner, server } = site();
  const mail = {
    personalizations: [{ to: [{ email: "ben@example.com" }] }],
    from: { email: "shop@example.com" },
    subject: "Grüße",
    content: [{ type: "text/plain", value: "Hello, Ben" }],
  };
  const elevated = await server();
  const reply = await elevated("/connections/sendgrid/v3/mail/send", json(mail));
  assert.deepEqual([reply.status, reply.text], [202, ""], reply.text);
  assert.equal(reply.headers["x-message-id"], "message-1");
  assert.equal(reply.headers.server, undefined);
  const [{ body, url }] = sendgrid.seen;
  assert.deepEqual([url, body], ["/v3/mail/send", JSON.stringify(mail)]);
  const refused = await owner("/connections/sendgrid/v3/mail/send", json(mail));
  assert.deepEqual([refused.status, refused.code], [403, "ROLE_NOT_ALLOWED"], "no page sends mail by itself");
  assert.equal(sendgrid.seen.length, 1);
});

test("google", async (t) => {
  const provider = await startProvider(t);
  const place = await connectionsPlace(t, {
    config: recipe("google", provider.address),
    secrets: { "google-client-id": client.id, "google-client-secret": client.secret },
  });
  const { backend, site } = await place.start();
  const { owner } = site();
  const anybody = sender(backend);
  const events = "/connections/google/calendar/v3/calendars/primary/events";

  await t.test("before an account is connected", async () => {
    const reply = await owner(events);
    assert.deepEqual([reply.status, reply.code], [409, "CONNECTION_NOT_CONNECTED"]);
    assert.deepEqual((await owner("/connections/google/status")).json, { kind: "account", connected: false });
  });
  await t.test("the owner connects one", async () => {
    const { status, json: begun } = await owner("/connections/google/authorize", { method: "POST" });
    assert.equal(status, 200);
    assert.ok(begun.authorizationUrl.startsWith(`${provider.address}/o/oauth2/v2/auth?`));
    const { asked, back, code } = provider.consent(begun.authorizationUrl, "ann@example.com");
    const { state, code_challenge, ...others } = asked;
    assert.match(state, /^[\w-]{43}$/);
    assert.match(code_challenge, /^[\w-]{43}$/);
    assert.deepEqual(others, {
      response_type: "code",
      client_id: client.id,
      redirect_uri: `${publicUrl}/connections/google/callback`,
      scope:
        "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.calendarlist.readonly",
      code_challenge_method: "S256",
      access_type: "offline",
      prompt: "consent",
    });
    const reply = await anybody(back);
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.headers["content-type"], /^text\/html/);
    const [{ form, headers }] = provider.grants;
    assert.equal(form.code, code);
    assert.match(form.code_verifier, /^[\w.~-]{43,128}$/);
    assert.equal(headers["content-type"], "application/x-www-form-urlencoded");
    assert.equal(headers.authorization, undefined, "the client says who it is in the form");
    const { json: told } = await owner("/connections/google/status");
    assert.deepEqual([told.connected, told.needsReconnect, told.scopes.length], [true, false, 2]);
  });
  await t.test("calls are made with its token", async () => {
    const reply = await owner(events, json({ summary: "Dinner" }));
    assert.deepEqual([reply.status, reply.json.whose], [200, "ann@example.com"], reply.text);
    const { url, body } = provider.seen.at(-1);
    assert.deepEqual([url, body], ["/calendar/v3/calendars/primary/events", '{"summary":"Dinner"}']);
  });
  await t.test("a token that has come to its end is renewed, again and again, each with the newest", async () => {
    provider.access.clear();
    provider.lifetime = 0.001;
    const before = provider.grants.length;
    for (const _ of [1, 2, 3]) {
      const reply = await owner(events);
      assert.deepEqual([reply.status, reply.json.whose], [200, "ann@example.com"], reply.text);
    }
    const asked = provider.grants.slice(before).map(({ form }) => form);
    assert.deepEqual(
      asked.map(({ grant_type }) => grant_type),
      Array(3).fill("refresh_token"),
    );
    assert.equal(new Set(asked.map(({ refresh_token }) => refresh_token)).size, 3, "rotated");
    provider.lifetime = 3600;
  });
  await t.test("it is taken back", async () => {
    const [newest] = [...provider.refresh.keys()].slice(-1);
    const { status, json: told } = await owner("/connections/google/disconnect", { method: "POST" });
    assert.deepEqual([status, told], [200, { connected: false }]);
    assert.deepEqual(provider.revoked, [newest]);
    assert.equal((await owner(events)).code, "CONNECTION_NOT_CONNECTED");
    assert.equal((await owner("/connections/google/status")).json.connected, false);
  });
});

// What a visitor tries who has read the recipe: every call of it, in their own words.
const hostile = {
  stripe: [
    ["POST", "/v1/checkout/sessions", "mode=payment&line_items[0][price_data][unit_amount]=1&line_items[0][quantity]=1"],
    ["POST", "/v1/checkout/sessions", "mode=payment&discounts[0][coupon]=all&line_items[0][price]=price_1"],
    ["POST", "/v1/refunds", "charge=ch_1"],
    ["POST", "/v1/payment_intents", "amount=1&currency=eur"],
    ["GET", "/v1/customers?email=ann%40example.com", ""],
  ],
  openai: [
    ["POST", "/v1/chat/completions", '{"model":"the-dearest","max_tokens":1000000,"messages":[]}'],
    ["POST", "/v1/embeddings", '{"input":"x"}'],
    ["POST", "/v1/images/generations", "{}"],
  ],
  sendgrid: [["POST", "/v3/mail/send", '{"personalizations":[{"to":[{"email":"everybody@example.com"}]}]}']],
  google: [
    ["POST", "/calendar/v3/calendars/primary/events", "{}"],
    ["POST", "/authorize", ""],
    ["GET", "/authorize", ""],
    ["POST", "/disconnect", ""],
  ],
};

for (const [name, tries] of Object.entries(hostile)) {
  test(`${name}: a hostile visitor reaches nothing`, async (t) => {
    const party = await startThirdParty(t, (_, response) => answerJson(response, {}));
    const secrets = Object.fromEntries(
      [...recipeFile(name).matchAll(/secret = "([^"]+)"/g)].map(([, secret]) => [secret, "a-secret-of-the-app"]),
    );
    const { site } = await startConnections(t, { config: recipe(name, party.address), secrets });
    const { visitor, member } = site();
    const listed = [...recipeFile(name).matchAll(/"(GET|POST|PUT|PATCH|DELETE) (\/[^"?]*)/g)];
    assert.ok(listed.length > 0);
    const all = [...tries, ...listed.map(([, method, path]) => [method, path.replace(/\{\w+\}/g, "1"), ""])];
    for (const who of [visitor, member]) {
      for (const [method, path, body] of all) {
        const reply = await who(`/connections/${name}${path}`, { method, ...(body && { body }) });
        assert.equal(reply.status, 403, `${method} ${path}: ${reply.text}`);
      }
    }
    assert.deepEqual(party.seen, []);
  });
}

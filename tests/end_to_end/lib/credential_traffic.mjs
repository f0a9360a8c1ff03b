// Many calls, right and wrong, with every kind of credential in every place. Collects everything that
// must never be seen in a log: `secrets`, with a name for each, and how many calls were made.

import net from "node:net";

import { expired, instanceOf, makeApp, tamper } from "./app.mjs";
import { call } from "./call.mjs";
import { within } from "./poll.mjs";

const QUERY_WORD = "word-of-the-query";

export async function makeTraffic({ app, backend, upstream }) {
  const secrets = { "the app secret": app.secret, "a query string": QUERY_WORD };
  const replies = [];
  const credentials = instances(app);

  const send = async (path, options) => {
    const reply = await call(backend + path, options);
    replies.push(reply);
    return reply;
  };
  const everywhere = async (path, value) => {
    const query = `x=${QUERY_WORD}&instance=${encodeURIComponent(value)}`;
    await send(path, { headers: { Authorization: value } });
    await send(`${path}?x=${QUERY_WORD}`, { headers: { Authorization: `Bearer ${value}` } });
    await send(`${path}?${query}`);
    await send(`${path}?${query}&instance=${value}`);
    await send(`${path}?${query}`, { method: "POST", body: value });
    await send(`${path}?${query}`, { headers: { Origin: "https://evil.example", Referer: `${backend}/?${query}` } });
  };

  for (const [name, value] of Object.entries(credentials)) {
    remember(secrets, name, value);
    for (const path of ["/whoami", "/api/things", "/api/down", "/nothing", "/healthz"]) await everywhere(path, value);
    await send("/whoami", { headers: { Authorization: `${value}${"x".repeat(40_000)}` } });
    await raw(backend, `GET /whoami?instance=${value} HTTP/9.9\r\nAuthorization: ${value}\r\n\r\n`);
    await raw(backend, `GET /whoami HTTP/1.1\r\nHost: x\r\nAuthorization: ${value}\u0000\r\n\r\n`);
  }

  // The upstream was handed elevated tokens; it may use them, well and badly.
  const tokens = new Set(upstream.seen.map((request) => request.headers["x-backlot-elevated-token"]).filter(Boolean));
  let number = 0;
  for (const token of tokens) {
    remember(secrets, `elevated token ${(number += 1)}`, token);
    for (const path of ["/whoami", "/api/things"]) {
      await everywhere(path, token);
      await everywhere(path, `${token.slice(0, -4)}AAAA`);
    }
  }
  return { secrets, replies, tokens };
}

function instances(app) {
  const good = instanceOf(app);
  return {
    owner: good,
    visitor: instanceOf(app, { role: "visitor" }),
    tampered: tamper(good),
    expired: expired(app),
    "other app": instanceOf(makeApp()),
    "other app id": instanceOf({ ...app, id: makeApp().id }),
  };
}

export function remember(secrets, name, value) {
  secrets[name] = value;
  value.split(".").forEach((part, index) => {
    // Headers of tokens are alike everywhere and say nothing.
    if (part.length >= 43) secrets[`${name}, part ${index + 1}`] = part;
  });
}

// Bytes that are no proper request; whatever comes back ends the connection.
function raw(backend, text) {
  const { hostname, port } = new URL(backend);
  const ended = new Promise((resolve) => {
    const socket = net.connect(port, hostname, () => socket.end(text));
    socket.resume().on("error", resolve).on("close", resolve);
  });
  return within("the connection to end", ended);
}

// Which of the secrets are in a text.
export function leaks(secrets, text) {
  return Object.entries(secrets).filter(([, secret]) => text.includes(secret)).map(([name]) => name);
}

// Every way to call fetch, at Wix's addresses and at others.

import { settings, tell } from "./tell.mjs";

const { accessToken, elsewhere } = settings;
const WIX = "https://www.wixapis.com";
const read = async (reply) => ({ status: reply.status, json: await reply.json() });
const post = (body, more) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body, ...more });
const tokenInfo = JSON.stringify({ token: accessToken });
const chunks = () => new Blob([tokenInfo]).stream();
const inAMoment = () => {
  const stop = new AbortController();
  stop.abort(new Error("changed my mind"));
  return { signal: stop.signal };
};

await tell({
  text: async () => read(await fetch(`${WIX}/oauth2/token-info`, post(tokenInfo))),
  "URL object": async () => read(await fetch(new URL("/oauth2/token-info", WIX), post(tokenInfo))),
  Request: async () => read(await fetch(new Request(`${WIX}/oauth2/token-info`, post(tokenInfo)))),
  "Request that streams": async () =>
    read(await fetch(new Request(`${WIX}/oauth2/token-info`, post(chunks(), { duplex: "half" })))),
  "Request and more": async () =>
    read(await fetch(new Request(`${WIX}/oauth2/token-info`, post("{}")), { body: tokenInfo })),
  "the other host": async () => read(await fetch("https://edge.wixapis.com/oauth2/token-info", post(tokenInfo))),
  query: async () => read(await fetch(`${WIX}/things/v1?a=1&b=%20#not-sent`, { headers: { Authorization: accessToken } })),
  "given up": async () => read(await fetch(new Request(`${WIX}/things/v1`, inAMoment()))),
  "elsewhere, text": async () => read(await fetch(elsewhere)),
  "elsewhere, URL object": async () => read(await fetch(new URL(elsewhere))),
  "elsewhere, Request": async () => read(await fetch(new Request(elsewhere, post("four", { headers: { "x-mine": "1" } })))),
});

// Calls with access tokens and calls to Wix, right and wrong, while Wix is well and while it is not.
// Collects what must never be seen: `secrets`, with a name for each, and the replies.

import { randomBytes } from "node:crypto";

import { instanceOf, makeApp } from "./app.mjs";
import { call } from "./call.mjs";
import { remember } from "./credential_traffic.mjs";
import { fakeToken } from "./fake_token.mjs";
import { until } from "./poll.mjs";

const passing = [
  {},
  { failNext: 1000, failStatus: 500 },
  { slowMs: 2000 },
  { resetNext: 1000 },
  { tokenInfo: "notJson" },
  { tokenInfo: "huge" },
];
const lasting = [
  { deadTokens: "unauthorized" },
  { secretExpired: true },
  { apiKeyRefused: true },
  { requestsPerMinute: 1 },
];
const paths = [
  "/whoami",
  "/api/things",
  "/api/down",
  "/wix/apps/v1/instance",
  "/wix/site-properties/v4/properties",
  "/wix/not/on/the/list",
  "/wix/%2e%2e/oauth2/token",
  "/wix//apps",
  "/wix",
  "/nothing",
];

export async function makeWixTraffic({ app, backend, site, upstream, wix, apiKey }) {
  const secrets = { "the app secret": app.secret };
  remember(secrets, "the API key", apiKey);
  const replies = [];
  const keep = (name, value) => {
    remember(secrets, name, value);
    return value;
  };
  let number = 0;
  const send = async (path, options = {}) => {
    number += 1;
    // A client of its own each time, so that garbage does not shut out the rest.
    const headers = { "X-Forwarded-For": `10.1.${number >> 8}.${number % 256}`, ...options.headers };
    try {
      replies.push(await call(backend + path, { ...options, headers }));
    } catch (error) {
      // What Wix breaks off in the middle is broken off here, too.
      if (error.code !== "ECONNRESET") throw error;
    }
  };
  const everywhere = (value) =>
    Promise.all(
      paths.flatMap((path) => [
        send(path, { headers: { Authorization: value } }),
        send(path, { headers: { Authorization: `Bearer ${value}` } }),
        send(`${path}?instance=${encodeURIComponent(value)}&access_token=${value}`),
        send(path, { method: "POST", headers: { Authorization: value, "Content-Type": "text/plain" }, body: value }),
        send(path, { headers: { Authorization: [value, value] } }),
        send(path, { headers: { Authorization: `${value} ${value}` } }),
      ]),
    );

  const suffer = async (fault) => {
    const name = JSON.stringify(fault);
    await wix.behave();
    // The app's own token dies, so that there is a new one each time.
    await wix.revoke({ instanceId: site.instanceId });
    const server = upstream.seen.find(({ headers }) => headers["x-backlot-elevated-token"]);
    const tokens = {
      // Those two need no word of Wix's to be let in.
      instance: instanceOf(app, { instanceId: site.instanceId }),
      ...(server && { server: server.headers["x-backlot-elevated-token"] }),
      owner: await wix.token(site, "owner", crypto.randomUUID()),
      app: await wix.token(site, "app"),
      revoked: await wix.token(site, "member", crypto.randomUUID()),
      fake: fakeToken(app, site),
      expired: fakeToken(app, site, { age: 30_000 }),
      "another app's": fakeToken(makeApp(), site),
      garbage: `OauthNG.JWS.${randomBytes(200).toString("base64url")}`,
      "an API key": `IST.${randomBytes(60).toString("base64url")}.${randomBytes(60).toString("base64url")}`,
    };
    await wix.revoke({ accessToken: tokens.revoked });
    await wix.misbehave({ requestsPerMinute: 0, ...fault });
    for (const [kind, value] of Object.entries(tokens)) await everywhere(keep(`${kind}, ${name}`, value));
  };

  for (const fault of passing) await suffer(fault);
  // After so many failures the instance rests for a while.
  await wix.behave();
  const headers = { Authorization: instanceOf(app, { instanceId: site.instanceId }) };
  await until("calls to Wix to go on", async () => (await call(`${backend}/wix/apps/v1/instance`, { headers })).status === 200, 30_000);
  for (const fault of lasting) await suffer(fault);
  await wix.misbehave({ secretExpired: false, uninstalled: [site.instanceId] });
  await everywhere(keep("uninstalled", await wix.token(site, "visitor")));
  await wix.behave();

  // The upstream was handed elevated tokens; it uses them, well and badly.
  const elevated = new Set(upstream.seen.map(({ headers }) => headers["x-backlot-elevated-token"]).filter(Boolean));
  for (const token of elevated) {
    await everywhere(keep(`elevated token ${token.slice(-6)}`, token));
    await everywhere(`${token.slice(0, -4)}AAAA`);
  }
  return { secrets, replies, elevated };
}

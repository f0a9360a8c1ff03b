// A provider of accounts as Google is one: it has an authorization page on which the owner says yes at once,
// gives codes that serve once and only with the verifier of their challenge, and replaces the refresh token
// with each renewal. Its API is under every other path, for those who have a token of its.

import { createHash, randomBytes } from "node:crypto";

import { answerJson, startThirdParty } from "./third_party.mjs";

export const client = { id: "client-1.apps.example.com", secret: `GOCSPX-${randomBytes(18).toString("base64url")}` };

const random = (kind) => `${kind}.${randomBytes(24).toString("base64url")}`;

// `provider.lifetime` is how long new access tokens last, in seconds; `provider.refuse` may be set to
// {status, error} for the token endpoint; `provider.hold` to a function of its form whose promise it waits for.
export async function startProvider(t) {
  const codes = new Map();
  const access = new Map();
  const refresh = new Map();
  const provider = {
    lifetime: 3600,
    refuse: null,
    hold: null,
    rotates: true,
    grants: [],
    revoked: [],
    access,
    refresh,
  };

  const grant = (whose, response, scope) => {
    const tokens = { access_token: random("ya29"), refresh_token: random("1//0g") };
    access.set(tokens.access_token, whose);
    refresh.set(tokens.refresh_token, whose);
    const answer = { ...tokens, expires_in: provider.lifetime, token_type: "Bearer", ...(scope && { scope }) };
    answerJson(response, answer);
  };

  const token = async (request, response) => {
    const form = Object.fromEntries(new URLSearchParams(request.text));
    provider.grants.push({ form, headers: request.headers });
    await provider.hold?.(form);
    const no = (error, status = 400) => answerJson(response, { error, error_description: "in other words" }, status);
    if (provider.refuse) return no(provider.refuse.error, provider.refuse.status);
    if (form.client_id !== client.id || form.client_secret !== client.secret) return no("invalid_client", 401);
    if (form.grant_type === "authorization_code") {
      const code = codes.get(form.code);
      codes.delete(form.code);
      const challenge = createHash("sha256")
        .update(form.code_verifier ?? "")
        .digest("base64url");
      if (!code || code.challenge !== challenge || code.redirect !== form.redirect_uri) return no("invalid_grant");
      return grant(code.whose, response, code.scope);
    }
    const whose = refresh.get(form.refresh_token);
    if (form.grant_type !== "refresh_token" || !whose) return no("invalid_grant");
    if (provider.rotates) refresh.delete(form.refresh_token);
    return grant(whose, response);
  };

  const revoke = (request, response) => {
    const { token } = Object.fromEntries(new URLSearchParams(request.text));
    provider.revoked.push(token);
    const whose = refresh.get(token) ?? access.get(token);
    for (const tokens of [access, refresh])
      for (const [text, owner] of tokens) if (owner === whose) tokens.delete(text);
    answerJson(response, whose ? {} : { error: "invalid_token" }, whose ? 200 : 400);
  };

  const party = await startThirdParty(t, (request, response) => {
    if (request.url === "/token") return token(request, response);
    if (request.url === "/revoke") return revoke(request, response);
    const bearer = request.headers.authorization?.match(/^Bearer (.+)$/)?.[1];
    const whose = request.url.endsWith("/always-401") ? null : access.get(bearer);
    if (!whose) return answerJson(response, { error: { code: 401, status: "UNAUTHENTICATED" } }, 401);
    return answerJson(response, { whose, method: request.method, url: request.url, body: request.text });
  });

  // The owner's browser at the authorization page: says yes, and resolves to where it is sent back to.
  provider.consent = (authorizationUrl, whose = "somebody@example.com") => {
    const { pathname, searchParams: asked } = new URL(authorizationUrl);
    const code = random("4/0A");
    codes.set(code, {
      whose,
      challenge: asked.get("code_challenge"),
      redirect: asked.get("redirect_uri"),
      scope: asked.get("scope"),
    });
    const back = new URL(asked.get("redirect_uri"));
    back.searchParams.set("state", asked.get("state"));
    back.searchParams.set("code", code);
    return { pathname, asked: Object.fromEntries(asked), code, back: back.pathname + back.search };
  };
  return Object.assign(provider, { address: party.address, seen: party.seen, party });
}

// Connects an account of an instance: by `site.owner`, on a connection of this name.
export async function connect(site, anybody, provider, { name = "google", whose } = {}) {
  const { json } = await site.owner(`/connections/${name}/authorize`, { method: "POST" });
  const { back } = provider.consent(json.authorizationUrl, whose);
  const reply = await anybody(back);
  if (reply.status !== 200) throw new Error(`not connected: ${reply.status} ${reply.text}`);
}

// A connection to it under this name, with the calls that these tests make.
export const accountConnection = (address, { name = "google", more = "", revoke = true } = {}) => `
[[connection]]
name = "${name}"
base_url = "${address}/api"
networks = ["127.0.0.1"]
allow = ["owner", "member", "visitor"]
calls = ["GET /me", "POST /things", "GET /always-401", "GET /slow"]
${more}

[connection.auth.oauth]
authorize_url = "${address}/authorize"
token_url = "${address}/token"
${revoke ? `revoke_url = "${address}/revoke"` : ""}
client_id = "${client.id}"
client_secret = { env = "CLIENT_SECRET" }
client_auth = "form"
scopes = ["one", "two"]
`;
export const accountEnvironment = { CLIENT_SECRET: client.secret };

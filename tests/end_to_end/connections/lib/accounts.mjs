// A server with a provider of accounts beside it, and what the tests of accounts say often.

import { sender, connectionsPlace } from "./stage.mjs";
import { accountConnection, accountEnvironment, connect, startProvider } from "./provider.mjs";

export const of = (name, rest) => `/connections/${name}/${rest}`;
export const google = (rest) => of("google", rest);
export const post = { method: "POST" };
export const times = (count, make) => Promise.all(Array.from({ length: count }, (_, number) => make(number)));

// What a page of the callback says.
export const codeOf = ({ text }) => text.match(/\(([A-Z_]+)\)/)?.[1];

export async function startAccounts(t, { config = "", more, env, database, revoke } = {}) {
  const provider = await startProvider(t);
  const place = await connectionsPlace(t, {
    config: accountConnection(provider.address, { revoke, more }) + config.replaceAll("PROVIDER", provider.address),
    env: { ...accountEnvironment, ...env },
    database,
  });
  const server = await place.start();
  const anybody = sender(server.backend);
  const renewals = () => provider.grants.filter(({ form }) => form.grant_type === "refresh_token").length;
  // One whose account is connected.
  const connected = async () => {
    const site = server.site();
    await connect(site, anybody, provider, { whose: site.instanceId });
    return site;
  };
  return { ...server, provider, place, anybody, renewals, connected };
}

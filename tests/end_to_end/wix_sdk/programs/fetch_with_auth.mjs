// A page's calls to its backend: `fetchWithAuth` of a client of `@wix/sdk`, and of `@wix/essentials` with
// that client as its context, as Wix's host of a page would set it.

import { httpClient } from "@wix/essentials";
import { createClient } from "@wix/sdk";

import { settings, tell } from "./tell.mjs";

const { addresses, accessToken } = settings;
const client = createClient({
  auth: { getAuthHeaders: () => ({ headers: { Authorization: accessToken } }) },
  modules: { httpClient },
});
const read = async (reply) => ({ status: reply.status, json: await reply.json() });
const attempts = {};
for (const [name, address] of Object.entries(addresses)) {
  attempts[`sdk ${name}`] = async () => read(await client.fetchWithAuth(address));
  attempts[`module ${name}`] = async () => read(await client.httpClient.fetchWithAuth(address));
  attempts[`essentials ${name}`] = async () => {
    client.enableContext("global");
    return read(await httpClient.fetchWithAuth(address));
  };
}

await tell(attempts);

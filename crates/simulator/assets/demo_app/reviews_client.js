// Wix's client for data, pointed at the backend: what an app's own page would have.

import { collections, createClient, items, name } from "./wix_client.js";
import { accessToken } from "./credentials.js";

export const clientName = name;

const backendOf = (backend) => (url, init) => fetch(backend + String(url).replace(/^https?:\/\/[^/]+/, ""), init);

// `credential` is asked for at each call.
export function makeClient(backend, credential) {
  return createClient({
    modules: { items, collections },
    // The client speaks https to Wix's host; on this machine the backend has plain http.
    fetch: backendOf(backend),
    auth: { getAuthHeaders: async () => ({ headers: { Authorization: await credential() } }) },
  });
}

// The instance as it is, or an access token for the same person, kept while it is good.
export function makeCredential(instance, wantsToken) {
  let token = null;
  const credential = async () => {
    if (!wantsToken()) return instance;
    token ??= accessToken(instance);
    return token;
  };
  credential.forgetToken = () => { token = null; };
  return credential;
}

export const snippet = (backend) => `import { createClient } from "@wix/sdk";
import { items } from "@wix/data";

const backend = ${JSON.stringify(backend)};
const instance = new URLSearchParams(location.search).get("instance");
const wix = createClient({
  modules: { items },
  fetch: (url, init) => fetch(backend + String(url).replace(/^https?:\\/\\/[^/]+/, ""), init),
  auth: { getAuthHeaders: async () => ({ headers: { Authorization: instance } }) },
});

await wix.items.insert("reviews", { title, text, rating, product });

let page = await wix.items.query("reviews").eq("rating", 5).descending("_createdDate").limit(5).find();
if (page.hasNext()) page = await page.next();`;

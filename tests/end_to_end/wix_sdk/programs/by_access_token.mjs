// A backend that was handed a caller's access token: whose it is, the same token without its session,
// and the app's own token for the caller's instance.

import { appInstances } from "@wix/app-management";
import { AppStrategy, createClient } from "@wix/sdk";

import { settings, tell } from "./tell.mjs";

const { appId, appSecret, accessToken } = settings;
const modules = { appInstances };
const client = createClient({ auth: AppStrategy({ appId, appSecret, accessToken }), modules });
const elevatedClient = async () => createClient({ auth: await client.auth.elevated(), modules });

await tell({
  tokenInfo: () => client.auth.getTokenInfo(),
  headers: async () => (await client.auth.getAuthHeaders()).headers,
  asTheCaller: () => client.appInstances.getAppInstance(),
  elevatedHeaders: async () => (await client.auth.elevated()).getAuthHeaders(),
  asTheApp: async () => (await elevatedClient()).appInstances.getAppInstance(),
});

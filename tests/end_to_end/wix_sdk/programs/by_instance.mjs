// A backend that knows an instance id: a token of the app, and what the app may ask with it.

import { appInstances } from "@wix/app-management";
import { AppStrategy, createClient } from "@wix/sdk";

import { settings, tell } from "./tell.mjs";

const { appId, appSecret, instanceId } = settings;
const client = createClient({ auth: AppStrategy({ appId, appSecret, instanceId }), modules: { appInstances } });

await tell({
  headers: async () => (await client.auth.getAuthHeaders()).headers,
  appInstance: () => client.appInstances.getAppInstance(),
});

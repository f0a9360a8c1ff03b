// The calls that this page can make with fetch: where each goes and with which credential.

import { accessToken, wrongCredential } from "./credentials.js";
import { sendFromForeignOrigin } from "./foreign_origin.js";
import { tamper } from "./instance.js";
import { send } from "./request.js";

const asIs = (instance) => instance;
const wrong = (name) => (instance) => wrongCredential(name, instance);

export const calls = {
  whoami: { title: "Who am I?", path: "/whoami", credential: asIs },
  hello: { title: "Call my own server", path: "/api/hello", credential: asIs },
  "wix-instance": { title: "Ask Wix about this site", path: "/wix/apps/v1/instance", credential: asIs },
  note: { title: "Save a note", method: "POST", path: "/api/notes", credential: asIs },
  clock: { title: "Live clock", path: "/api/clock", credential: asIs },
  "token-whoami": { title: "Who am I? With a token", path: "/whoami", credential: accessToken },
  "token-hello": { title: "Call my own server with a token", path: "/api/hello", credential: accessToken },
  "token-wix-instance": { title: "Ask Wix about this site with a token", path: "/wix/apps/v1/instance", credential: accessToken },
  "token-note": { title: "Save a note with a token", method: "POST", path: "/api/notes", credential: accessToken },
  "token-clock": { title: "Live clock with a token", path: "/api/clock", credential: accessToken },
  missing: { title: "No credential", path: "/whoami", credential: () => null, wrong: true },
  tampered: { title: "Tampered", path: "/whoami", credential: tamper, wrong: true, remark: "one character of the payload changed" },
  expired: { title: "Expired", path: "/whoami", credential: wrong("expired"), wrong: true, remark: "out of date" },
  "other-app": { title: "Another app's instance", path: "/whoami", credential: wrong("otherApp"), wrong: true, remark: "signed for another app" },
  "token-dead": { title: "Dead token", path: "/whoami", credential: wrong("deadToken"), wrong: true, remark: "a token that ended long ago" },
  "token-other-app": { title: "Another app's token", path: "/whoami", credential: wrong("otherAppToken"), wrong: true, remark: "a good token, of another app" },
  "foreign-origin": { title: "Unverified origin", path: "/whoami", credential: asIs, wrong: true, origin: "null", send: sendFromForeignOrigin },
};
for (const [id, call] of Object.entries(calls)) {
  call.id = id;
  call.method ??= "GET";
  call.origin ??= location.origin;
  call.send ??= send;
}

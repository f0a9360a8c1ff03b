// The calls that this page can make with fetch: where each goes and with which credential.

import { sendFromForeignOrigin } from "./foreign_origin.js";
import { tamper } from "./instance.js";
import { send } from "./request.js";

// Ready-made bad credentials come from the simulator: a page cannot sign any.
async function wrongCredential(name, instance) {
  const reply = await fetch("/wrong-credentials", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ instance }),
  });
  if (!reply.ok) throw new Error(`The simulator gave no such instance (status ${reply.status}).`);
  return (await reply.json())[name];
}

const asIs = (instance) => instance;

export const calls = {
  whoami: { title: "Who am I?", path: "/whoami", credential: asIs },
  hello: { title: "Call my own server", path: "/api/hello", credential: asIs },
  note: { title: "Save a note", method: "POST", path: "/api/notes", credential: asIs },
  clock: { title: "Live clock", path: "/api/clock", credential: asIs },
  missing: { title: "No credential", path: "/whoami", credential: () => null, wrong: true },
  tampered: { title: "Tampered", path: "/whoami", credential: tamper, wrong: true, remark: "one character of the payload changed" },
  expired: { title: "Expired", path: "/whoami", credential: (instance) => wrongCredential("expired", instance), wrong: true, remark: "out of date" },
  "other-app": { title: "Another app's instance", path: "/whoami", credential: (instance) => wrongCredential("otherApp", instance), wrong: true, remark: "signed for another app" },
  "foreign-origin": { title: "Unverified origin", path: "/whoami", credential: asIs, wrong: true, origin: "null", send: sendFromForeignOrigin },
};
for (const [id, call] of Object.entries(calls)) {
  call.id = id;
  call.method ??= "GET";
  call.origin ??= location.origin;
  call.send ??= send;
}

// "The code of this call": the few lines that a developer would write for each call.

import { importLine, tokenSnippets } from "./token_snippets.js";

const read = 'const instance = new URLSearchParams(location.search).get("instance");';
const whoami = (credential) => `const reply = await fetch(backend + "/whoami", {
  headers: { Authorization: ${credential} },
});`;

const snippets = {
  ...tokenSnippets,

  whoami: `${read}
${whoami("instance")}
const caller = await reply.json();
console.log(caller.instanceId, caller.role);`,

  hello: `${read}
const reply = await fetch(backend + "/api/hello", {
  headers: { Authorization: instance },
});
console.log(await reply.json());`,

  "wix-instance": `${read}
// The backend calls Wix as the app on this site; the page needs no rights of its own.
// Its configuration names each call that may be made so, and who may make it.
const reply = await fetch(backend + "/wix/apps/v1/instance", {
  headers: { Authorization: instance },
});
const { instance: installation, site } = await reply.json();
console.log(site.siteDisplayName, installation.isFree);`,

  note: `${read}
const reply = await fetch(backend + "/api/notes", {
  method: "POST",
  headers: { Authorization: instance, "Content-Type": "application/json" },
  body: JSON.stringify({ text }),
});
const { notes } = await reply.json();`,

  clock: `${read}
// An EventSource cannot set a header: the instance goes into the address.
const query = new URLSearchParams({ instance });
const ticks = new EventSource(backend + "/api/clock?" + query);
ticks.onmessage = ({ data }) => console.log(JSON.parse(data).time);`,

  missing: `// The mistake: no Authorization header.
const reply = await fetch(backend + "/whoami");
if (!reply.ok) console.warn((await reply.json()).message);`,

  tampered: `// The mistake: the payload was changed after it was signed.
${whoami("tampered")}
if (!reply.ok) console.warn((await reply.json()).message);`,

  expired: `// The mistake: the page was open for so long that its instance ran out.
${whoami("instance")}
const { details } = await reply.json();
if (details?.applicationError?.code === "INSTANCE_EXPIRED") {
  // Ask the person to reload: the dashboard then hands out a new one.
}`,

  "other-app": `// The mistake: an instance of another app, signed with that app's secret.
${whoami("instanceOfAnotherApp")}
if (!reply.ok) console.warn((await reply.json()).message);`,

  "foreign-origin": `// The mistake: a page whose origin the backend does not know.
try {
  ${whoami("instance").replaceAll("\n", "\n  ")}
} catch (error) {
  console.warn(error.message); // the browser tells the page no more than this
}

# The remedy, in backlot.toml:
[cors]
origins = ["https://admin.example.com"]`,
};

export function snippetOf(id, backend) {
  const head = id in tokenSnippets ? importLine : "";
  return `${head}const backend = ${JSON.stringify(backend)};\n${snippets[id]}`;
}

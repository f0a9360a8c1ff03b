// "The code of this call" for the calls with an access token: fetchWithAuth puts it there.

export const importLine = 'import { httpClient } from "@wix/essentials";\n\n';

const whoami = 'const reply = await httpClient.fetchWithAuth(backend + "/whoami");';

export const tokenSnippets = {
  "token-whoami": `${whoami}
const caller = await reply.json();
console.log(caller.instanceId, caller.role);`,

  "token-hello": `const reply = await httpClient.fetchWithAuth(backend + "/api/hello");
console.log(await reply.json());`,

  "token-wix-instance": `// The backend calls Wix as the app, with a token of its own; this one only says who asks.
const reply = await httpClient.fetchWithAuth(backend + "/wix/apps/v1/instance");
const { instance, site } = await reply.json();
console.log(site.siteDisplayName, instance.isFree);`,

  "token-note": `const reply = await httpClient.fetchWithAuth(backend + "/api/notes", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ text }),
});
const { notes } = await reply.json();`,

  "token-clock": `// Unlike an EventSource, a fetch can set a header.
const reply = await httpClient.fetchWithAuth(backend + "/api/clock");
const pieces = reply.body.pipeThrough(new TextDecoderStream());
for await (const piece of pieces) {
  console.log(piece); // "data: {…}" once a second
}`,

  "token-dead": `// The mistake: a token that was kept, although it ends after 4 hours.
const reply = await fetch(backend + "/whoami", {
  headers: { Authorization: tokenOfThisMorning },
});
if (!reply.ok) console.warn((await reply.json()).message);

// Right:
// ${whoami}`,

  "token-other-app": `// The mistake: a good token, but one of another app.
// Whoever checks "active" and not "clientId" lets it in.
const reply = await fetch(backend + "/whoami", {
  headers: { Authorization: tokenOfAnotherApp },
});
if (!reply.ok) console.warn((await reply.json()).message);`,
};

// Credentials that a page cannot make itself. The server of this page hands them out; on Wix, an
// access token comes from the host of the page, and fetchWithAuth asks for it.

async function ask(path, instance) {
  const reply = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ instance }),
  });
  if (!reply.ok) throw new Error(`The simulator gave no such credential (status ${reply.status}). Is the page's instance still good?`);
  return reply.json();
}

export async function accessToken(instance) {
  return (await ask("/access-token", instance)).accessToken;
}

export async function wrongCredential(name, instance) {
  return (await ask("/wrong-credentials", instance))[name];
}

// One call to the backend, measured, and its answer as the result panel wants it.

const PATIENCE = 15_000;

// The answer as it came: {status, requestId, text, milliseconds}, or {failure, milliseconds}.
export async function send({ backend, method = "GET", path, credential, body }) {
  const headers = {};
  if (credential) headers.Authorization = credential;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const start = performance.now();
  try {
    const reply = await fetch(backend + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const text = await reply.text();
    const requestId = reply.headers.get("x-request-id");
    return { status: reply.status, requestId, text, milliseconds: performance.now() - start };
  } catch (error) {
    return { failure: `${error.name}: ${error.message}`, milliseconds: performance.now() - start };
  }
}

// Adds what can be read out of the answer: `json`, `code`, `message` and `shown`, the text to show.
export function readAnswer(raw) {
  if (raw.failure) return { ...raw, status: "blocked", code: "", message: "", shown: JSON.stringify({ error: raw.failure }, null, 2) };
  let json;
  try {
    json = JSON.parse(raw.text);
  } catch {
    return { ...raw, code: "", message: "", shown: raw.text };
  }
  const refusal = json?.details?.applicationError ?? {};
  const message = json?.message || refusal.description || "";
  return { ...raw, json, code: refusal.code ?? "", message, shown: JSON.stringify(json, null, 2) };
}

// Is anybody there at all? An opaque request needs no permission, so it tells "blocked" from "down".
export async function isRunning(backend) {
  try {
    await fetch(`${backend}/healthz`, { mode: "no-cors", signal: AbortSignal.timeout(3000) });
    return true;
  } catch {
    return false;
  }
}

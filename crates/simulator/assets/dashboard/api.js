// The simulator's JSON API, as this page uses it. Every failure becomes an error in plain words.

export class SimulatorError extends Error {
  constructor(message, code = "", data = undefined) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

async function ask(path, options) {
  let reply;
  try {
    reply = await fetch(path, options);
  } catch {
    throw new SimulatorError("The simulator does not answer. Is it still running on this machine?");
  }
  const body = await reply.json().catch(() => null);
  if (reply.ok && body !== null) return body;
  const detail = body?.details?.applicationError ?? {};
  const message = body?.message || detail.description || `The simulator answered with status ${reply.status} and no reason.`;
  throw new SimulatorError(message, detail.code, detail.data);
}

export function loadWorld() {
  return ask("/simulator/v1/world");
}

function send(method, path, value) {
  const headers = { "Content-Type": "application/json" };
  return ask(path, { method, headers, body: JSON.stringify(value) });
}

// `wish` is {instanceId, role} and, where wanted, userId and plan.
export function issueInstance(wish) {
  return send("POST", "/simulator/v1/instances", wish);
}

export function issueAccessToken({ instanceId, role, userId }) {
  return send("POST", "/simulator/v1/access-tokens", { instanceId, role, userId });
}

export function loadFaults() {
  return ask("/simulator/v1/faults");
}

// Any of the faults; those that are not named stay as they are. The answer is all of them.
export function changeFaults(changes) {
  return send("PUT", "/simulator/v1/faults", changes);
}

export function resetFaults() {
  return ask("/simulator/v1/faults", { method: "DELETE" });
}

// The event types: {type, kind, samples}.
export function loadEvents() {
  return ask("/simulator/v1/events");
}

// One of them, with its sample payloads.
export function loadEvent(type) {
  return ask(`/simulator/v1/events/${encodeURIComponent(type)}`);
}

export function loadWebhooks() {
  return ask("/simulator/v1/webhooks?last=50");
}

export function sendWebhooks(wish) {
  return send("POST", "/simulator/v1/webhooks", wish);
}

export function sendWebhookAgain(id) {
  return send("POST", `/simulator/v1/webhooks/${id}/repeats`, {});
}

export function forgetWebhooks() {
  return ask("/simulator/v1/webhooks", { method: "DELETE" });
}

export function loadCalls() {
  return ask("/simulator/v1/calls");
}

// Raw requests: unlike fetch, any header may be sent, and what came back is seen as it came.

import http from "node:http";

import { deferred, within } from "./poll.mjs";

// One request and its whole reply: {status, headers, text, json, code}.
// `path` is sent as it is, where a URL would be put in order first.
export async function call(url, { method = "GET", headers = {}, body, agent, path } = {}) {
  const answer = deferred();
  const asIs = path === undefined ? {} : { path };
  const request = http.request(url, { method, headers, agent: agent ?? new http.Agent(), ...asIs }, (response) => {
    const chunks = [];
    response.on("data", (chunk) => chunks.push(chunk));
    response.on("error", answer.reject);
    response.on("end", () => answer.resolve(digest(response, Buffer.concat(chunks))));
  });
  request.on("error", answer.reject);
  request.end(body);
  try {
    return await within(`${method} ${new URL(url).pathname}`, answer.promise, 20_000);
  } finally {
    if (!agent) request.destroy();
  }
}

function digest(response, bytes) {
  const text = bytes.toString("utf8");
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const code = json?.details?.applicationError?.code;
  return { status: response.statusCode, headers: response.headers, text, json, code };
}

export function postJson(url, value, headers = {}) {
  return call(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(value),
  });
}

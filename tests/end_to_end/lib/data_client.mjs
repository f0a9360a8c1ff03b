// Wix's own client for data, sent to a backend over plain http. The client insists on https and a host
// of its own choice; a `fetch` of ours keeps the path and the query as the client made them, to the letter.

import assert from "node:assert/strict";

import { collections, indexes, items } from "@wix/data";
import { createClient } from "@wix/sdk";

import { call } from "./call.mjs";

// Somebody who calls: the client's modules, `last` (what the last call was and came to), and `send` for
// what the client does not send. With `ownHost`, the client uses the paths that it has for such hosts.
export function dataClient(backend, authorization, { ownHost = false } = {}) {
  const caller = { authorization, last: null };
  const { items: all, ...rest } = createClient({
    modules: { items, collections, indexes },
    auth: { getAuthHeaders: async () => ({ headers: { Authorization: authorization } }) },
    host: ownHost ? { apiBaseUrl: "backend.example" } : undefined,
    fetch: async (url, init = {}) => {
      const path = String(url).replace(/^https?:\/\/[^/]+/, "");
      const reply = await fetch(backend + path, init);
      caller.last = { method: init.method ?? "GET", path, body: init.body, status: reply.status };
      return reply;
    },
  });
  const send = (method, path, value) => sendJson(backend, authorization, method, path, value);
  return Object.assign(caller, { items: all, collections: rest.collections, indexes: rest.indexes, send });
}

export const room = "/wix-data/v2";

// One request to the data API, raw: a text or bytes are sent as they are, anything else as JSON.
export function sendJson(backend, authorization, method, path, value) {
  const raw = typeof value === "string" || value instanceof Uint8Array;
  const body = value === undefined || raw ? value : JSON.stringify(value);
  const headers = { ...(authorization && { Authorization: authorization }) };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (body !== undefined) headers["Content-Length"] = Buffer.byteLength(body);
  return call(backend, { method, path: room + path, headers, body });
}

// The code with which a call of the client's was refused.
export const codeOf = (error) => error?.details?.applicationError?.code;

// The call is refused with this code, and this status if one is named. Resolves to the error.
export async function refused(caller, promise, code, status) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    assert.equal(codeOf(error), code, error.stack);
    if (status !== undefined) assert.equal(caller.last.status, status);
    return error;
  }
  return assert.fail(`expected ${code}, but it was done: ${JSON.stringify(value)?.slice(0, 200)}`);
}

// A raw reply's status and code are these.
export function answered(reply, status, code) {
  assert.deepEqual([reply.status, reply.code], [status, code], reply.text.slice(0, 400));
  return reply.json;
}

// An item without what the server adds, but for its id.
export function plain(item) {
  const { _createdDate, _updatedDate, _owner, ...rest } = item;
  return rest;
}

export const ids = (list) => list.map((item) => item._id);

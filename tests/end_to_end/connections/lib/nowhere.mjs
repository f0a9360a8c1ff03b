// Secrets of the tests' own, a connection that uses one, and what must not hold them.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const newKey = () => randomBytes(32).toString("base64");
export const newSecret = () => `sk_live_${randomBytes(24).toString("hex")}`;

export const bearerConnection = (address, auth = '{ bearer = { secret = "key" } }') => `
[[connection]]
name = "things"
base_url = "${address}"
networks = ["127.0.0.1"]
auth = ${auth}
allow = ["owner"]
calls = ["GET /things", "POST /things"]
`;

// All bytes that a folder's files hold.
export function bytesIn(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name))));
}

// A value as it is, and as base64 would have it.
const spellings = (value) => [
  value,
  Buffer.from(value).toString("base64").replace(/=+$/, ""),
  Buffer.from(value).toString("hex"),
];

export function assertNowhere(values, text, where) {
  for (const value of values.flatMap(spellings)) assert.ok(!text.includes(value), `${where} holds ${value}`);
}

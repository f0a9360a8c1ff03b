// Where the things under test are.

import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const suite = dirname(dirname(fileURLToPath(import.meta.url)));
export const repository = resolve(suite, "../..");
export const expressExample = join(repository, "examples/express");
export const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";

export function backlot() {
  if (process.env.BACKLOT_BINARY) return resolve(process.env.BACKLOT_BINARY);
  const built = ["release", "debug"].map((kind) => join(repository, "target", kind, "backlot"));
  const found = built.find((path) => existsSync(path));
  if (!found) throw new Error(`No program to test: build it, or set BACKLOT_BINARY. Looked for ${built.join(", ")}`);
  return found;
}

// Screenshots and the like, for people to look at; not in the repository.
export function workFile(name) {
  const folder = join(suite, ".work");
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
}

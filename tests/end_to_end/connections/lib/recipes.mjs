// The recipes of examples/connections as a developer copies them, but for the addresses: those are of a
// stand-in on this machine, which a recipe does not let in by itself.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { repository } from "../../lib/paths.mjs";

export const recipeFile = (name) => readFileSync(join(repository, "examples/connections", `${name}.toml`), "utf8");

export function recipe(name, address) {
  const file = recipeFile(name);
  const urls = /^(base_url|authorize_url|token_url|revoke_url) = "https:\/\/[^/"]+([^"]*)"$/gm;
  assert.match(file, urls);
  const moved = file.replace(urls, (_, key, path) => `${key} = "${address}${path}"`);
  assert.doesNotMatch(moved, /^\w+_url = "https:/m, "all of its addresses are moved");
  return moved.replace("[[connection]]\n", '[[connection]]\nnetworks = ["127.0.0.1"]\n');
}

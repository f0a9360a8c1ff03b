// A folder for one test, gone with it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { atEnd } from "./cleanup.mjs";

const folders = new Set();

function remove(folder) {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}

// Where a test was broken off.
process.on("exit", () => [...folders].forEach(remove));

export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), "backlot-end-to-end-"));
  folders.add(folder);
  atEnd(t, () => remove(folder));
  return folder;
}

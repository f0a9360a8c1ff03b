// A folder for one test, gone with it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { atEnd } from "./cleanup.mjs";

export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), "backlot-end-to-end-"));
  atEnd(t, () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

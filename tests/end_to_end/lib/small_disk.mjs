// A small file system of the test's own, which only root can mount, and something that takes all its room.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { atEnd } from "./cleanup.mjs";
import { temporaryFolder } from "./folder.mjs";

const MEBIBYTE = 1024 * 1024;

// A disk of so many MiB: {folder, fill, free}. Where none can be made, the test is skipped, which is said aloud.
export function smallDisk(t, mebibytes) {
  const folder = temporaryFolder(t);
  const { status, stderr, error } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder]);
  if (status !== 0) {
    const why = String(error ?? stderr).trim();
    console.warn(`NOT TESTED: what happens on a full disk, for none can be made here (root can): ${why}`);
    t.skip(`no small disk: ${why}`);
    return null;
  }
  atEnd(t, () => assert.equal(spawnSync("umount", [folder]).status, 0));
  const ballast = join(folder, "ballast");
  const fill = () => {
    for (let size = 16 * MEBIBYTE; size >= 512; size = Math.floor(size / 2)) {
      for (let taken = true; taken;) {
        try {
          writeFileSync(ballast, Buffer.alloc(size), { flag: "a" });
        } catch {
          taken = false;
        }
      }
    }
  };
  return { folder, fill, free: () => rmSync(ballast) };
}

// Waiting for something that only asking can tell. A deadline, and no fixed sleep.

import { setTimeout as pause } from "node:timers/promises";

const STEP = 10;

// The first value of `ask` that is neither undefined, null nor false. `ask` may throw to give up.
export async function until(what, ask, patience = 10_000) {
  const deadline = performance.now() + patience;
  for (;;) {
    const value = await ask();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${patience} ms in vain: ${what}`);
    await pause(STEP);
  }
}

// `promise`, or an error that says what did not come.
export async function within(what, promise, patience = 10_000) {
  const stop = new AbortController();
  const late = pause(patience, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`Waited ${patience} ms in vain: ${what}`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}

// A promise that is settled from outside.
export function deferred() {
  let settle;
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}

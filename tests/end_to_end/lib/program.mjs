// A program that runs beside a test and never outlives it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

import { within } from "./poll.mjs";

const running = new Set();

function endAll() {
  for (const child of running) child.kill("SIGKILL");
}
process.on("exit", endAll);
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
  process.on(signal, () => {
    endAll();
    process.exit(1);
  });
}

// What a program may know of the environment of the tests: no setting of Backlot's or Wix's.
export function cleanEnvironment(extra = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(BACKLOT_|WIX_|NODE_)/.test(name));
  return { ...Object.fromEntries(kept), ...extra };
}

// `input` is what it finds on its standard input; without it that is closed.
export class Program {
  constructor(command, args, { cwd, env, input } = {}) {
    this.stdout = "";
    this.stderr = "";
    this.asked = false;
    const stdin = input === undefined ? "ignore" : "pipe";
    this.child = spawn(command, args, { cwd, env: cleanEnvironment(env), stdio: [stdin, "pipe", "pipe"] });
    running.add(this.child);
    if (input !== undefined) {
      // It may end without reading.
      this.child.stdin.on("error", () => {});
      this.child.stdin.end(input);
    }
    for (const name of ["stdout", "stderr"]) {
      this.child[name].setEncoding("utf8").on("data", (text) => {
        this[name] += text;
      });
    }
    this.failure = null;
    this.ended = new Promise((resolve) => {
      this.child.on("error", (error) => {
        this.failure = error;
        running.delete(this.child);
        resolve({ code: null, signal: null });
      });
      this.child.on("close", (code, signal) => {
        running.delete(this.child);
        resolve({ code, signal });
      });
    });
  }

  get hasEnded() {
    return this.failure !== null || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  // The most memory that it has had, in bytes.
  get peakMemory() {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    return Number(status.match(/^VmHWM:\s+(\d+) kB$/m)[1]) * 1024;
  }

  // Throws if the program is gone, with its last words.
  assertAlive() {
    if (!this.hasEnded) return;
    const { exitCode, signalCode } = this.child;
    const how = this.failure?.message ?? `exit code ${exitCode}, signal ${signalCode}`;
    throw new Error(`The program ended by itself (${how}). Its last words:\n${this.stderr.slice(-2000)}`);
  }

  signal(name) {
    this.asked = true;
    this.child.kill(name);
  }

  // Ends it, at last by force. Its exit is returned. One that has ended by itself is a failure.
  async stop(signal = "SIGTERM", patience = 10_000) {
    if (!this.asked) this.assertAlive();
    if (!this.hasEnded) this.signal(signal);
    try {
      return await within("the program to stop", this.ended, patience);
    } catch (error) {
      this.child.kill("SIGKILL");
      await this.ended;
      throw error;
    }
  }
}

// Runs a program to its end.
export async function run(command, args, { patience, ...options } = {}) {
  const program = new Program(command, args, options);
  try {
    const { code } = await within(`${args[0]} to end`, program.ended, patience);
    return { code, stdout: program.stdout, stderr: program.stderr };
  } finally {
    if (!program.hasEnded) program.signal("SIGKILL");
  }
}

export async function listening(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

// Very many small requests, by raw connections that each send a batch at a time. Keeps nothing but how
// often each status came.

import net from "node:net";

import { within } from "./poll.mjs";

const BATCH = 25;
const STATUS_LENGTH = "HTTP/1.1 200".length;

// Sends `count` GETs of `path`, each with the headers that `headers()` makes (a text of whole lines),
// until all are answered or `seconds` have passed. Resolves to {status: how often}.
export async function flood(address, path, headers, { count, connections, seconds }) {
  const { hostname, port } = new URL(address);
  const deadline = Date.now() + seconds * 1000;
  const statuses = {};
  let left = count;
  const head = `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n`;

  const connection = async () => {
    const socket = net.connect(port, hostname).setEncoding("latin1");
    let due = 0;
    let rest = "";
    let answered = () => {};
    socket.on("data", (text) => {
      const seen = rest + text;
      let end = 0;
      for (const { 1: status, index } of seen.matchAll(/HTTP\/1\.1 (\d{3})/g)) {
        statuses[status] = (statuses[status] ?? 0) + 1;
        due -= 1;
        end = index + STATUS_LENGTH;
      }
      // A status line may come in two pieces.
      rest = seen.slice(Math.max(end, seen.length - STATUS_LENGTH + 1));
      if (due === 0) answered();
    });
    try {
      while (left > 0 && Date.now() < deadline) {
        const batch = Math.min(BATCH, left);
        left -= batch;
        due = batch;
        const all = new Promise((resolve, reject) => {
          answered = resolve;
          socket.once("error", reject);
          socket.once("close", () => reject(new Error("The connection was closed.")));
        });
        socket.write(Array.from({ length: batch }, () => `${head}${headers()}\r\n`).join(""));
        await within("the answers to a batch", all, 20_000);
        socket.removeAllListeners("error").removeAllListeners("close");
      }
    } finally {
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  return statuses;
}

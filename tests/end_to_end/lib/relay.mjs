// A plain TCP relay between Backlot and an upstream: counts the connections, keeps the bytes that
// went by, and lets Backlot start before the upstream's address is known. While it has no target, connections are closed.

import net from "node:net";

import { atEnd } from "./cleanup.mjs";
import { listening } from "./program.mjs";

const MOST_KEPT = 256 * 1024;

export async function startRelay(t, { mostKept = MOST_KEPT } = {}) {
  const relay = { target: null, connections: 0, open: 0, sent: "" };
  const sockets = new Set();
  const server = net.createServer((inner) => {
    relay.connections += 1;
    relay.open += 1;
    if (relay.target === null) {
      relay.open -= 1;
      inner.destroy();
      return;
    }
    const outer = net.connect(relay.target, "127.0.0.1");
    for (const [one, other] of [[inner, outer], [outer, inner]]) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    inner.on("close", () => {
      relay.open -= 1;
    });
    inner.on("data", (chunk) => {
      if (relay.sent.length < mostKept) relay.sent += chunk.toString("latin1");
    });
    inner.pipe(outer).pipe(inner);
  });
  const port = await listening(server);
  atEnd(t, () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // What is behind it is gone, until `target` is set again.
  const cut = () => {
    relay.target = null;
    for (const socket of sockets) socket.destroy();
  };
  return Object.assign(relay, { address: `http://127.0.0.1:${port}`, port, cut });
}

// Bytes as they are: what no proper client or server would send.

import net from "node:net";

import { atEnd } from "../../lib/cleanup.mjs";
import { deferred, within } from "../../lib/poll.mjs";
import { listening } from "../../lib/program.mjs";

// A third party that answers each request's head with whatever `answer(socket, head, number)` writes. It
// speaks on and on over one connection, as long as nobody closes it; bodies of requests are not read apart.
export async function startRawThirdParty(t, answer) {
  const party = { heads: [], connections: 0, open: 0 };
  const sockets = new Set();
  const server = net.createServer((socket) => {
    party.connections += 1;
    party.open += 1;
    sockets.add(socket);
    let text = "";
    socket.on("error", () => {});
    socket.on("close", () => {
      party.open -= 1;
      sockets.delete(socket);
    });
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (;;) {
        const end = text.indexOf("\r\n\r\n");
        if (end < 0 || !/^[A-Z]+ \S+ HTTP/.test(text)) return;
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        party.heads.push(head);
        answer(socket, head, party.heads.length);
      }
    });
  });
  const port = await listening(server);
  atEnd(t, () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return Object.assign(party, { address: `http://127.0.0.1:${port}`, port });
}

// Sends bytes to a server; resolves to the status and everything that came until it closed, or until
// a whole head and body of the length it says have come.
export async function sendRaw(address, bytes) {
  const { hostname, port } = new URL(address);
  const socket = net.connect(Number(port), hostname);
  const done = deferred();
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    const [head, ...rest] = text.split("\r\n\r\n");
    const length = head.match(/^content-length: (\d+)$/im)?.[1];
    if (length !== undefined && rest.join("\r\n\r\n").length >= Number(length)) done.resolve();
  });
  socket.on("error", done.reject);
  socket.on("close", done.resolve);
  socket.write(bytes);
  try {
    await within("the reply", done.promise);
  } finally {
    socket.destroy();
  }
  return { status: Number(text.match(/^HTTP\/1\.[01] (\d+)/)?.[1]), text };
}

// A reply's body as far as it came, and whether it came to its end: {status, headers, text, whole}.
export async function readAll(address, options) {
  const response = await fetch(address, { redirect: "manual", ...options });
  const chunks = [];
  let whole = true;
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk);
  } catch {
    whole = false;
  }
  const bytes = Buffer.concat(chunks);
  return { status: response.status, headers: response.headers, bytes, text: bytes.toString("utf8"), whole };
}

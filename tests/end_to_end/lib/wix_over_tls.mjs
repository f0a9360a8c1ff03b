// A Wix of the test's own that speaks TLS, and would speak HTTP/2 to whoever asks for it. It gives tokens,
// and lets each test say what else it answers.

import { readFileSync } from "node:fs";
import http2 from "node:http2";
import { join } from "node:path";

import { atEnd } from "./cleanup.mjs";
import { suite } from "./paths.mjs";
import { listening } from "./program.mjs";

const folder = join(suite, "lib/tls");
export const authority = join(folder, "authority.pem");

// `answer(request, response)` is asked for everything but tokens. `seen` holds "HTTP version, path" of each.
export async function startWixOverTls(t, answer) {
  const seen = [];
  const options = {
    allowHTTP1: true,
    key: readFileSync(join(folder, "server.key")),
    cert: readFileSync(join(folder, "server.pem")),
  };
  const sockets = new Set();
  const server = http2.createSecureServer(options, (request, response) => {
    seen.push(`${request.httpVersion} ${request.url}`);
    response.setHeader("content-type", "application/json");
    if (request.url === "/oauth2/token") return response.end(JSON.stringify({ access_token: "a-token", expires_in: 14400 }));
    return answer(request, response);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const port = await listening(server);
  atEnd(t, () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: `https://localhost:${port}`, seen };
}

// A server of the test's own behind Backlot. It remembers what it was asked.

import http from "node:http";

import { atEnd } from "./cleanup.mjs";
import { listening } from "./program.mjs";

const MOST_REMEMBERED = 1000;

// `answer(request, response)` may take the reply over; without it, or where it returns false, the
// request is told back as JSON: {method, url, headers, bytes}.
export async function startUpstream(t, answer = () => false) {
  const seen = [];
  const server = http.createServer((request, response) => {
    const { method, url, headers } = request;
    if (seen.length < MOST_REMEMBERED) seen.push({ method, url, headers });
    if (answer(request, response) === false) tellBack(request, response);
  });
  const port = await listening(server);
  atEnd(t, () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { address: `http://127.0.0.1:${port}`, seen, server };
}

function tellBack(request, response) {
  let bytes = 0;
  request.on("data", (chunk) => {
    bytes += chunk.length;
  });
  request.on("end", () => {
    const { method, url, headers } = request;
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ method, url, headers, bytes }));
  });
}

// A third party of the test's own. It remembers each request whole: its method, path, headers as they
// came, and body.

import http from "node:http";

import { atEnd } from "../../lib/cleanup.mjs";
import { listening } from "../../lib/program.mjs";

const MOST_REMEMBERED = 1000;

// `answer(request, response)` is called when the body is there, as `request.text`. Without it, or where it
// returns false, the request is told back as JSON.
export async function startThirdParty(t, answer = () => false) {
  const seen = [];
  const server = http.createServer(async (request, response) => {
    const { method, url, headers, rawHeaders } = request;
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    request.text = body.toString("utf8");
    const told = { method, url, headers, rawHeaders, body: request.text };
    if (seen.length < MOST_REMEMBERED) seen.push(told);
    if ((await answer(request, response)) === false) answerJson(response, told);
  });
  const port = await listening(server);
  atEnd(t, () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { address: `http://127.0.0.1:${port}`, port, seen, server };
}

export function answerJson(response, value, status = 200, headers = {}) {
  const bytes = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": bytes.length, ...headers });
  response.end(bytes);
}

// What came, with the names in their usual order and without what says nothing: `host` and `connection`
// are always there.
export function sent({ headers }) {
  const { host, connection, ...others } = headers;
  return others;
}

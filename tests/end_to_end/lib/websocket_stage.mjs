// An upstream that speaks WebSocket behind `backlot dev`: it says back what it hears, and remembers
// under which address and headers it was opened.

import { once } from "node:events";

import WebSocket, { WebSocketServer } from "ws";

import { startDev } from "./backlot.mjs";
import { atEnd } from "./cleanup.mjs";
import { within } from "./poll.mjs";
import { startUpstream } from "./upstream.mjs";

export async function startWebSocketStage(t) {
  const upstream = await startUpstream(t);
  const opened = [];
  const sockets = new WebSocketServer({ server: upstream.server });
  sockets.on("connection", (socket, request) => {
    opened.push({ url: request.url, headers: request.headers, socket });
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  atEnd(t, () => sockets.close());
  const config = `
[[api]]
path = "/live"
upstream = "${upstream.address}"
allow = ["owner", "member", "visitor"]
`;
  const backlot = await startDev(t, { config });
  const address = backlot.backend.replace("http://", "ws://");

  // Opens a socket; messages are kept in `heard`, so that none is missed.
  const open = async (path, options) => {
    const socket = new WebSocket(address + path, options);
    atEnd(t, () => socket.terminate());
    socket.heard = [];
    socket.on("message", (data, isBinary) => socket.heard.push(isBinary ? data : data.toString()));
    await within("the handshake", once(socket, "open"));
    return socket;
  };

  // Tries to open one that must be refused; resolves to {status, code}.
  const refused = async (path, options) => {
    const socket = new WebSocket(address + path, options);
    atEnd(t, () => socket.terminate());
    socket.on("error", () => {});
    const [, response] = await within("the refusal", once(socket, "unexpected-response"));
    let text = "";
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode, code: JSON.parse(text).details.applicationError.code };
  };

  return { ...backlot, opened, open, refused };
}

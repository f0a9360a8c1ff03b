// The live clock with an access token: a fetch can set a header, and its body is read as it comes.

import { takeClock } from "./clock_face.js";

// Calls `onData` with each event's data until the stream ends. The demo's events are one line each.
async function readEvents(body, onData) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data:")) onData(line.slice(5).trim());
  }
}

// Resolves once: with the first tick as the text of the answer, or with what came instead.
export function startTokenClock(backend, path, token) {
  const start = performance.now();
  const stop = new AbortController();
  const face = takeClock(() => stop.abort());
  return new Promise((resolve) => {
    const finish = (raw) => resolve({ ...raw, milliseconds: performance.now() - start });
    let answer = null;
    const run = async () => {
      const reply = await fetch(backend + path, { headers: { Authorization: token }, signal: stop.signal });
      answer = { status: reply.status, requestId: reply.headers.get("x-request-id"), text: "" };
      if (!reply.ok) answer.text = await reply.text();
      else await readEvents(reply.body, (data) => {
        face.tick(data);
        finish({ ...answer, text: data });
      });
      finish(answer);
    };
    const fail = (error) => {
      if (!stop.signal.aborted) finish({ failure: `${error.name}: ${error.message}` });
      else finish(answer ?? { failure: "It was stopped before an answer came.", notSent: true });
    };
    run().catch(fail).finally(face.end);
  });
}

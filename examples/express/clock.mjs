// Server-sent events: the time, once a second, until the page leaves. An EventSource cannot set a
// header; the page puts ?instance= into the address, and Backlot takes it out before it gets here.

const SECOND = 1000;

export function clock(request, response) {
  response.set({ "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const tick = () => response.write(`data: ${JSON.stringify({ time: new Date().toISOString() })}\n\n`);
  tick();
  const ticking = setInterval(tick, SECOND);
  response.on("close", () => clearInterval(ticking));
}

// The live clock: an EventSource, which cannot set a header and so has the instance in its address.

import { takeClock } from "./clock_face.js";

// Resolves once: with the first tick, or with null when there is no stream to be had.
export function startClock(backend, path, instance) {
  const source = new EventSource(`${backend}${path}?${new URLSearchParams({ instance })}`);
  return new Promise((resolve) => {
    const face = takeClock(() => {
      source.close();
      resolve(null);
    });
    let ticked = false;
    source.onmessage = (event) => {
      ticked = true;
      face.tick(event.data);
      resolve(event.data);
    };
    source.onerror = () => {
      if (!face.isCurrent()) return;
      if (ticked && source.readyState === EventSource.CONNECTING) face.say("connecting again …");
      else face.end();
    };
  });
}

// An EventSource hides why it was refused; the same address asked with fetch tells.
export async function whyNoClock(backend, path, instance) {
  const start = performance.now();
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 5000);
  try {
    const reply = await fetch(`${backend}${path}?${new URLSearchParams({ instance })}`, { signal: stop.signal });
    const text = reply.ok ? "" : await reply.text();
    return { status: reply.status, requestId: reply.headers.get("x-request-id"), text, milliseconds: performance.now() - start };
  } catch (error) {
    return { failure: `${error.name}: ${error.message}`, milliseconds: performance.now() - start };
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

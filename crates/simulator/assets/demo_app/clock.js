// The live clock: an EventSource, which cannot set a header and so has the instance in its address.

const byId = (id) => document.getElementById(id);
let source = null;

function showStopped(words) {
  source?.close();
  source = null;
  byId("stop-clock").disabled = true;
  byId("clock-count").textContent = words;
}

export function stopClock() {
  if (document.activeElement === byId("stop-clock")) byId("start-clock").focus();
  showStopped("stopped");
}

// Resolves once: with the first tick, or with null when there is no stream to be had.
export function startClock(backend, path, instance) {
  showStopped("connecting …");
  byId("clock-time").textContent = "--:--:--";
  const opened = new EventSource(`${backend}${path}?${new URLSearchParams({ instance })}`);
  source = opened;
  byId("stop-clock").disabled = false;
  let ticks = 0;
  return new Promise((resolve) => {
    opened.onmessage = (event) => {
      ticks += 1;
      const time = new Date(JSON.parse(event.data).time);
      byId("clock-time").textContent = time.toLocaleTimeString();
      byId("clock-count").textContent = ticks === 1 ? "1 tick" : `${ticks} ticks`;
      resolve(event.data);
    };
    opened.onerror = () => {
      if (source !== opened) return;
      if (ticks > 0 && opened.readyState === EventSource.CONNECTING) {
        byId("clock-count").textContent = "connecting again …";
      } else {
        showStopped(ticks ? "ended" : "no stream");
        resolve(null);
      }
    };
    byId("stop-clock").addEventListener("click", () => resolve(null), { once: true });
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

// Inside the sandboxed frame: makes the one call it is told of and reports what happened.
// Not a module: from the origin "null" the browser would not load one.

const home = new URL(location.href).origin;

function report(message) {
  parent.postMessage(message, home);
}

// Where this page's own policy stops the call, the backend had no part in it: say so.
let ownPolicy = "";
document.addEventListener("securitypolicyviolation", (event) => {
  if (event.effectiveDirective === "connect-src") ownPolicy = "The frame's own Content-Security-Policy stopped the call. ";
});

addEventListener("message", async (event) => {
  if (event.source !== parent || event.origin !== home) return;
  const { backend, path, instance } = event.data;
  const start = performance.now();
  const raw = {};
  try {
    const reply = await fetch(backend + path, { headers: { Authorization: instance } });
    raw.status = reply.status;
    raw.requestId = reply.headers.get("x-request-id");
    raw.text = await reply.text();
  } catch (error) {
    raw.failure = `${ownPolicy}${error.name}: ${error.message}`;
  }
  raw.milliseconds = performance.now() - start;
  report({ kind: "done", raw });
});

report({ kind: "ready" });

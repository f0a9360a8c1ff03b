// Makes a call from another origin: a sandboxed frame, whose origin is "null", makes it for us.

const PATIENCE = 20_000;

export function sendFromForeignOrigin({ backend, path, credential }) {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.title = "Frame of another origin";
    frame.setAttribute("sandbox", "allow-scripts");
    frame.hidden = true;

    const finish = (raw) => {
      clearTimeout(timer);
      window.removeEventListener("message", hear);
      frame.remove();
      resolve(raw);
    };
    // "ready" comes first, then what happened. Only this frame is listened to.
    const hear = (event) => {
      if (event.source !== frame.contentWindow || event.origin !== "null") return;
      if (event.data?.kind === "ready") {
        // A sandboxed frame has no address of its own to name, hence the star.
        frame.contentWindow.postMessage({ backend, path, instance: credential }, "*");
      } else if (event.data?.kind === "done") {
        finish(event.data.raw);
      }
    };
    const timer = setTimeout(
      () => finish({ failure: "The sandboxed frame did not report back.", milliseconds: PATIENCE }),
      PATIENCE,
    );
    window.addEventListener("message", hear);
    frame.src = "/sandboxed.html";
    document.body.append(frame);
  });
}

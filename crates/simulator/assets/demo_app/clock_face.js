// The clock on the page: its face, and the one stream that moves it at a time.

const byId = (id) => document.getElementById(id);
let stopCurrent = () => {};

// Takes the place of the stream before. `stop` ends the new one; the answer moves the hands.
export function takeClock(stop) {
  stopCurrent();
  let ticks = 0;
  const isCurrent = () => stopCurrent === stop;
  stopCurrent = stop;
  byId("clock-time").textContent = "--:--:--";
  byId("clock-count").textContent = "connecting …";
  byId("stop-clock").disabled = false;
  return {
    isCurrent,
    tick(data) {
      if (!isCurrent()) return;
      ticks += 1;
      byId("clock-time").textContent = new Date(JSON.parse(data).time).toLocaleTimeString();
      byId("clock-count").textContent = ticks === 1 ? "1 tick" : `${ticks} ticks`;
    },
    say(words) {
      if (isCurrent()) byId("clock-count").textContent = words;
    },
    end() {
      if (isCurrent()) showStopped(ticks ? "ended" : "no stream");
    },
  };
}

function showStopped(words) {
  const stop = stopCurrent;
  stopCurrent = () => {};
  byId("stop-clock").disabled = true;
  byId("clock-count").textContent = words;
  stop();
}

export function stopClock() {
  if (document.activeElement === byId("stop-clock")) byId("start-clock").focus();
  showStopped("stopped");
}

// The events of this site, live, as the app's own server gets them from Backlot.

const list = document.getElementById("events");
const area = document.getElementById("events-area");
const state = document.getElementById("events-state");

function row({ type, entityId, sequence, receivedAt }) {
  const item = document.createElement("li");
  const words = document.createElement("span");
  words.textContent = [type, entityId, sequence === null ? "" : `#${sequence}`].filter(Boolean).join(" ");
  const time = new Date(receivedAt);
  const when = document.createElement("span");
  when.textContent = Number.isNaN(time.getTime()) ? "" : time.toLocaleTimeString();
  item.append(words, when);
  return item;
}

function say(words) {
  state.textContent = words;
  state.hidden = words === "";
}

// An EventSource cannot set a header, so the instance is in its address.
export function startEvents(backend, instance) {
  say("Connecting …");
  const source = new EventSource(`${backend}/api/events?${new URLSearchParams({ instance })}`);
  source.onmessage = ({ data }) => {
    const events = JSON.parse(data).events ?? [];
    list.replaceChildren(...events.map(row));
    say(events.length ? "" : "No events yet.");
    area.scrollTop = area.scrollHeight;
  };
  source.onerror = () => {
    if (source.readyState === EventSource.CONNECTING) say("Connecting again …");
    else say("The events cannot be shown: the backend did not open the stream. Reload the page.");
  };
}

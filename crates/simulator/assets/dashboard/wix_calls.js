// The last calls that Wix got: method, path and status, newest first.

const SHOWN = 50;
const byId = (id) => document.getElementById(id);
let newest = "";

function cell(tag, className, text) {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

function row(call) {
  const tone = call.status === null ? "waiting" : call.status < 400 ? "good" : "bad";
  const item = document.createElement("li");
  item.append(
    cell("span", `call-status call-${tone}`, call.status ?? "waiting"),
    " ",
    cell("code", "call-path", `${call.method} ${call.path}`),
    " ",
    cell("span", "soft", new Date(call.at).toLocaleTimeString()),
  );
  item.title = [call.subjectType, call.instanceId].filter(Boolean).join(" on ");
  return item;
}

// The list is made anew only when it has changed, so that what is being read does not jump.
export function showWixCalls({ total, calls }) {
  const last = calls.slice(-SHOWN).reverse();
  const now = JSON.stringify([total, last.map((call) => call.status)]);
  if (now === newest) return;
  newest = now;
  byId("wix-calls").replaceChildren(...last.map(row));
  byId("wix-calls-total").textContent = total ? `(${total})` : "";
  byId("wix-calls-none").hidden = total > 0;
}

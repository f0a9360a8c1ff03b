// The panel "What Wix hands the page": payload, expiry, the instance itself, an access token and a
// curl line.

import { makeCopyButton } from "./copy.js";
import { countDown } from "./countdown.js";
import { showJson } from "./json_view.js";

const SHORT_TIME = 5 * 60 * 1000;
const byId = (id) => document.getElementById(id);
let stopCountdown = () => {};
const nothing = { instance: "", accessToken: "", curl: "" };
let current = nothing;

function shellQuote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function startHanded(announce) {
  makeCopyButton(byId("copy-instance"), () => current.instance, announce);
  makeCopyButton(byId("copy-access-token"), () => current.accessToken, announce);
  makeCopyButton(byId("copy-curl"), () => current.curl, announce);
  showNothing();
}

function showTexts(payload, expiry) {
  showJson(byId("payload"), payload);
  byId("expires-at").textContent = expiry;
  const texts = [["instance", current.instance], ["access-token", current.accessToken], ["curl", current.curl]];
  for (const [id, text] of texts) {
    byId(id).textContent = text || "–";
    byId(`copy-${id}`).disabled = !text;
  }
}

export function showNothing() {
  stopCountdown();
  current = nothing;
  showTexts("", "–");
  for (const id of ["left", "left-again"]) byId(id).textContent = "–";
  byId("left").className = "left";
}

// `issued` is the API's answer, `accessToken` another one's; `onOver` is called when the instance runs
// out.
export function showHanded(issued, accessToken, backend, onOver) {
  stopCountdown();
  const curl = `curl -H ${shellQuote(`Authorization: ${issued.instance}`)} ${backend}/whoami`;
  current = { instance: issued.instance, accessToken, curl };
  const time = new Date(issued.expiresAt);
  showTexts(JSON.stringify(issued.payload, null, 2), Number.isNaN(time.getTime()) ? String(issued.expiresAt) : time.toLocaleString());
  stopCountdown = countDown(issued.expiresAt, (words, left) => {
    byId("left").textContent = left > 0 ? `expires ${words}` : words;
    byId("left-again").textContent = words;
    byId("left").className = `left ${left <= 0 ? "left-over" : left < SHORT_TIME ? "left-short" : ""}`;
    if (left <= 0) onOver();
  });
}

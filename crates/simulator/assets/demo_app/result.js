// The result panel: one call, as sent and as answered.

import { makeCopyButton } from "./copy.js";
import { showJson } from "./json_view.js";
import { shorten } from "./instance.js";

const byId = (id) => document.getElementById(id);
const part = (name) => byId(`result-${name}`);
let snippet = "";

export function announce(words) {
  byId("announcer").textContent = words;
}

export function startResult() {
  makeCopyButton(byId("copy-code"), () => snippet, announce);
}

// The request in words; a credential is never shown whole.
export function describeRequest({ method, backend, path, origin, credential, remark, inAddress }) {
  const query = inAddress ? `?instance=${shorten(credential)}` : "";
  const lines = [`${method} ${backend}${path}${query}`, `Origin: ${origin}`];
  if (!inAddress && !credential) lines.push("(no Authorization header)");
  else if (!inAddress) lines.push(`Authorization: ${shorten(credential)}${remark ? `  (${remark})` : ""}`);
  return lines.join("\n");
}

function showSnippet(text) {
  snippet = text;
  part("snippet").textContent = text;
  byId("copy-code").disabled = false;
}

// While a call is on its way. The boxes keep their size, so that nothing jumps.
export function showPending(title, code) {
  byId("result").setAttribute("aria-busy", "true");
  byId("result").classList.add("is-waiting");
  part("title").textContent = title;
  part("status").textContent = "…";
  part("status").className = "status";
  part("lesson").className = "lesson";
  part("lesson").textContent = "Waiting for the answer …";
  for (const name of ["code", "request", "body"]) part(name).replaceChildren();
  for (const name of ["request-id", "time"]) part(name).textContent = "–";
  showSnippet(code);
}

export function showRecord(record) {
  byId("result").setAttribute("aria-busy", "false");
  byId("result").classList.remove("is-waiting");
  part("title").textContent = record.title;
  part("lesson").className = `lesson tone-${record.tone}`;
  part("lesson").textContent = record.lesson;
  part("request").textContent = record.request;
  part("request-id").textContent = record.requestId || "not readable";
  part("time").textContent = record.time;
  part("code").textContent = record.code;
  showJson(part("body"), record.shown);
  showSnippet(record.snippet);
  part("status").className = `status tone-${record.tone}`;
  part("status").textContent = String(record.status);
}

// On a narrow page the panel lies below the buttons: bring its head into view.
export function bringIntoView() {
  const top = byId("result").getBoundingClientRect().top;
  if (top < 0 || top > window.innerHeight - 160) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    byId("result").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  }
}

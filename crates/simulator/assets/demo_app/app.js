// The demo app's page: reads its instance, makes the calls behind the buttons, shows the results.

import { calls } from "./calls.js";
import { startClock, whyNoClock } from "./clock.js";
import { stopClock } from "./clock_face.js";
import { countDown } from "./countdown.js";
import { startEvents } from "./events.js";
import { showHistory } from "./history.js";
import { peekInto, readInstance, roleIn, shorten, userIn } from "./instance.js";
import { learnFrom } from "./lessons.js";
import { loadNotes, showNotes } from "./notes.js";
import { isRunning, readAnswer } from "./request.js";
import { announce, bringIntoView, describeRequest, showPending, showRecord, startResult } from "./result.js";
import { startReviews } from "./reviews.js";
import { snippetOf } from "./snippets.js";
import { startTokenClock } from "./token_clock.js";

const byId = (id) => document.getElementById(id);
const instance = readInstance();
let config = {};
let lastCall = 0;

function pick(record) {
  showRecord(record);
  showHistory(record, pick);
}

// Shows `work`, a call on its way, and then what came of it, unless a newer call has begun.
async function perform(call, work) {
  const number = ++lastCall;
  const { backend } = config;
  const snippet = snippetOf(call.id, backend);
  showPending(call.title, snippet);
  bringIntoView();
  let credential = null;
  const raw = await (async () => {
    credential = await call.credential(instance);
    return work(credential);
  })().catch((error) => ({ failure: error.message, notSent: true, milliseconds: 0 }));

  const answer = readAnswer(raw);
  const running = !answer.failure || (await isRunning(backend));
  const learnt = raw.notSent
    ? { tone: "bad", lesson: `Nothing was sent. ${raw.failure}` }
    : learnFrom(call, answer, { origin: call.origin, backend, running });
  const record = {
    ...learnt,
    title: call.title,
    snippet,
    status: answer.status,
    code: answer.code,
    shown: answer.shown,
    requestId: answer.requestId,
    request: raw.notSent ? "(nothing)" : describeRequest({ ...call, backend, credential, inAddress: call.id === "clock" }),
    time: `${answer.milliseconds < 10 ? answer.milliseconds.toFixed(1) : Math.round(answer.milliseconds)} ms`,
    at: new Date(),
  };
  showHistory(record, pick);
  if (number !== lastCall) return answer;
  showRecord(record);
  announce(`${call.title}: ${answer.status}. ${learnt.lesson}`);
  return answer;
}

function performFetch(call, body) {
  const { method, path } = call;
  return perform(call, (credential) => call.send({ backend: config.backend, method, path, credential, body }));
}

function performClock() {
  const { path } = calls.clock;
  return perform(calls.clock, async (credential) => {
    const start = performance.now();
    const tick = await startClock(config.backend, path, credential);
    if (tick) return { status: 200, text: tick, milliseconds: performance.now() - start };
    return whyNoClock(config.backend, path, credential);
  });
}

function performTokenClock() {
  const call = calls["token-clock"];
  return perform(call, (credential) => startTokenClock(config.backend, call.path, credential));
}

// Two buttons submit the form; each names its call.
async function saveNote(event) {
  event.preventDefault();
  const field = byId("note-text");
  const call = calls[event.submitter?.value || "note"];
  const answer = await performFetch(call, { text: field.value });
  if (!Array.isArray(answer.json?.notes)) return;
  field.value = "";
  showNotes(answer.json.notes);
}

function showHand() {
  const payload = peekInto(instance);
  const siteUrl = new URLSearchParams(location.search).get("siteUrl") ?? "";
  byId("hand-site").textContent = URL.canParse(siteUrl) ? new URL(siteUrl).host : siteUrl || "a site";
  byId("hand-role").textContent = roleIn(payload);
  byId("hand-instance").textContent = shorten(instance);
  countDown(payload.expirationDate, (words) => { byId("hand-left").textContent = words; });
}

async function start() {
  try {
    config = await (await fetch("/config.json")).json();
  } catch {
    byId("astray-reason").textContent = "The server of this page does not say where the backend is. Is the simulator still running?";
    byId("to-simulator").hidden = true;
    byId("astray").hidden = false;
    return;
  }
  byId("to-simulator").href = config.simulator;
  byId("astray").hidden = Boolean(instance);
  byId("app").hidden = !instance;
  if (!instance) return;
  showHand();
  startResult();
  for (const button of document.querySelectorAll("[data-call]")) {
    button.addEventListener("click", () => performFetch(calls[button.dataset.call]));
  }
  byId("note-form").addEventListener("submit", saveNote);
  byId("start-clock").addEventListener("click", performClock);
  byId("start-token-clock").addEventListener("click", performTokenClock);
  byId("stop-clock").addEventListener("click", stopClock);
  loadNotes(config.backend, instance);
  startEvents(config.backend, instance);
  const payload = peekInto(instance);
  startReviews({ backend: config.backend, instance, role: roleIn(payload), me: userIn(payload) });
}

start();

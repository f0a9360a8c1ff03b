// The panel "Faults": switches for how Wix misbehaves, and the last calls that Wix got. It is kept up
// to date while it is open: numbers count down, and anybody may change them through the API.

import { changeFaults, loadCalls, loadFaults, resetFaults } from "./api.js";
import { showWixCalls } from "./wix_calls.js";

const EVERY = 1500;
const byId = (id) => document.getElementById(id);
const panel = byId("faults");
const form = byId("faults-form");
const normal = { slowMs: 0, failNext: 0, deadTokens: "inactive", secretExpired: false, uninstalled: false, retryAfter: true };
let instanceId = "";
let known = { ...normal, uninstalled: [] };
let timer = 0;

// As the form shows them: "removed" is about the chosen site only.
function shownOf(faults) {
  return { ...faults, uninstalled: faults.uninstalled.includes(instanceId) };
}

function show(faults) {
  known = faults;
  const shown = shownOf(faults);
  for (const name of Object.keys(normal)) {
    const field = form.elements[name];
    if (field.type === "checkbox") field.checked = Boolean(shown[name]);
    else if (field !== document.activeElement) field.value = shown[name];
  }
  const count = Object.keys(normal).filter((name) => shown[name] !== undefined && shown[name] !== normal[name]).length;
  byId("faults-badge").hidden = count === 0;
  byId("faults-badge").textContent = `${count} on`;
}

function readField(field) {
  if (field.type === "number") return field.valueAsNumber;
  if (field.name !== "uninstalled") return field.type === "checkbox" ? field.checked : field.value;
  const others = known.uninstalled.filter((id) => id !== instanceId);
  return field.checked ? [...others, instanceId] : others;
}

// Does it, shows what came of it, and says what went wrong.
async function attempt(work) {
  try {
    show(await work());
    byId("fault-trouble").textContent = "";
    return true;
  } catch (error) {
    byId("fault-trouble").textContent = error.message;
    return false;
  }
}

async function refresh() {
  clearTimeout(timer);
  if (!panel.open || document.hidden) return;
  if (await attempt(loadFaults)) await loadCalls().then(showWixCalls, () => {});
  clearTimeout(timer);
  timer = setTimeout(refresh, EVERY);
}

// The faults as they are for another site.
export function showFaultsOf(chosenInstanceId) {
  instanceId = chosenInstanceId;
  show(known);
}

export function startFaults(announce) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", async ({ target }) => {
    if (!target.reportValidity()) return;
    if (await attempt(() => changeFaults({ [target.name]: readField(target) }))) announce("The fault is set.");
  });
  byId("fault-reset").addEventListener("click", async () => {
    if (await attempt(resetFaults)) announce("All faults are off.");
  });
  panel.addEventListener("toggle", refresh);
  document.addEventListener("visibilitychange", refresh);
  attempt(loadFaults);
}

// The panel "Webhooks": sends events as Wix does, and shows what became of them. It is kept up to date while it is open.

import { forgetWebhooks, loadEvents, loadWebhooks, sendWebhookAgain, sendWebhooks } from "./api.js";
import { makeCopyButton } from "./copy.js";
import { fillTypes, readForm, showSample, showSites, startForm } from "./webhooks_form.js";
import { showTable } from "./webhooks_table.js";

const EVERY = 1000;
const FIRST_TYPE = "wix.contacts.v4.contact_created";
const byId = (id) => document.getElementById(id);
const panel = byId("webhooks");
const form = byId("webhooks-form");
let timer = 0;
let publicKey = "";

// Does it, and says what went wrong. Resolves to undefined then.
async function attempt(work) {
  try {
    const result = await work();
    byId("webhook-trouble").textContent = "";
    return result;
  } catch (error) {
    byId("webhook-trouble").textContent = error.message;
    return undefined;
  }
}

function show(state) {
  publicKey = state.publicKey ?? "";
  byId("webhooks-to").textContent = state.to;
  byId("webhook-key").textContent = publicKey.replaceAll(/-----.*?-----|\s/g, "") || "–";
  byId("copy-webhook-key").disabled = !publicKey;
  byId("webhook-key-note").hidden = state.isAppKey;
  const waiting = state.webhooks.filter(({ state }) => state === "waiting").length;
  byId("webhooks-badge").hidden = waiting === 0;
  byId("webhooks-badge").textContent = `${waiting} waiting`;
  showTable(state, async (id) => {
    await attempt(() => sendWebhookAgain(id));
    refresh();
  });
}

async function refresh() {
  clearTimeout(timer);
  if (!panel.open || document.hidden) return;
  await loadWebhooks().then(show, () => {});
  clearTimeout(timer);
  timer = setTimeout(refresh, EVERY);
}

async function submit(announce) {
  byId("webhook-send").disabled = true;
  const sent = await attempt(async () => (await sendWebhooks(readForm(form))).webhooks);
  byId("webhook-send").disabled = false;
  await refresh();
  if (!sent) return;
  const good = sent.filter(({ state }) => state === "delivered").length;
  announce(`${sent.length} sent, ${good} answered with 200.`);
}

// The chosen site is the webhook's, too, unless another one is chosen here.
export function showWebhooksOf(instanceId) {
  form.elements.instanceId.value = instanceId;
}

export async function startWebhooks(sites, announce) {
  showSites(form, sites);
  startForm(form, attempt);
  makeCopyButton(byId("copy-webhook-key"), () => publicKey, announce);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(announce);
  });
  byId("webhooks-forget").addEventListener("click", async () => {
    if (await attempt(forgetWebhooks)) announce("All webhooks are forgotten.");
    refresh();
  });
  panel.addEventListener("toggle", refresh);
  document.addEventListener("visibilitychange", refresh);
  const listed = await attempt(loadEvents);
  if (!listed) return;
  fillTypes(form, listed.events);
  if (!form.elements.type.value) form.elements.type.value = FIRST_TYPE;
  await attempt(() => showSample(form));
}

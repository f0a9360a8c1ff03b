// The form of the panel "Webhooks". A sample that was not changed is sent by its number, so that the simulator puts the
// current ids and times into it.

import { loadEvent } from "./api.js";

const byId = (id) => document.getElementById(id);
let known = new Map();
let shown = { type: "", text: "" };

function option(value, text = value) {
  return Object.assign(document.createElement("option"), { value, textContent: text });
}

export function fillTypes(form, events) {
  known = new Map(events.map((event) => [event.type, event]));
  byId("webhook-types").replaceChildren(...events.map(({ type }) => option(type)));
}

export function showSites(form, sites) {
  const { value } = form.elements.instanceId;
  form.elements.instanceId.replaceChildren(...sites.map(({ instanceId, siteName }) => option(instanceId, siteName)));
  if (value) form.elements.instanceId.value = value;
}

// Shows the sample of the chosen type, and the fields that its events have.
export async function showSample(form) {
  const { type, sample, data, entityId, sequence } = form.elements;
  const event = known.get(type.value.trim());
  // The type of an entity's event ends in the entity's name and the slug.
  const isFlat = event ? event.kind === "flat" : !/\.[^.]*_[^.]*$/.test(type.value.trim());
  for (const field of [entityId, sequence]) field.disabled = isFlat;
  if (!event) {
    sample.replaceChildren(option("1"));
    return;
  }
  if (shown.type !== event.type) {
    sample.replaceChildren(...Array.from({ length: event.samples }, (_, index) => option(String(index + 1))));
  }
  const { samples } = await loadEvent(event.type);
  // Another type may have been chosen meanwhile.
  if (type.value.trim() !== event.type) return;
  const chosen = samples[Number(sample.value) - 1];
  shown = { type: event.type, text: JSON.stringify(chosen, null, 2) };
  data.value = shown.text;
  entityId.placeholder = chosen.entityId ?? "";
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The payload is not JSON: ${error.message}`);
  }
}

// What the simulator's API takes.
export function readForm(form) {
  const { type, sample, instanceId, entityId, sequence, data, count, repeat, speed, shuffle, wrongKey } = form.elements;
  const wish = {
    type: type.value.trim(),
    instanceId: instanceId.value,
    sample: Number(sample.value),
    count: count.valueAsNumber,
    repeat: repeat.valueAsNumber,
    speed: speed.valueAsNumber,
    shuffle: shuffle.checked,
    wrongKey: wrongKey.checked,
  };
  if (!entityId.disabled && entityId.value.trim()) wish.entityId = entityId.value.trim();
  if (!sequence.disabled && sequence.value) wish.sequence = sequence.valueAsNumber;
  const isSample = wish.type === shown.type && data.value === shown.text;
  if (!isSample && data.value.trim()) wish.data = parse(data.value);
  return wish;
}

export function startForm(form, attempt) {
  const again = () => attempt(() => showSample(form));
  form.elements.type.addEventListener("change", again);
  form.elements.sample.addEventListener("change", again);
  byId("webhook-reset").addEventListener("click", again);
}

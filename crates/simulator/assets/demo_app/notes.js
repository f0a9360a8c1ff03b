// The notes of this site, as the app's own server keeps them.

import { readAnswer, send } from "./request.js";

const list = document.getElementById("notes");
const area = document.getElementById("notes-area");
const state = document.getElementById("notes-state");

function row({ text, by, at }) {
  const item = document.createElement("li");
  const words = document.createElement("span");
  words.textContent = text;
  const origin = document.createElement("span");
  const time = new Date(at);
  origin.textContent = [by && String(by).slice(0, 8), Number.isNaN(time.getTime()) ? "" : time.toLocaleTimeString()].filter(Boolean).join(" · ");
  item.append(words, origin);
  return item;
}

export function showNotes(notes) {
  list.replaceChildren(...notes.map(row));
  state.textContent = notes.length ? "" : "No notes on this site yet.";
  state.hidden = notes.length > 0;
  area.scrollTop = area.scrollHeight;
}

// Asked for quietly when the page opens: this is no call of the person's.
export async function loadNotes(backend, instance) {
  const answer = readAnswer(await send({ backend, path: "/api/notes", credential: instance }));
  if (answer.status === 200 && Array.isArray(answer.json?.notes)) return showNotes(answer.json.notes);
  state.hidden = false;
  state.textContent = `The notes cannot be shown: ${answer.message || answer.failure || `status ${answer.status}`}`;
}

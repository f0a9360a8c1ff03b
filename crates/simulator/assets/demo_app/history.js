// The last calls of this page: newest first, each a button that shows its result again.

const KEPT = 8;
const list = document.getElementById("history");
const none = document.getElementById("history-none");
let records = [];

function row(record, current, onPick) {
  const button = document.createElement("button");
  button.type = "button";
  if (record === current) button.setAttribute("aria-current", "true");
  const cells = [record.status, record.title, record.at.toLocaleTimeString(), record.time];
  for (const text of cells) {
    const cell = document.createElement("span");
    cell.textContent = text;
    button.append(cell, " ");
  }
  button.firstElementChild.className = `status tone-${record.tone}`;
  button.addEventListener("click", () => onPick(record));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

// Marks `current` as the one that is shown; a new one is put on top.
export function showHistory(current, onPick) {
  if (current && !records.includes(current)) records = [current, ...records].slice(0, KEPT);
  const focused = [...list.children].findIndex((item) => item.contains(document.activeElement));
  list.replaceChildren(...records.map((record) => row(record, current, onPick)));
  if (focused >= 0) list.children[focused]?.firstElementChild.focus();
  none.hidden = records.length > 0;
}

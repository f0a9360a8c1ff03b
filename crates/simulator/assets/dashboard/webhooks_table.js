// The table of the webhooks that were sent, newest first. Rows stay the same elements, so that focus and selection stay.

const byId = (id) => document.getElementById(id);
const rows = new Map();

const states = {
  queued: ["waiting", "queued"],
  sending: ["waiting", "sending"],
  delivered: ["good", "delivered"],
  waiting: ["bad", "will be sent again"],
  givenUp: ["bad", "given up"],
};

function element(tag, className, ...content) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...content);
  return made;
}

function makeRow(webhook, sendAgain) {
  const { id, type, eventId, entityId, sequence, isRepeat, isWrongKey } = webhook;
  const marks = [isRepeat && "repeat", isWrongKey && "wrong key", sequence && `sequence ${sequence}`].filter(Boolean);
  const event = element("th", "webhook-event", element("code", "", type));
  event.scope = "row";
  event.title = [eventId && `event ${eventId}`, entityId && `entity ${entityId}`].filter(Boolean).join(", ");
  if (marks.length > 0) event.append(element("span", "soft small", marks.join(", ")));
  const button = element("button", "button button-small", "Send again");
  button.type = "button";
  button.setAttribute("aria-label", `Send again: ${type}`);
  button.addEventListener("click", () => sendAgain(id));
  const cells = [element("td", ""), element("td", "webhook-answers"), element("td", "webhook-next"), element("td", "", button)];
  const row = element("tr", "", event, ...cells);
  row.dataset.testid = "webhook-row";
  return { row, cells, seen: "" };
}

function answerOf({ status, error, durationMs }) {
  return status === null ? error : `${status} (${durationMs} ms)`;
}

function update({ cells: [state, answers, next] }, webhook) {
  const [tone, words] = states[webhook.state] ?? ["waiting", webhook.state];
  state.replaceChildren(element("span", `call-status call-${tone}`, words));
  answers.textContent = webhook.attempts.map(answerOf).join(", ");
  next.textContent = webhook.nextAttemptAt ? new Date(webhook.nextAttemptAt).toLocaleTimeString() : "";
}

export function showTable({ total, webhooks }, sendAgain) {
  const ids = new Set(webhooks.map(({ id }) => id));
  for (const [id, { row }] of rows) {
    if (ids.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  for (const webhook of webhooks) {
    if (!rows.has(webhook.id)) {
      rows.set(webhook.id, makeRow(webhook, sendAgain));
      byId("webhooks-rows").prepend(rows.get(webhook.id).row);
    }
    const known = rows.get(webhook.id);
    const now = JSON.stringify([webhook.state, webhook.attempts.length, webhook.nextAttemptAt]);
    if (now !== known.seen) update(known, webhook);
    known.seen = now;
  }
  byId("webhooks-total").textContent = total ? `(${total})` : "";
  byId("webhooks-none").hidden = webhooks.length > 0;
  byId("webhooks-table").hidden = webhooks.length === 0;
}

// The one sentence beneath a result that says what this call shows.

const shortId = (id) => (id ? String(id).slice(0, 8) : "unknown");

const WHO = { owner: "the site's owner", member: "a member", visitor: "a visitor", app: "the app itself" };
const who = ({ role, instanceId }) => `${WHO[role] ?? "a known caller"}, on instance ${shortId(instanceId)}`;

const listed = (notes) => (notes.length === 1 ? "the one note" : `the ${notes.length} notes`);

const NO_TICK = "The server said yes, but no tick came: it was stopped early, or the answer is no event stream.";

const wixSays = ({ instance = {}, site = {} }) =>
  `${site.siteDisplayName ?? "a site"}, ${instance.isFree === false ? `on the plan ${instance.billing?.packageName}` : "free of charge"}.`;

const lessons = {
  whoami: (caller) => `Backlot checked the signature by itself and knows the caller: ${who(caller)}.`,
  hello: ({ caller = {} }) => `Your own server was called, with the caller already checked: ${who(caller)}.`,
  "wix-instance": (answer) => `Backlot called Wix as the app on this instance, and Wix says: ${wixSays(answer)}`,
  note: ({ notes = [] }) => `Your own server saved it and lists ${listed(notes)} of this site; other sites see only theirs.`,
  clock: ({ time }) =>
    time ? "The stream is open. An EventSource cannot set a header, so the instance goes into the address, and Backlot checks it there." : NO_TICK,
  "token-whoami": (caller) => `Only Wix can check a token, so Backlot asked Wix, and remembers the answer for a while: ${who(caller)}.`,
  "token-hello": ({ caller = {} }) => `The same call with a token: your own server is told the same of the caller, ${who(caller)}.`,
  "token-wix-instance": (answer) =>
    `The page's token only said who calls; Backlot called Wix with the app's own, and Wix says: ${wixSays(answer)}`,
  "token-note": ({ notes = [] }) => `Token or instance, it is the same site: your own server lists ${listed(notes)} of it.`,
  "token-clock": ({ time }) => (time ? "The stream is open. A fetch can set a header, so the token stays out of the address." : NO_TICK),
};

const closed = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

function blockedLesson({ origin, backend, running, failure }) {
  if (failure.includes("Content-Security-Policy")) return "The frame's own policy stopped the call before it left the browser; the backend was never asked.";
  if (!running) return `No answer: nothing is listening at ${backend}. Start the backend and try again.`;
  return `The browser blocked it: the origin "${origin}" is not on the backend's list, so a page there may not read the answer. Remedy: add the page's origin to cors.origins in backlot.toml.`;
}

// `tone` is "good", "bad" or "blocked"; `lesson` the sentence.
export function learnFrom(call, answer, setting) {
  if (answer.failure) return { tone: "blocked", lesson: blockedLesson({ ...setting, failure: answer.failure }) };
  if (answer.status >= 500) return { tone: "bad", lesson: `Failed because: ${closed(answer.message || `the server answered ${answer.status}`)}` };
  if (answer.status >= 400) return { tone: "bad", lesson: `Refused because: ${closed(answer.message || `the server answered ${answer.status} without a reason`)}` };
  if (call.wrong) return { tone: "good", lesson: "This was let in, although it should have been refused. Look at the backend's settings." };
  return { tone: "good", lesson: lessons[call.id](answer.json ?? {}) };
}

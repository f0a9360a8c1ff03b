// The reviews on the page: one article each, with what its author may do.

const list = document.getElementById("reviews");

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function stars(rating) {
  const shown = element("span", "stars");
  const full = Math.max(0, Math.min(5, Math.round(rating) || 0));
  shown.setAttribute("role", "img");
  shown.setAttribute("aria-label", `${full} of 5 stars`);
  shown.append("★".repeat(full), element("span", "stars-missing", "★".repeat(5 - full)));
  return shown;
}

function button(words, review, testId, act) {
  const made = element("button", "button button-small", words);
  made.type = "button";
  made.dataset.testid = testId;
  made.setAttribute("aria-label", `${words}: ${review.title}`);
  made.addEventListener("click", () => act(made));
  return made;
}

// The second press within the focus removes: a frame of another origin may not open a dialog. Both words take the
// same room: what stands beside the button must not move away from under the pointer when the question is taken back.
function removeButton(review, remove) {
  const made = button("", review, "review-delete", async () => {
    if (!made.classList.contains("button-sure")) return ask();
    made.disabled = true;
    await remove(review);
    made.disabled = false;
  });
  made.classList.add("button-twice");
  made.append(element("span", "twice-ask", "Delete"), element("span", "twice-sure", "Really delete"));
  const say = (words) => made.setAttribute("aria-label", `${words}: ${review.title}`);
  const ask = () => {
    // Where a press does not bring the focus, nothing would take the question back.
    made.focus();
    made.classList.add("button-sure");
    say("Really delete");
  };
  made.addEventListener("blur", () => {
    made.classList.remove("button-sure");
    say("Delete");
  });
  say("Delete");
  return made;
}

function row(review, { me, role, edit, remove }) {
  const isMine = Boolean(me) && review._owner === me;
  const item = element("li", "review");
  item.dataset.testid = "review";
  const head = element("div", "review-head");
  head.append(stars(review.rating), element("h3", "review-title", review.title));
  item.append(head);
  if (review.text) item.append(element("p", "review-text", review.text));
  const foot = element("div", "review-foot");
  const by = isMine ? "you" : `${String(review._owner ?? "somebody").slice(0, 8)}`;
  const facts = [review.product, `by ${by}`, review._createdDate?.toLocaleString?.([], { dateStyle: "medium", timeStyle: "short" })];
  foot.append(element("p", "soft small", facts.filter(Boolean).join(" · ")));
  if (isMine || role === "owner") {
    const acts = element("div", "review-acts");
    acts.append(button("Edit", review, "review-edit", () => edit(review)), removeButton(review, remove));
    foot.append(acts);
  }
  item.append(foot);
  return item;
}

let shown = new Map();

// A row that says what it said stays where it is, so that a press on one of its buttons is not lost to a list that is
// made anew meanwhile.
export function showReviews(reviews, setting) {
  const before = shown;
  shown = new Map(reviews.map((review) => {
    const key = JSON.stringify(review);
    return [key, before.get(key) ?? row(review, setting)];
  }));
  for (const [key, item] of before) if (!shown.has(key)) item.remove();
  let next = list.firstElementChild;
  for (const item of shown.values()) {
    if (item === next) next = next.nextElementSibling;
    else list.insertBefore(item, next);
  }
}

// Where the keyboard was is gone: it goes on at a row, or at the list where there is no such row.
export function focusList(place) {
  const rest = [...list.children].slice(place ?? list.children.length);
  const target = rest.map((item) => item.querySelector("button")).find(Boolean) ?? list;
  target.focus({ preventScroll: true });
}

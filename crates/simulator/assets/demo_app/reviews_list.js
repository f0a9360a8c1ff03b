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

// The second press within the focus removes: a frame of another origin may not open a dialog.
function removeButton(review, remove) {
  const made = button("Delete", review, "review-delete", () => {
    if (made.classList.contains("button-sure")) return remove(review);
    made.classList.add("button-sure");
    made.textContent = "Really delete";
    made.setAttribute("aria-label", `Really delete: ${review.title}`);
  });
  made.addEventListener("blur", () => {
    made.classList.remove("button-sure");
    made.textContent = "Delete";
    made.setAttribute("aria-label", `Delete: ${review.title}`);
  });
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

export function showReviews(reviews, setting) {
  list.replaceChildren(...reviews.map((review) => row(review, setting)));
}

// Where the keyboard was is gone: it goes on at a row, or at the list where there is no such row.
export function focusList(place) {
  const rest = [...list.children].slice(place ?? list.children.length);
  const target = rest.map((item) => item.querySelector("button")).find(Boolean) ?? list;
  target.focus({ preventScroll: true });
}

// The form: for a new review, or for one that is being changed.

const byId = (id) => document.getElementById(id);
const form = byId("review-form");
const fields = ["title", "product", "text"];
let changed = null;

function show(review) {
  changed = review;
  for (const name of fields) form.elements[name].value = review?.[name] ?? "";
  form.elements.rating.value = String(review?.rating ?? 5);
  byId("review-form-title").textContent = review ? "Change a review" : "Write a review";
  byId("review-save").textContent = review ? "Save the change" : "Add the review";
  byId("review-cancel").hidden = !review;
}

export function editReview(review) {
  show(review);
  form.elements.title.focus();
}

export const clearForm = () => show(null);

export const isChanging = (review) => changed?._id === review._id;

// `save` takes the whole review, with an `_id` where it is there already; true when it is kept.
export function startForm(save) {
  clearForm();
  byId("review-cancel").addEventListener("click", () => {
    clearForm();
    form.elements.title.focus();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const review = { ...changed, rating: Number(form.elements.rating.value) };
    for (const name of fields) review[name] = form.elements[name].value.trim();
    byId("review-save").disabled = true;
    const kept = await save(review);
    byId("review-save").disabled = false;
    if (kept) clearForm();
    form.elements.title.focus();
  });
}

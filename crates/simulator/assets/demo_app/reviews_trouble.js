// What went wrong with a call of the client's, in words that a person can read.

// At the form, or at the list.
const places = ["form", "list"].map((place) => document.getElementById(`reviews-${place}-error`));

function words(error) {
  const { applicationError, validationError } = error?.details ?? {};
  const violations = validationError?.fieldViolations ?? [];
  if (violations.length) return violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  if (applicationError?.description) return applicationError.description;
  if (error instanceof TypeError) return "The backend gave no answer that this page may read. Is it running?";
  return error?.message || String(error);
}

export function showTrouble(place, what, error) {
  const shown = document.getElementById(`reviews-${place}-error`);
  shown.textContent = `${what} ${words(error)}`;
  shown.hidden = false;
}

export function forgetTrouble() {
  for (const shown of places) {
    shown.hidden = true;
    shown.textContent = "";
  }
}

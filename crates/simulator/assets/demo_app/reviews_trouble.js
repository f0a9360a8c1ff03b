// What went wrong with a call of the client's, in words that a person can read.

const shown = document.getElementById("reviews-error");

function words(error) {
  const { applicationError, validationError } = error?.details ?? {};
  const violations = validationError?.fieldViolations ?? [];
  if (violations.length) return violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  if (applicationError?.description) return applicationError.description;
  if (error instanceof TypeError) return "The backend gave no answer that this page may read. Is it running?";
  return error?.message || String(error);
}

export function showTrouble(what, error) {
  shown.textContent = `${what} ${words(error)}`;
  shown.hidden = false;
}

export function forgetTrouble() {
  shown.hidden = true;
  shown.textContent = "";
}

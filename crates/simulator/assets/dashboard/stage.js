// The stage: shows the app page in its frame, or that one must wait, or what went wrong.

const stage = document.getElementById("stage");
const wait = document.getElementById("wait");
const trouble = document.getElementById("trouble");

function appFrame() {
  return document.getElementById("app-frame");
}

export function showWaiting() {
  stage.setAttribute("aria-busy", "true");
  trouble.replaceChildren();
  wait.hidden = false;
}

// A fresh frame for each address, so that the browser's back button does not walk through old ones.
// `onReload` is called when the page has loaded again by itself.
export function showPage(address, title, onReload) {
  const old = appFrame();
  const fresh = old.cloneNode();
  fresh.hidden = false;
  fresh.title = title;
  fresh.src = address;
  let isOpen = false;
  fresh.addEventListener("load", () => {
    stage.setAttribute("aria-busy", "false");
    wait.hidden = true;
    if (isOpen) onReload();
    isOpen = true;
  });
  trouble.replaceChildren();
  old.replaceWith(fresh);
}

function paragraph(parts, className = "") {
  const made = document.createElement("p");
  made.className = className;
  made.append(...parts);
  return made;
}

// `paragraphs` are lists of texts and elements.
export function showTrouble(title, paragraphs, tryAgain) {
  const heading = document.createElement("h2");
  heading.textContent = title;
  const again = document.createElement("button");
  again.type = "button";
  again.className = "button button-main";
  again.textContent = "Try again";
  again.addEventListener("click", tryAgain);
  stage.setAttribute("aria-busy", "false");
  wait.hidden = true;
  appFrame().hidden = true;
  appFrame().removeAttribute("src");
  trouble.replaceChildren(heading, ...paragraphs.map((parts) => paragraph(parts)), again);
}

// The words of an error of the API's, for `showTrouble`.
export function wordsOf(error) {
  if (!error.code) return [[error.message]];
  const code = Object.assign(document.createElement("code"), { textContent: error.code });
  return [[error.message], ["Code: ", code]];
}

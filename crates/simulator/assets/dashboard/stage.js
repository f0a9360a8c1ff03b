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
export function showPage(address) {
  const old = appFrame();
  const fresh = old.cloneNode();
  fresh.hidden = false;
  fresh.src = address;
  fresh.addEventListener("load", () => {
    stage.setAttribute("aria-busy", "false");
    wait.hidden = true;
  });
  trouble.replaceChildren();
  old.replaceWith(fresh);
}

export function showTrouble(title, error, tryAgain) {
  const heading = document.createElement("h2");
  heading.textContent = title;
  const reason = document.createElement("p");
  reason.textContent = error.message;
  const again = document.createElement("button");
  again.type = "button";
  again.className = "button button-main";
  again.textContent = "Try again";
  again.addEventListener("click", tryAgain);
  const parts = [heading, reason];
  if (error.code) {
    const code = document.createElement("p");
    code.className = "soft small";
    code.append("Code: ", Object.assign(document.createElement("code"), { textContent: error.code }));
    parts.push(code);
  }
  stage.setAttribute("aria-busy", "false");
  wait.hidden = true;
  appFrame().hidden = true;
  appFrame().removeAttribute("src");
  trouble.replaceChildren(...parts, again);
}

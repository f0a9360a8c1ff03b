// Whether the app's page is there: a question that needs no permission of the page's, since only whether an answer
// comes counts, and nothing of it can be read.

const PATIENCE = 5000;

// A page that takes long is taken to be there: its frame shows how it comes.
export async function isAppPageRunning(address) {
  let leadsElsewhere = false;
  const hear = (event) => {
    if (event.effectiveDirective === "connect-src") leadsElsewhere = true;
  };
  document.addEventListener("securitypolicyviolation", hear);
  try {
    await fetch(address, { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    return true;
  } catch (error) {
    // The word about a redirect to another origin, which this page's policy stops, comes after the failure.
    await new Promise((resolve) => setTimeout(resolve));
    return error.name === "TimeoutError" || leadsElsewhere;
  } finally {
    document.removeEventListener("securitypolicyviolation", hear);
  }
}

const code = (text) => Object.assign(document.createElement("code"), { textContent: text });

// What is not running, and how to start it: a title, and paragraphs of texts and elements.
export function howToStart({ app, appPage, appPageIsOwn }) {
  const nothing = ["Nothing answers at ", code(appPage), "."];
  const again = ["It opens here by itself as soon as it answers."];
  if (!appPageIsOwn) {
    const remedy = ["The demo's page comes from ", code("backlot dev"), " itself. If that has ended, start it again."];
    return { title: `The page of ${app.name} is not running`, paragraphs: [nothing, remedy, again] };
  }
  const start = [
    "Start your app's dev server: with the Wix CLI, ", code("npm run dev"), " in the app's folder. If it listens elsewhere, correct ",
    code("app_page"), " under ", code("[dev]"), " in ", code("backlot.toml"), "; without that line the demo's page is shown.",
  ];
  return { title: `The page of ${app.name} is not running`, paragraphs: [nothing, start, again] };
}

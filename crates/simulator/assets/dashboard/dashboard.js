// The dashboard page: loads the sites, keeps the choice, asks for an instance and opens the app page.

import { howToStart, isAppPageRunning } from "./app_page.js";
import { issueAccessToken, issueInstance, loadWorld } from "./api.js";
import { currentChoice, currentWish, shortId, startChoice } from "./choice.js";
import { showFaultsOf, startFaults } from "./faults.js";
import { showHanded, showNothing, startHanded } from "./handed.js";
import { showPage, showTrouble, showWaiting, wordsOf } from "./stage.js";
import { showWebhooksOf, startWebhooks } from "./webhooks.js";

const LOOKS_AGAIN_AFTER = 2000;

const byId = (id) => document.getElementById(id);
let world;
let lastRequest = 0;

function announce(words) {
  byId("announcer").textContent = words;
}

function showTopBar() {
  const { site, role, userId, userLabel, plan } = currentChoice();
  byId("site-name").textContent = site.siteName;
  byId("site-name").title = site.siteName;
  byId("site-url").textContent = site.siteUrl;
  byId("plan-badge").hidden = false;
  byId("plan-badge").textContent = plan ?? "free";
  byId("plan-badge").className = plan ? "badge" : "badge badge-free";
  byId("person-role").textContent = userLabel;
  byId("person-id").textContent = userId ? shortId(userId) : "no user id";
  byId("person-id").title = userId;
  byId("face").textContent = role[0].toUpperCase();
  byId("face").className = `face face-${role}`;
  document.title = `${world.app.name} on ${site.siteName} · Backlot simulator`;
}

// Only the newest request counts: an answer that comes late must not bring back an old choice.
async function openPage() {
  const request = ++lastRequest;
  const { site, userLabel } = currentChoice();
  showTopBar();
  showFaultsOf(site.instanceId);
  showWebhooksOf(site.instanceId);
  showWaiting();
  try {
    const wish = currentWish();
    const [issued, { accessToken }, isRunning] = await Promise.all([
      issueInstance(wish),
      issueAccessToken(wish),
      isAppPageRunning(world.appPage),
    ]);
    if (request !== lastRequest) return;
    showHanded(issued, accessToken, world.backend, () => announce("The instance has run out. Issue a new one."));
    byId("link-alone").href = issued.appUrl;
    if (!isRunning) {
      waitForPage(request);
      return;
    }
    showPage(issued.appUrl, world.app.name, lookAgain);
    announce(`${site.siteName}: ${world.app.name} is open as ${userLabel}.`);
  } catch (error) {
    if (request !== lastRequest) return;
    showNothing();
    byId("link-alone").href = world.appPage;
    showTrouble("No instance was issued", wordsOf(error), openPage);
  }
}

// A page that has loaded again may have met nothing: then its frame shows the browser's own words.
async function lookAgain() {
  const request = lastRequest;
  if (!(await isAppPageRunning(world.appPage)) && request === lastRequest) waitForPage(request);
}

// Says that the page is not there, and opens it when it is; a hidden tab does not ask.
async function waitForPage(request) {
  const { title, paragraphs } = howToStart(world);
  showTrouble(title, paragraphs, openPage);
  do {
    await new Promise((resolve) => setTimeout(resolve, LOOKS_AGAIN_AFTER));
    if (request !== lastRequest) return;
  } while (document.hidden || !(await isAppPageRunning(world.appPage)));
  if (request === lastRequest) openPage();
}

async function start() {
  showWaiting();
  byId("issue").disabled = true;
  try {
    world = await loadWorld();
    if (world.sites.length === 0) throw new Error("The simulator knows no site on which the app is installed.");
  } catch (error) {
    showTrouble("The sites could not be loaded", wordsOf(error), start);
    return;
  }
  byId("issue").disabled = false;
  byId("app-name").textContent = world.app.name;
  byId("link-alone").firstChild.data = `${world.app.name} on its own `;
  byId("link-admin").href = world.admin;
  startWebhooks(world.sites, announce);
  startChoice(world, openPage);
  openPage();
}

byId("issue").addEventListener("click", openPage);
for (const link of document.querySelectorAll('a[href="#stage"]')) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    byId("stage").focus();
  });
}
startHanded(announce);
startFaults(announce);
start();

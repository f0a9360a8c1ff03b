// Who opens the page: the selects of the side bar, and the same choice in the page's address.

const FREE = "";
const fields = {};
for (const name of ["site", "role", "user", "plan"]) fields[name] = document.getElementById(name);
let world = { sites: [] };

export function shortId(id) {
  return id.length > 13 ? `${id.slice(0, 8)}…` : id;
}

function usersOf(site, role) {
  if (role === "owner") return [site.ownerId];
  return (role === "member" ? site.memberIds : site.visitorIds) ?? [];
}

function fill(select, options, wanted) {
  select.replaceChildren(...options.map(([value, label]) => new Option(label, value)));
  select.value = options.some(([value]) => value === wanted) ? wanted : options[0][0];
}

function fillUsers(wanted) {
  const role = fields.role.value;
  const word = role[0].toUpperCase() + role.slice(1);
  const users = usersOf(chosenSite(), role);
  const options = users.map((id, index) => [id, users.length > 1 ? `${word} ${index + 1}` : word]);
  fill(fields.user, options.length ? options : [["", word]], wanted);
  fields.user.disabled = options.length < 2;
}

function fillPlans(wanted) {
  const own = chosenSite().plan ?? FREE;
  const plans = new Set([FREE, "pro", ...world.sites.map((site) => site.plan ?? FREE)]);
  fill(fields.plan, [...plans].map((plan) => [plan, plan || "free"]), wanted ?? own);
}

function chosenSite() {
  return world.sites.find((site) => site.siteId === fields.site.value);
}

// Everything that is chosen now; `plan` is null on a free site.
export function currentChoice() {
  return {
    site: chosenSite(),
    role: fields.role.value,
    userId: fields.user.value,
    userLabel: fields.user.selectedOptions[0].text,
    plan: fields.plan.value || null,
  };
}

// What the API wants to hear of it: only what differs from the site as installed.
export function currentWish() {
  const { site, role, userId, plan } = currentChoice();
  const wish = { instanceId: site.instanceId, role };
  if (userId) wish.userId = userId;
  if (plan !== (site.plan ?? null)) wish.plan = plan;
  return wish;
}

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const roles = [...fields.role.options].map((option) => option.value);
  const wantedSite = given.get("site");
  if (world.sites.some((site) => site.siteId === wantedSite)) fields.site.value = wantedSite;
  if (roles.includes(given.get("role"))) fields.role.value = given.get("role");
  fillUsers(given.get("user"));
  fillPlans(given.get("plan"));
}

function writeAddress() {
  const { site, role, userId, plan } = currentChoice();
  const kept = new URLSearchParams({ site: site.siteId, role });
  if (!fields.user.disabled) kept.set("user", userId);
  if (plan !== (site.plan ?? null)) kept.set("plan", plan ?? FREE);
  history.replaceState(null, "", `#${kept}`);
}

// Fills the selects from the sites there are, then calls `onChange` for each change.
export function startChoice(loadedWorld, onChange) {
  world = loadedWorld;
  fill(fields.site, world.sites.map((site) => [site.siteId, site.siteName]));
  readAddress();
  writeAddress();
  const changed = () => {
    writeAddress();
    onChange();
  };
  fields.site.addEventListener("change", () => { fillUsers(); fillPlans(); changed(); });
  fields.role.addEventListener("change", () => { fillUsers(); changed(); });
  fields.user.addEventListener("change", changed);
  fields.plan.addEventListener("change", changed);
  document.getElementById("choice").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => {
    if (!location.hash.includes("=")) return writeAddress();
    readAddress();
    changed();
  });
}

// The permissions of a collection, in words. Their names are Wix's.

const WHO = {
  ANYONE: "anybody",
  SITE_MEMBER: "members",
  SITE_MEMBER_AUTHOR: "the member who wrote it",
  CMS_EDITOR: "the site's editors",
  PRIVILEGED: "the owner",
  ADMIN: "the owner",
};
const WHAT = { read: "read", insert: "added", update: "changed", remove: "deleted" };

const wordsFor = (level) => WHO[level] ?? String(level).toLowerCase().replaceAll("_", " ");

// "A review is read by anybody, added by members, and changed and deleted by …"
export function rulesInWords(permissions) {
  const rules = [];
  for (const [name, what] of Object.entries(WHAT)) {
    const who = wordsFor(permissions[name]);
    const last = rules.at(-1);
    if (last?.who === who) last.what.push(what);
    else rules.push({ who, what: [what] });
  }
  const words = rules.map(({ what, who }) => `${what.join(" and ")} by ${who}`);
  const end = words.pop();
  const all = words.length ? `${words.join(", ")}, and ${end}` : end;
  return `A review is ${all}. The owner may do all of it.`;
}

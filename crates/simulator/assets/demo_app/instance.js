// The instance this page was opened with: reading it, shortening it for the eye, and spoiling it.

// As Wix's guide tells: the dashboard puts it into the address of the page.
export function readInstance() {
  return new URLSearchParams(location.search).get("instance");
}

export function shorten(secret) {
  return secret.length > 20 ? `${secret.slice(0, 6)}…${secret.slice(-6)}` : secret;
}

// What the payload says. Good for showing only: whether it is true, the backend decides.
export function peekInto(instance) {
  try {
    const payload = instance.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}

export function roleIn(payload) {
  if (payload.permissions === "OWNER") return "owner";
  if (payload.uid || payload.siteMemberId) return "member";
  return payload.instanceId ? "visitor" : "unknown";
}

export function userIn(payload) {
  return payload.uid || payload.siteMemberId || payload.aid;
}

// Changes one character in the middle of the payload, as a forger would to change what it says.
export function tamper(instance) {
  const dot = instance.indexOf(".");
  const place = dot + 1 + Math.floor((instance.length - dot - 1) / 2);
  const letter = instance[place] === "A" ? "B" : "A";
  return instance.slice(0, place) + letter + instance.slice(place + 1);
}

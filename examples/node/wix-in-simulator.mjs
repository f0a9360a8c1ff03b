// Sends what a Node program asks of Wix to the simulator instead. Nothing in the program changes:
//
//     node --import ./wix-in-simulator.mjs app.js
//
// It wraps the global fetch, which is what Wix's own packages use. Calls to www.wixapis.com and
// edge.wixapis.com go to WIX_SIMULATOR_URL (http://127.0.0.1:8082 without it); every other call goes
// where it always went. Programs that use another client than fetch are not covered.

const WIX_ORIGINS = new Set(["https://www.wixapis.com", "https://edge.wixapis.com"]);
const simulator = new URL(process.env.WIX_SIMULATOR_URL || "http://127.0.0.1:8082");
const originalFetch = globalThis.fetch;

// Never to a machine elsewhere by mistake: the app's secret is in these calls.
if (!["127.0.0.1", "localhost", "[::1]"].includes(simulator.hostname)) {
  throw new Error(`WIX_SIMULATOR_URL must be on this machine, and ${simulator.origin} is not.`);
}

// The same address at the simulator; undefined where it is none of Wix's.
function inSimulator(address) {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!WIX_ORIGINS.has(url?.origin)) return undefined;
  return new URL(url.pathname + url.search, simulator.origin);
}

globalThis.fetch = function fetch(input, init) {
  const isRequest = input instanceof Request;
  const address = inSimulator(isRequest ? input.url : String(input));
  if (!address) return originalFetch(input, init);
  // A Request's address cannot be changed. A new one takes over all that the old one says: method,
  // headers, signal, and the body as a stream that is sent while it is read.
  return originalFetch(isRequest ? new Request(address, input) : address, init);
};

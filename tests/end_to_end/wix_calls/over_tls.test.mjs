// Wix over TLS, as it really is: reached with a certificate that the system trusts, and with none other;
// and one instance whose page reads slowly does not hold up another's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { startServe } from "../lib/backlot.mjs";
import { call } from "../lib/call.mjs";
import { authority, startWixOverTls } from "../lib/wix_over_tls.mjs";

const config = `
[wix]
allow = ["owner"]
calls = ["GET /small", "GET /large"]
`;

function serve(t, wix, env) {
  return startServe(t, { config, env: { BACKLOT_WIX_BASE_URL: wix.address, ...env } });
}

test("Wix over TLS", async (t) => {
  const large = "x".repeat(8 << 20);
  const wix = await startWixOverTls(t, (request, response) => response.end(request.url === "/large" ? large : "{}"));
  const { app, backend } = await serve(t, wix, { SSL_CERT_FILE: authority });
  const ask = (path, instance) => call(`${backend}/wix${path}`, { headers: { Authorization: instance } });

  await t.test("a call, each on a connection of its own", async () => {
    const { status, text } = await ask("/small", instanceOf(app));
    assert.deepEqual([status, text], [200, "{}"]);
    assert.deepEqual(wix.seen, ["1.1 /oauth2/token", "1.1 /small"]);
  });

  await t.test("pages of one instance that do not read, and another instance", async () => {
    const slow = instanceOf(app);
    const replies = await Promise.all(
      // Each address is another, so that they are calls of their own.
      Array.from({ length: 20 }, (_, number) => fetch(`${backend}/wix/large?${number}`, { headers: { Authorization: slow } })),
    );
    const { status } = await ask("/small", instanceOf(app));
    assert.equal(status, 200);
    for (const reply of replies) await reply.body.cancel();
  });

  await t.test("an access token is asked about", async () => {
    const { status, code } = await call(`${backend}/whoami`, { headers: { Authorization: "OauthNG.JWS.a.b.c" } });
    assert.deepEqual([status, code], [401, "ACCESS_TOKEN_INACTIVE"], "an answer without `active` says no");
  });
});

test("a certificate that nobody vouches for", async (t) => {
  const wix = await startWixOverTls(t, (_, response) => response.end("{}"));
  const { app, backend, program } = await serve(t, wix, {});
  const headers = { Authorization: instanceOf(app) };
  const { status, code } = await call(`${backend}/wix/small`, { headers });
  assert.deepEqual([status, code], [503, "WIX_UNAVAILABLE"]);
  assert.deepEqual(wix.seen, []);
  await program.stop("SIGINT");
  assert.match(program.stderr, /certificate/i);
});

// A handshake without a good instance is refused before the upstream hears of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expired, instanceOf, tamper } from "../lib/app.mjs";
import { startWebSocketStage } from "../lib/websocket_stage.mjs";

test("a bad handshake is refused", async (t) => {
  const { open, opened, ready, refused } = await startWebSocketStage(t);
  const good = instanceOf(ready.app);
  const attempts = [
    ["/live", undefined, 401, "CREDENTIAL_MISSING"],
    [`/live?instance=${tamper(good)}`, undefined, 401, "INSTANCE_SIGNATURE_INVALID"],
    [`/live?instance=${expired(ready.app)}`, undefined, 401, "INSTANCE_EXPIRED"],
    ["/live?instance=word", undefined, 401, "CREDENTIAL_MALFORMED"],
    [`/live?instance=${good}&instance=${good}`, undefined, 400, "CREDENTIAL_REPEATED"],
    // WebSockets know no CORS: only the server can keep a foreign page out.
    [`/live?instance=${good}`, { origin: "https://evil.example" }, 403, "ORIGIN_NOT_ALLOWED"],
    [`/nothing?instance=${good}`, undefined, 404, "ROUTE_NOT_FOUND"],
  ];
  for (const [path, options, status, code] of attempts) {
    await t.test(`${status} ${code}`, async () => {
      assert.deepEqual(await refused(path, options), { status, code });
    });
  }
  assert.equal(opened.length, 0);

  await t.test("a header does as well as the address", async () => {
    const socket = await open("/live", { headers: { Authorization: `Bearer ${good}` } });
    assert.equal(socket.readyState, socket.OPEN);
    assert.equal(opened[0].headers.authorization, undefined);
  });
});

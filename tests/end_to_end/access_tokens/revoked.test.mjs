// Wix's yes is believed for `access_token.ceiling`, and no longer: then whoever was revoked is out.

import assert from "node:assert/strict";
import { test } from "node:test";

import { until } from "../lib/poll.mjs";
import { startWix } from "../lib/wix_stage.mjs";

const short = '[access_token]\nceiling = "1s"\nrefusal_ceiling = "100ms"\n';

test("a revoked token is refused when the ceiling is reached", async (t) => {
  const { send, site, otherSite, wix } = await startWix(t, { config: short });
  const refused = (token) => async () => {
    const { code } = await send("/whoami", token);
    return code === "ACCESS_TOKEN_INACTIVE";
  };

  await t.test("one token", async () => {
    const [revoked, other] = [await wix.token(site, "member"), await wix.token(site, "owner")];
    for (const token of [revoked, other]) assert.equal((await send("/whoami", token)).status, 200);
    await wix.revoke({ accessToken: revoked });
    await until("the refusal", refused(revoked), 5000);
    assert.equal((await send("/whoami", other)).status, 200);
  });

  await t.test("all of an instance's", async () => {
    const [here, there] = [await wix.token(site), await wix.token(otherSite)];
    for (const token of [here, there]) assert.equal((await send("/whoami", token)).status, 200);
    await wix.revoke({ instanceId: site.instanceId });
    await until("the refusal", refused(here), 5000);
    assert.equal((await send("/whoami", there)).status, 200);
    assert.equal((await send("/whoami", await wix.token(site))).status, 200, "what is made afterwards is good");
  });
});

test("with a ceiling of 0s it is refused at once", async (t) => {
  const { send, site, wix } = await startWix(t, { config: '[access_token]\nceiling = "0s"\nrefusal_ceiling = "0s"\n' });
  const accessToken = await wix.token(site);
  for (const round of [1, 2, 3]) {
    assert.equal((await send("/whoami", accessToken)).status, 200);
    assert.equal((await wix.calls("/oauth2/token-info")).total, round, "Wix is asked each time");
  }
  await wix.revoke({ accessToken });
  const reply = await send("/whoami", accessToken);
  assert.deepEqual([reply.status, reply.code], [401, "ACCESS_TOKEN_INACTIVE"]);
});

test("by default it is let in until then", async (t) => {
  const { send, site, wix } = await startWix(t);
  const accessToken = await wix.token(site);
  assert.equal((await send("/whoami", accessToken)).status, 200);
  await wix.revoke({ accessToken });
  assert.equal((await send("/whoami", accessToken)).status, 200);
});

test("a token ends by itself, whatever is remembered", async (t) => {
  const { send, site, wix } = await startWix(t, { config: '[app]\nclock_skew = "0s"\n' });
  await wix.misbehave({ tokenLifetimeSeconds: 2 });
  const token = await wix.token(site);
  assert.equal((await send("/whoami", token)).status, 200);
  const late = await until("the end", async () => {
    const reply = await send("/whoami", token);
    return reply.status === 401 && reply;
  });
  assert.match(late.code, /^ACCESS_TOKEN_(EXPIRED|INACTIVE)$/);
});

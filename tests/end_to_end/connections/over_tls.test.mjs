// APIs over TLS: with a certificate that the system or the configuration trusts, and with none other.

import assert from "node:assert/strict";
import { test } from "node:test";

import { authority, startWixOverTls } from "../lib/wix_over_tls.mjs";
import { connectionsPlace, json, startConnections } from "./lib/stage.mjs";

const entry = (address, more) => `
[[connection]]
name = "things"
base_url = "${address}"
auth = { bearer = { inline = "a-key-of-the-api" } }
allow = ["owner"]
calls = ["GET /things", "POST /things"]
retries = 0
${more}
`;
const mine = 'networks = ["127.0.0.1", "::1"]';

test("over TLS", async (t) => {
  const party = await startWixOverTls(t, (request, response) =>
    response.end(JSON.stringify({ key: request.headers.authorization })),
  );
  const ask = async (config, env) => {
    const { site } = await startConnections(t, { config, env });
    const { owner } = site();
    const reply = await owner("/connections/things/things");
    const write = await owner("/connections/things/things", json({ a: 1 }));
    assert.equal(write.status, reply.status);
    return reply;
  };

  await t.test("an authority of the configuration's", async () => {
    const reply = await ask(entry(party.address, `${mine}\ncertificate_authorities = "${authority}"`));
    assert.deepEqual(
      [reply.status, reply.json.key],
      [200, `Bearer ${"*".repeat("a-key-of-the-api".length)}`],
      reply.text,
    );
    assert.deepEqual(party.seen, ["1.1 /things", "1.1 /things"]);
  });
  await t.test("an authority of the system's", async () => {
    const reply = await ask(entry(party.address, mine), { SSL_CERT_FILE: authority });
    assert.equal(reply.status, 200, reply.text);
  });
  await t.test("a certificate that nobody trusts", async () => {
    const before = party.seen.length;
    const reply = await ask(entry(party.address, mine));
    assert.deepEqual([reply.status, reply.code], [502, "CONNECTION_UNREACHABLE"], reply.text);
    assert.equal(party.seen.length, before);
  });
  await t.test("a certificate that is trusted, and of another name", async () => {
    const reply = await ask(
      entry(
        party.address.replace("localhost", "127.0.0.2"),
        `networks = ["127.0.0.0/8"]\ncertificate_authorities = "${authority}"`,
      ),
    );
    assert.deepEqual([reply.status, reply.code], [502, "CONNECTION_UNREACHABLE"], reply.text);
  });
  for (const [name, file] of [
    ["no file", "nowhere.pem"],
    ["a file without any", "backlot.toml"],
  ]) {
    await t.test(`refused at the start: ${name}`, async () => {
      const place = await connectionsPlace(t, {
        config: entry(party.address, `${mine}\ncertificate_authorities = "${file}"`),
      });
      const { code, stderr } = await place.run(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /connection\[0\]\.certificate_authorities: .*(nowhere\.pem|backlot\.toml)/);
    });
  }
});

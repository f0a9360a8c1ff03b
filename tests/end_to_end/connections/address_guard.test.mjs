// No call leaves for an address inside, unless its network is opened.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startRawThirdParty } from "./lib/raw.mjs";
import { connectionsPlace, startConnections } from "./lib/stage.mjs";
import { startThirdParty } from "./lib/third_party.mjs";

const entry = (address, more = "") => `
[[connection]]
name = "things"
base_url = "${address}"
auth = { bearer = { inline = "a-key-of-the-api" } }
allow = ["owner"]
calls = ["GET /things"]
retries = 0
${more}
`;

const hosts = [
  "127.0.0.1",
  "127.1",
  "127.8.9.10",
  "0x7f.1",
  "0x7f000001",
  "2130706433",
  "017700000001",
  "0177.0.0.01",
  "0",
  "0.0.0.0",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "[::1]",
  "[::]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::ffff:a9fe:a9fe]",
  "[::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[2002:7f00:1::]",
  "[fe80::1]",
  "[fc00::1]",
  "[fd00:ec2::254]",
  "[ff02::1]",
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "100.64.0.1",
  "100.100.100.200",
  "169.254.169.254",
  "168.63.129.16",
  "192.0.0.192",
  "198.18.0.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
];

test("addresses inside, in every spelling, are refused at the start", async (t) => {
  const party = await startRawThirdParty(t, () => {});
  const place = await connectionsPlace(t);
  const serve = () => place.run(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
  for (const host of hosts) {
    await t.test(host, async () => {
      place.configure(entry(`https://${host}:${party.port}`));
      const { code, stderr } = await serve();
      assert.equal(code, 1, stderr);
      assert.match(stderr, /backlot\.toml:\d+: connection\[0\]\.base_url: calls to this address are not allowed/);
      assert.match(stderr, /hint: .*networks/);
    });
  }
  await t.test("http without a network that is opened", async () => {
    place.configure(entry(`http://127.0.0.1:${party.port}`));
    const { code, stderr } = await serve();
    assert.equal(code, 1, stderr);
    assert.match(stderr, /connection\[0\]\.base_url: /);
  });
  await t.test("another network that is opened", async () => {
    place.configure(entry(`http://127.0.0.1:${party.port}`, 'networks = ["10.0.0.0/8", "127.0.0.2", "::1"]'));
    const { code, stderr } = await serve();
    assert.equal(code, 1, stderr);
    assert.match(stderr, /connection\[0\]\.base_url: calls to this address are not allowed/);
  });
  await t.test("endpoints of a provider, too", async () => {
    for (const inward of ["token_url", "revoke_url"]) {
      const urls = {
        authorize_url: "https://a.example.com/a",
        token_url: "https://a.example.com/t",
        revoke_url: "https://a.example.com/r",
      };
      urls[inward] = `https://169.254.169.254/${inward}`;
      const lines = Object.entries(urls).map(([name, url]) => `${name} = "${url}"`);
      place.configure(
        `${entry("https://api.example.com").replace(/^auth = .*$/m, "")}\n[connection.auth.oauth]\nclient_id = "x"\n${lines.join("\n")}`,
      );
      const { code, stderr } = await serve();
      assert.equal(code, 1, stderr);
      assert.match(stderr, new RegExp(`connection\\[0\\]\\.auth\\.oauth\\.${inward}: calls to this address are not allowed`));
    }
  });
  for (const wrong of ["10.0.0.0/33", "everything", "127.0.0.1:80", ""]) {
    await t.test(`no network: ${wrong}`, async () => {
      place.configure(entry(`http://127.0.0.1:${party.port}`, `networks = ["${wrong}"]`));
      const { code, stderr } = await serve();
      assert.equal(code, 1, stderr);
      assert.match(stderr, /networks\[0\]/);
    });
  }
  for (const wrong of [
    "ftp://api.example.com",
    "api.example.com",
    "https://user:password-of-mine@api.example.com",
    "https://api.example.com/?key=1",
    "https://api.example.com/#a",
    "https://",
    "file:///etc/passwd",
    "unix:/tmp/socket",
  ]) {
    await t.test(`no address: ${wrong}`, async () => {
      place.configure(entry(wrong));
      const { code, stderr } = await serve();
      assert.equal(code, 1, stderr);
      assert.match(stderr, /connection\[0\]\.base_url/);
      assert.ok(!stderr.includes("password-of-mine"));
    });
  }
  assert.equal(party.connections, 0);
});

test("names that lead inside are refused at the call", async (t) => {
  const party = await startRawThirdParty(t, () => {});
  for (const host of ["localhost", "LOCALHOST"]) {
    await t.test(host, async () => {
      const { site, place } = await startConnections(t, { config: entry(`https://${host}:${party.port}`) });
      for (let number = 0; number < 7; number += 1) {
        const reply = await site().owner("/connections/things/things");
        assert.deepEqual([reply.status, reply.code], [502, "CONNECTION_ADDRESS_REFUSED"], reply.text);
        assert.doesNotMatch(reply.text, /127\.0\.0\.1|::1/);
      }
      const { code, stdout, stderr } = await place.run(["connection", "test", "things"]);
      assert.equal(code, 1, stderr);
      assert.match(stdout, /^address +fails +CONNECTION_ADDRESS_REFUSED/m);
    });
  }
  assert.equal(party.connections, 0);
});

test("networks that are opened are reached, and no others", async (t) => {
  const party = await startThirdParty(t);
  for (const [host, networks] of [
    ["127.0.0.1", '["127.0.0.1"]'],
    ["127.0.0.1", '["127.0.0.0/8"]'],
    ["localhost", '["127.0.0.1"]'],
    ["[::ffff:127.0.0.1]", '["127.0.0.1"]'],
  ]) {
    await t.test(`${host} with ${networks}`, async () => {
      const { site } = await startConnections(t, {
        config: entry(`http://${host}:${party.port}`, `networks = ${networks}`),
      });
      const reply = await site().owner("/connections/things/things");
      assert.equal(reply.status, 200, reply.text);
    });
  }
});

// An upstream that breaks off in the middle of a body: the client can tell that it did not get all of
// it, and the log says so.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";

import { instanceOf } from "../lib/app.mjs";
import { startDev } from "../lib/backlot.mjs";
import { until, within } from "../lib/poll.mjs";
import { startUpstream } from "../lib/upstream.mjs";

for (const [name, headers] of Object.entries({ "of known length": { "Content-Length": "1000" }, "in chunks": {} })) {
  test(`a body ${name} that breaks off`, async (t) => {
    const upstream = await startUpstream(t, (_request, response) => {
      response.writeHead(200, headers);
      response.write("half", () => response.destroy());
    });
    const config = `[[api]]\npath = "/api"\nupstream = "${upstream.address}"\nallow = ["owner"]\n`;
    const { backend, program, ready } = await startDev(t, { config });

    const request = http.get(`${backend}/api/half`, { headers: { Authorization: instanceOf(ready.app) } });
    const [response] = await within("the head", once(request, "response"));
    assert.equal(response.statusCode, 200);
    let text = "";
    const broken = assert.rejects(async () => {
      for await (const chunk of response) text += chunk;
    }, /aborted|ECONNRESET/);
    await within("the break", broken);
    assert.equal(text, "half");
    assert.equal(response.complete, false);
    await until("the log line", () => /"\/api\/half".*broken off/.test(program.stderr));
  });
}

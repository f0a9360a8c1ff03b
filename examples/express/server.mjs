// A server of your own behind Backlot. There is no line about CORS or signatures in it: whatever
// arrives here was let in by Backlot, whose headers say who calls.

import express from "express";

import { caller } from "./caller.mjs";
import { checksum } from "./checksum.mjs";
import { clock } from "./clock.mjs";
import { elevatedTokenCheck } from "./elevated_token.mjs";
import { notes } from "./notes.mjs";
import { site } from "./site.mjs";

const backlot = process.env.BACKLOT_URL ?? "http://127.0.0.1:8080";
const app = express();
app.disable("x-powered-by");

// Proves that a request came through Backlot. A server that only Backlot can reach may leave it out.
app.use(
  "/api",
  elevatedTokenCheck({ backlot, appId: process.env.WIX_CLIENT_ID }),
);

app.get("/api/hello", (request, response) => {
  const { instanceId, role, userId, requestId } = caller(request);
  response.json({
    message: `Hello from Express. You are the site's ${role}.`,
    caller: { instanceId, role, userId },
    requestId,
  });
});
app.use("/api/notes", notes());
app.get("/api/clock", clock);
app.post("/api/checksum", checksum);
app.get("/api/site", site(backlot));

// Express knows an error handler by its four parameters.
app.use((error, request, response, _next) => {
  const status = error.status ?? 500;
  if (status >= 500) console.error(`${caller(request).requestId}: ${error.message}`);
  response.status(status).json({ message: status < 500 ? error.message : "Something went wrong." });
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", (error) => {
  if (error) throw error;
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});

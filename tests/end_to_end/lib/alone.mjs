// Runs another program (argv: its path and arguments) in a network of its own, in which nothing is but
// a listener at 127.0.0.1:8082, where a simulator would be. Prints what that was asked, as JSON. Started
// by `unshare --net`, so that no word reaches anybody outside.

import { spawn, spawnSync } from "node:child_process";
import http from "node:http";

spawnSync("ip", ["link", "set", "lo", "up"]);
const asked = [];
const server = http.createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.setHeader("Content-Type", "application/json");
  response.end('{"active":false}');
});
server.listen(8082, "127.0.0.1", () => {
  const [, , command, ...args] = process.argv;
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  child.on("close", (code) => {
    console.log(JSON.stringify({ code, asked }));
    server.closeAllConnections();
    server.close();
  });
});

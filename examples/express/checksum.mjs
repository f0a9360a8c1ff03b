// A body of any size, read as it streams in: nothing of it is kept. Backlot's `body_limit` caps it.

import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";

export async function checksum(request, response) {
  const hash = createHash("sha256");
  let bytes = 0;
  await pipeline(request, async (chunks) => {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      hash.update(chunk);
    }
  });
  response.json({ bytes, sha256: hash.digest("hex") });
}

// Notes, kept for each instance on its own. In memory: a real server would have a database here,
// with the instance id first in every key.

import express from "express";

import { caller } from "./caller.mjs";

const MOST_NOTES = 50;
const MOST_INSTANCES = 1000;
const LONGEST_NOTE = 1000;

export function notes() {
  const kept = new Map();
  const router = express.Router();

  router.get("/", (request, response) => {
    response.json({ notes: kept.get(caller(request).instanceId) ?? [] });
  });

  router.post("/", express.json({ limit: "16kb" }), (request, response) => {
    const text = request.body?.text;
    if (typeof text !== "string" || text === "" || text.length > LONGEST_NOTE) {
      const message = `Send JSON: {"text": …}, of 1 to ${LONGEST_NOTE} characters.`;
      return response.status(400).json({ message });
    }
    const { instanceId, role } = caller(request);
    const note = { text, by: role, at: new Date().toISOString() };
    const ofInstance = [...(kept.get(instanceId) ?? []), note].slice(-MOST_NOTES);
    // Deleted and set anew, so that the instance that was silent for longest stands first.
    kept.delete(instanceId);
    kept.set(instanceId, ofInstance);
    if (kept.size > MOST_INSTANCES) kept.delete(kept.keys().next().value);
    return response.json({ notes: ofInstance });
  });

  return router;
}

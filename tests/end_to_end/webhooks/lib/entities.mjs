// Senders of webhooks that behave as Wix does: an event is sent again until it has its 200. The events of one entity are
// sent one after the other, so their order is certain.

import { randomUUID } from "node:crypto";

import { bodyOf, contactUpdated, deliver } from "./wix_sender.mjs";

const PER_ENTITY = 8;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// `backend()` is where the events go now. The senders share `rate` events a second, until `stop`.
export function startSenders({ backend, instances, senders = 32, rate = 500, isExpected = () => false }) {
  const sent = { acknowledged: new Set(), all: new Set(), repeated: 0, refusals: new Map() };
  const interval = (1000 * senders) / rate;
  let isOver = false;

  const send = async (event) => {
    const body = bodyOf(event);
    sent.all.add(event.id);
    for (;;) {
      try {
        const { status, text } = await deliver(backend(), body);
        if (status === 200) {
          sent.acknowledged.add(event.id);
          return;
        }
        if (!isExpected(status)) throw new Error(`${status} ${text}`);
        sent.refusals.set(status, (sent.refusals.get(status) ?? 0) + 1);
      } catch (error) {
        // No answer, for the server is gone.
        if (!error.code && !/in vain|hang up/.test(error.message)) throw error;
      }
      sent.repeated += 1;
      await pause(20);
    }
  };
  const sender = async (number) => {
    let due = performance.now() + Math.random() * interval;
    while (!isOver) {
      const instanceId = instances[number % instances.length];
      const entityId = randomUUID();
      for (let sequence = 1; sequence <= PER_ENTITY && !isOver; sequence += 1) {
        await pause(Math.max(0, due - performance.now()));
        // What a server that was gone has not taken is not made up for.
        due = Math.max(due + interval, performance.now() - interval);
        await send(contactUpdated({ instanceId, entityId, sequence }));
      }
    }
  };
  const running = Promise.all(Array.from({ length: senders }, (_, number) => sender(number)));
  running.catch(() => {});
  sent.stop = () => {
    isOver = true;
    return running;
  };
  return sent;
}

// Puts things away when a test is over, last come first: whoever uses something ends before it does.
// Each step is done, also when another fails.

const stacks = new WeakMap();

export function atEnd(t, step) {
  if (!stacks.has(t)) {
    const stack = [];
    stacks.set(t, stack);
    t.after(() => putAway(stack));
  }
  stacks.get(t).push(step);
}

async function putAway(stack) {
  const failures = [];
  for (const step of stack.reverse()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map((error) => error.message).join("; "));
}

// Group commit in a few lines: what arrives while a transaction is under way, or in one turn of the event loop, shares the
// next one.

/** A function that stores one row, made of one that stores many in one transaction. */
export function groupCommits(insertAll) {
  let waiting = [];
  let isWriting = false;

  async function commitWaiting() {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await insertAll(group.map(({ row }) => row));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    isWriting = false;
  }

  return (row) =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      if (isWriting) return;
      isWriting = true;
      setImmediate(commitWaiting);
    });
}

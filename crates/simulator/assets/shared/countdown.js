// How long an instance still lasts: the words, and a clock that ticks each second.

// To be read after a noun: "in 3:59:59", "expired", "unknown".
function expiryWords(milliseconds) {
  if (milliseconds <= 0) return "expired";
  if (!Number.isFinite(milliseconds)) return "unknown";
  const seconds = Math.floor(milliseconds / 1000);
  const pad = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `in ${hours}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}

// Calls `onTick(words, milliseconds)` now and each second until it is over; returns how to stop.
export function countDown(expiresAt, onTick) {
  const end = new Date(expiresAt).getTime();
  let timer = 0;
  const tick = () => {
    const left = end - Date.now();
    onTick(expiryWords(left), left);
    if (left > 0) timer = setTimeout(tick, left % 1000 || 1000);
  };
  if (Number.isFinite(end)) tick();
  else onTick(expiryWords(Infinity), Infinity);
  return () => clearTimeout(timer);
}

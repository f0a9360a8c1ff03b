// How long an instance still lasts: the words, and a clock that ticks each second.

export function remainingWords(milliseconds) {
  if (milliseconds <= 0) return "expired";
  const seconds = Math.floor(milliseconds / 1000);
  const pad = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}

// Calls `onTick(words, milliseconds)` now and each second until it is over; returns how to stop.
export function countDown(expiresAt, onTick) {
  const end = new Date(expiresAt).getTime();
  let timer = 0;
  const tick = () => {
    const left = end - Date.now();
    onTick(remainingWords(left), left);
    if (left > 0) timer = setTimeout(tick, left % 1000 || 1000);
  };
  if (Number.isFinite(end)) tick();
  else onTick("unknown", Infinity);
  return () => clearTimeout(timer);
}

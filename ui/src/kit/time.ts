/** Words for times. The Rust side has the same rules for what it says itself. */

const MINUTE = 60_000;

/** Time left: `6 h 12 min`, `42 min`, `under 1 min`; from two days up `12 days`. */
export function left(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / MINUTE);
  if (minutes < 1) return 'under 1 min';
  if (minutes < 60) return `${minutes} min`;
  if (minutes >= 2880) return `${Math.floor(minutes / 1440)} days`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** `5 min ago`, `just now`. */
export function ago(now: number, then: number): string {
  return now - then < MINUTE ? 'just now' : `${left(now - then)} ago`;
}

/** From now to a moment: `42 min`, or `expired 5 min ago`. */
export function until(now: number, end: number): string {
  return end > now ? left(end - now) : `expired ${ago(now, end)}`;
}

/** A short wait by the second: `9 min 40 s`, `12 s`; never below `0 s`. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds} s`;
  return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

// The window speaks English only, in which the names are few. The engine's own tables take it longer to load,
// at the first text with a time, than to show all the rest of a window.
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const two = (number: number) => String(number).padStart(2, '0');
const time = (date: Date) => `${two(date.getHours())}:${two(date.getMinutes())}`;
const weekday = (date: Date) => DAYS[date.getDay()] ?? '';
const dayAndMonth = (date: Date) => `${date.getDate()} ${MONTHS[date.getMonth()]}`;

/** A moment on the person's clock: `14:31` today, `Wed 14:31` within a week, `3 Nov 14:31` beyond. */
export function clock(now: number, at: number): string {
  const date = new Date(at);
  if (sameDay(now, at)) return time(date);
  const near = Math.abs(at - now) < 6 * 24 * 60 * MINUTE;
  const day = near ? weekday(date).slice(0, 3) : `${date.getDate()} ${(MONTHS[date.getMonth()] ?? '').slice(0, 3)}`;
  return `${day} ${time(date)}`;
}

/** Date and time in full, for tooltips: `Wednesday 25 November 2026 at 14:31:05`. */
export function inFull(at: number): string {
  const date = new Date(at);
  return `${weekday(date)} ${dayAndMonth(date)} ${date.getFullYear()} at ${time(date)}:${two(date.getSeconds())}`;
}

/** `Today`, `Yesterday`, `Monday 23 November`. */
export function day(now: number, at: number): string {
  if (sameDay(now, at)) return 'Today';
  if (sameDay(now - 24 * 60 * MINUTE, at)) return 'Yesterday';
  const date = new Date(at);
  return `${weekday(date)} ${dayAndMonth(date)}`;
}

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

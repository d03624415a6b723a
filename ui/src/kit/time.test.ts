import { expect, test } from 'vitest';
import { ago, clock, countdown, day, left, until } from './time';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test.each([
  [0, 'under 1 min'],
  [MINUTE - 1, 'under 1 min'],
  [MINUTE, '1 min'],
  [42 * MINUTE + 59_999, '42 min'],
  [HOUR, '1 h'],
  [6 * HOUR + 12 * MINUTE, '6 h 12 min'],
  [48 * HOUR - 1, '47 h 59 min'],
  [12 * 24 * HOUR, '12 days'],
])('%d ms left reads "%s"', (milliseconds, words) => {
  expect(left(milliseconds)).toBe(words);
});

test('the moment of expiry itself is expired', () => {
  expect(until(1000, 1001)).toBe('under 1 min');
  expect(until(1000, 1000)).toBe('expired just now');
  expect(until(10 * MINUTE, 5 * MINUTE)).toBe('expired 5 min ago');
  expect(ago(MINUTE - 1, 0)).toBe('just now');
});

test.each([
  [-5, '0 s'],
  [1, '1 s'],
  [12_000, '12 s'],
  [60_000, '1 min'],
  [580_000, '9 min 40 s'],
])('a wait of %d ms reads "%s"', (milliseconds, words) => {
  expect(countdown(milliseconds)).toBe(words);
});

test('a clock time says its day only when it is not today', () => {
  const noon = new Date(2026, 10, 24, 12, 0).getTime();
  expect(clock(noon, new Date(2026, 10, 24, 9, 5).getTime())).toBe('09:05');
  expect(clock(noon, new Date(2026, 10, 25, 9, 5).getTime())).toBe('Wed 09:05');
  expect(clock(noon, new Date(2026, 10, 3, 9, 5).getTime())).toBe('3 Nov 09:05');
  expect(day(noon, noon)).toBe('Today');
  expect(day(noon, noon - 24 * HOUR)).toBe('Yesterday');
  expect(day(noon, noon - 48 * HOUR)).toBe('Sunday 22 November');
});

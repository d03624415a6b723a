import { expect, test } from 'vitest';
import { next, typeAhead } from './roving';

test.each([
  ['ArrowDown', 0, 3, 1],
  ['ArrowDown', 2, 3, 2],
  ['ArrowUp', 0, 3, 0],
  ['ArrowUp', 2, 3, 1],
  ['Home', 2, 3, 0],
  ['End', 0, 3, 2],
  ['x', 0, 3, null],
  ['ArrowDown', -1, 0, null],
])('%s on row %d of %d leads to %s', (key, current, count, expected) => {
  expect(next(key, current, count)).toBe(expected);
});

test('a letter leads to the next row that begins with it, and round again', () => {
  const names = ['audit', 'payments-dev', 'payments-prod', 'data'];
  expect(typeAhead('p', 0, names)).toBe(1);
  expect(typeAhead('P', 1, names)).toBe(2);
  expect(typeAhead('p', 2, names)).toBe(1);
  expect(typeAhead('z', 0, names)).toBeNull();
});

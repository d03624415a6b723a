import { expect, test } from 'vitest';
import { framed } from './entry';

test('what is typed crosses with its lengths, in UTF-8', () => {
  expect([...framed('c', 'acme', '12')]).toEqual([99, 0, 4, 97, 99, 109, 101, 0, 2, 49, 50]);
  expect([...framed('p', 'a', 's', 'é')]).toEqual([112, 0, 1, 97, 0, 1, 115, 0, 2, 0xc3, 0xa9]);
  expect(framed('c', 'x'.repeat(300)).slice(1, 3)).toEqual(new Uint8Array([1, 44]));
});

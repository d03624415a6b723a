import { expect, test } from 'vitest';
import type { UiPrompt } from '../bindings';
import { counted, faults, framed, lengths } from './pin';

const prompt = (change: Partial<UiPrompt> = {}): UiPrompt => ({ number: 258, title: '', body: '', tries: '', wrong: null, old: true, new: true, least: 4, confirm: '', theme: 'system', text_size: 100, touch: null, ...change });

test('a PIN is counted as keys count', () => {
  expect(lengths('1234')).toEqual({ characters: 4, bytes: 4 });
  expect(lengths('🔑🔑')).toEqual({ characters: 2, bytes: 8 });
  // An accent typed as a letter and a mark is one character.
  expect(lengths('e\u0301')).toEqual({ characters: 1, bytes: 2 });
  expect(counted('1234')).toBe('4 characters, at most 63');
  expect(counted('é')).toBe('1 character, 2 of 63 bytes');
});

test('what a key would refuse is said at its field', () => {
  expect(faults(prompt(), '', '12', '')).toEqual({ old: 'Enter the PIN of the key.', fresh: 'At least 4 characters.' });
  expect(faults(prompt(), '1234', 'é'.repeat(32), '')).toEqual({ fresh: 'At most 63 bytes. Accents and emoji count as several.' });
  expect(faults(prompt(), '1234', '1234', '1234')).toEqual({ fresh: 'That is the PIN it has.' });
  expect(faults(prompt(), '1234', '567890', '567891')).toEqual({ again: 'The two are not the same.' });
  expect(faults(prompt(), '1234', '567890', '567890')).toEqual({});
  expect(faults(prompt({ new: false }), '1', '', '')).toEqual({});
});

test('the answer is bytes: the number, then each PIN behind its length', () => {
  expect([...framed(prompt(), '12', '345')]).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 2, 49, 50, 3, 51, 52, 53]);
  expect([...framed(prompt({ new: false }), '12', 'unused')]).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 2, 49, 50, 0]);
  expect([...framed(prompt({ old: false }), 'unused', '5')]).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 0, 1, 53]);
});

import { expect, test } from 'vitest';
import type { UiActivity } from '../bindings';
import { filter } from './filter';

const line = (id: number, sentence: string, by: string, ok = true): UiActivity => ({ id, at: id, sentence, subject: 'payments-dev, PowerUser', by, ok, group: '' });
const LINES = [line(3, 'Refreshed pay-dev', 'Schedule'), line(2, 'Could not refresh pay-dev', 'Schedule', false), line(1, 'Signed in to Acme', 'You')];
const ids = (query: string, which: Parameters<typeof filter>[2] = 'all') => filter(LINES, query, which).map(({ id }) => id);

test('all words are found, in any order, in the sentence and in what it is about', () => {
  expect(ids('')).toEqual([3, 2, 1]);
  expect(ids(' DEV refresh ')).toEqual([3, 2]);
  expect(ids('poweruser acme')).toEqual([1]);
  expect(ids('nothing')).toEqual([]);
});

test('by whom, and how it ended', () => {
  expect(ids('', 'failed')).toEqual([2]);
  expect(ids('', 'you')).toEqual([1]);
  expect(ids('pay', 'schedule')).toEqual([3, 2]);
});

import { expect, test } from 'vitest';
import type { UiActivity, UiActivityFilter } from '../bindings';
import { between, dayOf, fits, narrows, NONE, span } from './filter';

const line: UiActivity = {
  id: 2,
  at: new Date(2026, 10, 24, 9, 0).getTime(),
  kind: 'profile',
  sentence: 'Could not refresh pay-dev',
  subject: 'payments-dev, PowerUser',
  account: 'acme/1',
  by: 'schedule',
  ok: false,
  group: '',
};
const wanted = (change: Partial<UiActivityFilter>) => fits(line, { ...NONE, ...change });

test('all words are found, in any order, in the sentence and in what it is about', () => {
  expect(['', ' POWERUSER refresh ', 'acme', 'schedule'].map((query) => wanted({ query }))).toEqual([true, true, false, false]);
});

test('each filter lets pass and leaves out', () => {
  expect([wanted({ kind: 'profile' }), wanted({ kind: 'launch' })]).toEqual([true, false]);
  expect([wanted({ by: 'schedule' }), wanted({ by: 'you' })]).toEqual([true, false]);
  expect([wanted({ ok: false }), wanted({ ok: true })]).toEqual([true, false]);
  expect([wanted({ account: 'acme/1' }), wanted({ account: 'acme/2' })]).toEqual([true, false]);
  expect([wanted({ since: line.at }), wanted({ since: line.at + 1 })]).toEqual([true, false]);
  expect([wanted({ until: line.at + 1 }), wanted({ until: line.at })]).toEqual([true, false]);
});

test('what narrows', () => {
  expect(narrows(NONE)).toBe(false);
  expect(narrows({ ...NONE, query: '  ' })).toBe(false);
  expect([{ query: 'a' }, { ok: false }, { kind: 'copy' as const }, { since: 0 }].map((change) => narrows({ ...NONE, ...change }))).toEqual([true, true, true, true]);
});

test("days begin at midnight by the person's clock", () => {
  const now = new Date(2026, 10, 24, 14, 4).getTime();
  expect(span('today', now)).toEqual({ since: new Date(2026, 10, 24).getTime(), until: null });
  expect(span('week', now).since).toBe(new Date(2026, 10, 18).getTime());
  expect(span('month', now).since).toBe(span('older', now).until);
  expect(span('', now)).toEqual({ since: null, until: null });
});

test('a span of one\'s own has both days whole, and half a date is none', () => {
  const day = (month: number, date: number) => new Date(2026, month - 1, date).getTime();
  expect(between('2026-11-01', '2026-11-24')).toEqual({ since: day(11, 1), until: day(11, 25) });
  expect(between('2026-11-24', '2026-11-24')).toEqual({ since: day(11, 24), until: day(11, 25) });
  expect([between('2026-11-01', ''), between(' ', '2026-11-30')]).toEqual([{ since: day(11, 1), until: null }, { since: null, until: day(12, 1) }]);
  expect(['2026-02-30', '2026-13-01', '24.11.2026', '2026-11', 'soon'].map(dayOf)).toEqual([null, null, null, null, null]);
  expect(between('2026-11', '2026-11-24')).toEqual({ since: null, until: null, from: 'A date looks like 2026-11-24.' });
  expect(between('2026-11-24', '2026-11-01')).toEqual({ since: null, until: null, to: 'This is before the first day.' });
});

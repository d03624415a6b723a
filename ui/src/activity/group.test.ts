import { expect, test } from 'vitest';
import type { UiActivity } from '../bindings';
import { byDay } from './group';

const NOON = new Date(2026, 10, 24, 12, 0).getTime();
const HOUR = 3_600_000;
const line = (id: number, hoursAgo: number, group: string, ok = true): UiActivity => ({
  id,
  at: NOON - hoursAgo * HOUR,
  sentence: group,
  kind: 'profile',
  subject: null,
  account: null,
  by: 'schedule',
  ok,
  group,
});

const shown = (...lines: UiActivity[]) =>
  byDay(NOON, lines).map(({ label, groups }) => `${label}: ${groups.map(({ sentence, count }) => `${sentence}x${count}`).join(' ')}`);

test('equal neighbours of one day become one line', () => {
  expect(shown(line(5, 1, 'a'), line(4, 2, 'a'), line(3, 3, 'b'), line(2, 4, 'a'), line(1, 24, 'a'))).toEqual([
    'Today: ax2 bx1 ax1',
    'Yesterday: ax1',
  ]);
});

test('a failure is never folded into successes, and lines of no group stay alone', () => {
  expect(shown(line(4, 1, 'a'), line(3, 2, 'a', false), line(2, 3, ''), line(1, 4, ''))).toEqual(['Today: ax1 ax1 x1 x1']);
});

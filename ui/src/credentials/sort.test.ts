import { expect, test } from 'vitest';
import type { UiProfile, UiStatus } from '../bindings';
import { sorted, type SortBy } from './sort';

const profile = (name: string, account_name: string, expires: number | null, status: UiStatus) =>
  ({ name, account_name, expires, status, grant: { org: 'a', account: '1', role: 'R' } }) as UiProfile;
const PROFILES = [profile('b10', 'x', 30, 'fresh'), profile('b9', 'y', null, 'conflict'), profile('a', 'x', 10, 'expired')];

test.each<[SortBy, boolean, string]>([
  ['profile', false, 'a b9 b10'],
  ['profile', true, 'b10 b9 a'],
  ['account', false, 'a b10 b9'],
  ['time', false, 'b9 a b10'],
  ['status', false, 'b9 a b10'],
])('by %s, down %s', (by, down, expected) => {
  expect(
    sorted(PROFILES, by, down)
      .map(({ name }) => name)
      .join(' '),
  ).toBe(expected);
});

import { expect, test } from 'vitest';
import type { UiAccount } from '../bindings';
import { every } from '../kit/row-list';
import { grouped } from './arrange';
import { areAtMost, Rows, someRole, type ListRow } from './rows';
import { search } from './search';

const account = (name: string, kind: 'production' | 'unlabelled', ...roles: string[]): UiAccount => ({
  id: `1000${name.padStart(8, '0')}`,
  id_grouped: '',
  name,
  email: '',
  environment: { class: kind, chip: null, word: '', guessed: false, decided: false, why: '' },
  roles: roles.map((name) => ({ name, sensitivity: 'normal', confirm_console: false, confirm_copy: false, confirm_keep: false, suggested_profile: name })),
});

const ACCOUNTS: UiAccount[] = [
  account('a-one', 'production', 'ReadOnly', 'Administrator'),
  account('a-two', 'unlabelled', 'ReadOnly'),
  account('b-one', 'production', 'ReadOnly', 'Billing', 'Developer'),
  { ...account('b-two', 'unlabelled'), roles: null },
  account('b-three', 'unlabelled'),
];

const said = (row: ListRow) => {
  const what = row.kind === 'account' ? `${row.account.name} ${row.open ? 'open' : 'closed'}` : row.kind === 'role' ? `${row.line.account}/${row.line.grant.role}` : row.kind;
  return row.heading === undefined ? `${what} ${row.level}: ${row.at} of ${row.of}` : row.heading;
};
const rows = (query: string, grouping: 'none' | 'environment', open: (name: string) => boolean) =>
  new Rows('acme', grouped(search(ACCOUNTS, query), grouping), ({ account }) => open(account.name));

test('accounts and their roles are counted each among their like, a single role for its account', () => {
  expect(every(rows('', 'none', (name) => name !== 'a-one')).map(said)).toEqual([
    'a-one closed 1: 1 of 5',
    'a-two/ReadOnly 1: 2 of 5',
    'b-one open 1: 3 of 5',
    'b-one/ReadOnly 2: 1 of 3',
    'b-one/Billing 2: 2 of 3',
    'b-one/Developer 2: 3 of 3',
    'b-two open 1: 4 of 5',
    'loading 2: 1 of 1',
    'b-three open 1: 5 of 5',
    'none 2: 1 of 1',
  ]);
});

test('headings are not counted', () => {
  expect(every(rows('', 'environment', () => false)).map(said)).toEqual([
    'Production',
    'a-one closed 1: 1 of 5',
    'b-one closed 1: 2 of 5',
    'No environment',
    'a-two/ReadOnly 1: 3 of 5',
    'b-two closed 1: 4 of 5',
    'b-three closed 1: 5 of 5',
  ]);
});

test('of an account that was found by its roles only these are shown', () => {
  const found = rows('bill', 'none', () => true);
  expect(every(found).map(said)).toEqual(['b-one open 1: 1 of 1', 'b-one/Billing 2: 1 of 1']);
  expect([found.length, found.at(2)]).toEqual([2, undefined]);
});

test('roles of all accounts are counted up to a number, those not loaded as one', () => {
  const groups = grouped(search(ACCOUNTS, ''), 'environment');
  expect([areAtMost(groups, 7), areAtMost(groups, 6)]).toEqual([true, false]);
  expect(someRole('acme', groups)?.line.account).toBe('a-one');
  expect(someRole('acme', [])).toBeUndefined();
});

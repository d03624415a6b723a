import { expect, test } from 'vitest';
import type { UiAccount } from '../bindings';
import { didYouMean, distance, search } from './search';

const account = (id: string, name: string, email: string, chip: string | null, ...roles: string[]): UiAccount => ({
  id,
  id_grouped: id.replace(/(.{4})(.{4})/, '$1-$2-'),
  name,
  email,
  environment: { class: chip === 'PROD' ? 'production' : 'unlabelled', chip, word: chip === 'PROD' ? 'production' : '', guessed: true, decided: false, why: '' },
  roles: roles.map((name) => ({ name, sensitivity: 'normal', confirm_console: false, confirm_copy: false, confirm_keep: false, suggested_profile: name })),
});

const ACCOUNTS = [
  account('111122223333', 'payments-prod', 'aws-pay@acme.test', 'PROD', 'ReadOnly', 'Administrator'),
  account('111122224444', 'payments-dev', 'aws-pay-dev@acme.test', null, 'ReadOnly', 'PowerUser'),
  account('381200001122', 'data-staging', 'aws-data@acme.test', null, 'Developer'),
  { ...account('999900001111', 'still-loading', 'late@acme.test', null), roles: null },
];

const found = (query: string) =>
  search(ACCOUNTS, query).map(({ account, roles }) => `${account.name}: ${roles?.map(({ name }) => name).join(' ') ?? '?'}`);

test.each([
  ['', ['payments-prod: ReadOnly Administrator', 'payments-dev: ReadOnly PowerUser', 'data-staging: Developer', 'still-loading: ?']],
  ['  pay  READ ', ['payments-prod: ReadOnly', 'payments-dev: ReadOnly']],
  ['read pay', ['payments-prod: ReadOnly', 'payments-dev: ReadOnly']],
  ['1111-2222-3', ['payments-prod: ReadOnly Administrator']],
  ['38120000', ['data-staging: Developer']],
  ['aws-data@', ['data-staging: Developer']],
  ['prod', ['payments-prod: ReadOnly Administrator']],
  ['production admin', ['payments-prod: Administrator']],
  ['power', ['payments-dev: PowerUser']],
  ['late', ['still-loading: ?']],
  ['late admin', []],
  ['nothing', []],
])('%j finds %j', (query, expected) => {
  expect(found(query)).toEqual(expected);
});

test('a slip of two letters is forgiven with a question', () => {
  expect(didYouMean(ACCOUNTS, [], 'pyaments')).toBe('payments');
  expect(didYouMean(ACCOUNTS, [], 'Administartor')).toBe('Administrator');
  expect(didYouMean(ACCOUNTS, [], 'payments')).toBeNull();
  expect(didYouMean(ACCOUNTS, [], 'pay')).toBeNull();
  expect(didYouMean(ACCOUNTS, [], 'xylophone')).toBeNull();
  expect([distance('abc', 'abc'), distance('abc', 'acb'), distance('abc', 'abd'), distance('abc', 'abcdef')]).toEqual([0, 1, 1, 3]);
});

test('5000 roles are searched well within a frame', () => {
  const many = Array.from({ length: 1000 }, (_, at) => account(String(100000000000 + at), `team-${at}-prod`, `t${at}@acme.test`, 'PROD', 'A', 'B', 'C', 'D', 'ReadOnly'));
  const once = () => {
    const started = performance.now();
    expect(search(many, 'team 99 read')).not.toHaveLength(0);
    return performance.now() - started;
  };
  // The quickest of several: a machine that does other things besides makes any one of them slow.
  expect(Math.min(...Array.from({ length: 5 }, once))).toBeLessThan(100);
});

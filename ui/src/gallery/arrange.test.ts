// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { expect, test } from 'vitest';
import { grouped, sorted } from '../portal/arrange';
import { Arrangement } from '../portal/arrangement.svelte';
import { roleArnPattern } from '../portal/row';
import { search } from '../portal/search';
import { ACCOUNTS, shortcut } from './organisation';
import { scene, show } from './page';

const all = search(ACCOUNTS, '');
const names = (found: typeof all) => found.map(({ account }) => account.name);
const choose = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const more = async (role: string, item: string) => {
  const list = screen.getByRole('list', { name: 'All accounts' });
  await fireEvent.click(within(list).getByRole('button', { name: `More, ${role}` }));
  await fireEvent.click(screen.getByRole('menuitem', { name: item, hidden: true }));
};

test('what was used lately comes first, the rest stays by name', () => {
  const used = [shortcut('storefront-qa', 'Developer').grant, shortcut('data-prod', 'ReadOnly').grant];
  expect(names(sorted(all, 'used', { org: 'acme', used, most: [] })).slice(0, 3)).toEqual(['storefront-qa', 'data-prod', 'audit-log']);
  expect(names(sorted(all, 'number', { org: 'acme', used, most: [] }))[0]).toBe('payments-prod');
});

test('what is used most comes first, of this organisation alone', async () => {
  const most = [{ org: 'other', account: shortcut('identity', 'ReadOnly').grant.account }, shortcut('data-prod', 'ReadOnly').grant, shortcut('storefront-qa', 'Developer').grant];
  expect(names(sorted(all, 'most', { org: 'acme', used: [], most })).slice(0, 3)).toEqual(['data-prod', 'storefront-qa', 'audit-log']);
  await show(scene('portal'));
  await choose('Sort', 'most');
  expect(within(screen.getByRole('list', { name: 'All accounts' })).getAllByRole('group')[0]?.getAttribute('aria-label')).toBe('storefront-qa, Developer');
  expect(new Arrangement().sort).toBe('most');
});

test('groups by environment, strictest first, and by the first word', () => {
  expect(grouped(all, 'environment').map(({ label, found }) => `${label} ${found.length}`)).toEqual(
    ['Production 3', 'Staging 2', 'Test 1', 'Development 2', 'Sandbox 1', 'Shared 2', 'No environment 1'],
  );
  expect(grouped(all, 'prefix').map(({ label, found }) => `${label} ${found.length}`)).toEqual(['data 2', 'payments 3', 'storefront 3', 'Others 4']);
  expect(grouped([], 'environment')).toEqual([]);
});

test('sort and grouping are remembered', async () => {
  await show(scene('portal'));
  await choose('Group', 'environment');
  await choose('Sort', 'number');
  expect(screen.getByRole('list', { name: 'Production' })).toBeTruthy();
  const kept = new Arrangement();
  expect([kept.grouping, kept.sort]).toEqual(['environment', 'number']);
});

test('an account that was closed stays closed when the view is entered again', async () => {
  const { desk } = await show(scene('portal'));
  await fireEvent.click(screen.getByRole('button', { name: /^DEV payments-dev, .*, development$/ }));
  desk.view = 'activity';
  await tick();
  desk.view = 'portal';
  await tick();
  expect(screen.getByRole('button', { name: /^DEV payments-dev, .*, development$/ }).getAttribute('aria-expanded')).toBe('false');
  expect(new Arrangement().opened('acme')(shortcut('payments-dev', 'PowerUser').grant.account)).toBe(false);
});

test('a hidden role leaves the list, is counted, and comes back', async () => {
  await show(scene('portal-new'));
  await more('payments-dev, PowerUser', 'Hide from this list');
  expect(screen.queryByRole('button', { name: 'More, payments-dev, PowerUser' })).toBeNull();
  expect(screen.getByText(/1 role is hidden/)).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Show hidden' }));
  await more('payments-dev, PowerUser', 'Show in the list again');
  expect(screen.queryByText(/hidden from this list/)).toBeNull();
});

test("a policy's pattern for a role follows the partition", () => {
  const grant = { org: 'acme', account: '111122224444', role: 'PowerUser' };
  expect(roleArnPattern('eu-west-1', grant)).toBe('arn:aws:iam::111122224444:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_PowerUser_*');
  expect(roleArnPattern('us-gov-west-1', grant)).toMatch(/^arn:aws-us-gov:/);
  expect(roleArnPattern('cn-north-1', grant)).toMatch(/^arn:aws-cn:/);
  expect(roleArnPattern('eusc-de-east-1', grant)).toMatch(/^arn:aws-eusc:/);
});

test('a kept arrangement that cannot be read is begun anew', () => {
  localStorage.setItem('latchkey.portal', '{');
  expect(new Arrangement().sort).toBe('name');
});

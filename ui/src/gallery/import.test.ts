// @vitest-environment jsdom
import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { expect, test } from 'vitest';
import type { UiReply } from '../bindings';
import { CONVERSION, CONVERTED, IMPORT } from './config-file';
import { organisation, portal } from './organisation';
import { scene, settled, show } from './page';
import { problem, state } from './scenes';

const config: UiReply = { reply: 'config', import: IMPORT };
const SIGNED_OUT = { sign_in: { state: 'signed_out' as const, failure: null }, synced: null };
const box = (name: string) => screen.getByRole<HTMLInputElement>('checkbox', { name: `Keep ${name} in the credentials file as ${name}-keys` });

async function opened() {
  const shown = await show(scene('import'));
  await fireEvent.click(screen.getByRole('button', { name: 'Import from AWS config' }));
  await settled();
  return shown;
}

test('after the first console the profiles of the file are to choose from, those used lately chosen', async () => {
  const { host } = await show(scene('portal-offer'));
  host.scene.reply = ({ ask }) => (ask === 'look_at_config' ? config : { reply: 'done' });
  host.send({ ...host.scene.state, import: { text: '9 profiles sign in by themselves.' } });
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Choose profiles' }));
  await settled();
  expect([box('pay-dev').checked, box('data-stg').checked, box('pay-ro').checked]).toEqual([true, true, false]);
  expect(screen.getByText('Those that you used in the last 30 days are chosen.')).toBeTruthy();
  // What is taken away stays away, whatever else changes.
  await fireEvent.click(box('pay-dev'));
  host.send({ ...host.scene.state, import: { text: '' }, organisations: [organisation({ portal_revision: '2' })] });
  await settled();
  expect([box('pay-dev').checked, box('data-stg').checked]).toEqual([false, true]);
});

test('where nothing is known to have been used, nothing is chosen and that is said', async () => {
  const { host } = await show(scene('portal-offer'));
  const unused = { ...IMPORT, organisations: IMPORT.organisations.map((one) => ({ ...one, profiles: one.profiles.map((profile) => ({ ...profile, used: false })) })) };
  host.scene.reply = ({ ask }) => (ask === 'look_at_config' ? { reply: 'config', import: unused } : { reply: 'done' });
  host.send({ ...host.scene.state, import: { text: '9 profiles sign in by themselves.' } });
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Choose profiles' }));
  await settled();
  expect(box('pay-dev').checked).toBe(false);
  expect(screen.getByText('Which of them you used lately is not known, so none is chosen.')).toBeTruthy();
});

test('without a config file there is no card for it', async () => {
  await show(scene('first-run'));
  expect(screen.queryByRole('button', { name: /^Continue with/ })).toBeNull();
});

test('a card that comes a moment later has the focus, unless the person has gone elsewhere', async () => {
  const { host } = await show(scene('first-run'));
  const focused = () => document.activeElement?.textContent?.trim();
  expect(focused()).toMatch(/^Enter your start URL/);
  const { state: later } = scene('first-run-import');
  host.send(later);
  await settled();
  expect(focused()).toMatch(/^Continue with/);
  cleanup();
  const again = await show(scene('first-run'));
  screen.getByRole('button', { name: /^Try it now/ }).focus();
  again.host.send(later);
  await settled();
  expect(focused()).toMatch(/^Try it now/);
});

test('the card comes first, signs in once, and shows the profiles afterwards', async () => {
  const { host } = await show(scene('first-run-import'));
  const card = screen.getByRole('button', { name: 'Continue with acme.awsapps.com' });
  expect(document.activeElement).toBe(card);
  host.scene.reply = ({ ask }) => (ask === 'add_from_config' ? { reply: 'added', org: 'acme' } : ask === 'look_at_config' ? config : { reply: 'done' });
  await fireEvent.click(card);
  await settled();
  expect(host.asked).toEqual([{ ask: 'add_from_config' }, { ask: 'choose_organisation', org: 'acme' }, { ask: 'sign_in', org: 'acme', method: null }]);
  const both = [organisation(SIGNED_OUT), organisation({ id: 'beta', name: 'Beta', ...SIGNED_OUT })];
  host.send(state({ organisations: both, profiles: [] }));
  await settled();
  expect(screen.queryByRole('dialog')).toBeNull();
  host.scene.portals = { acme: portal() };
  host.send(state({ organisations: [organisation(), both[1] ?? organisation()], profiles: [] }));
  await settled();
  expect(screen.getByRole('dialog', { name: 'Import from AWS config' }).textContent).toContain('Nothing in your AWS files changes.');
  expect(host.asked.filter(({ ask }) => ask === 'sign_in')).toHaveLength(1);
});

test('what does not answer is said below the cards', async () => {
  const { host } = await show(scene('first-run-import-failed'));
  await fireEvent.click(screen.getByRole('button', { name: 'Continue with acme.awsapps.com' }));
  await settled();
  expect(screen.getByRole('alert').textContent).toContain('acme.awsapps.com did not answer');
  expect(host.asked).toEqual([{ ask: 'add_from_config' }]);
});

test('nothing is chosen by itself, and what is chosen is kept by one request', async () => {
  const { host, desk } = await opened();
  expect(screen.getAllByRole('checkbox').some((one) => (one as HTMLInputElement).checked)).toBe(false);
  await fireEvent.click(box('pay-dev'));
  await fireEvent.click(box('data-stg'));
  await fireEvent.click(screen.getByRole('button', { name: 'Keep 2 profiles fresh' }));
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ ask: 'keep_many', confirmed: false, wanted: [{ profile: 'pay-dev-keys' }, { profile: 'data-stg-keys' }] });
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(desk.view).toBe('credentials');
});

test('only what can be kept can be chosen', async () => {
  await opened();
  const dialog = screen.getByRole('dialog');
  const row = (name: string) => within(dialog).getByRole('row', { name: new RegExp(`^${name} `) });
  for (const name of ['storefront', 'pay-admin', 'half', 'beta-dev']) expect(within(row(name)).queryByRole('checkbox')).toBeNull();
  for (const name of ['pay-dev', 'pay-ro', 'data-stg', 'terraform']) expect(within(row(name)).getByRole('checkbox', { name: /^Keep/ })).toBeTruthy();
});

test('a refusal is said in the dialog, which stays', async () => {
  const { host } = await opened();
  host.scene.reply = ({ ask }) => (ask === 'keep_many' ? { reply: 'failed', field: 'profile', problem: problem('A profile named "pay-dev-keys" exists already', '', '') } : config);
  await fireEvent.click(box('pay-dev'));
  await fireEvent.click(screen.getByRole('button', { name: 'Keep 1 profile fresh' }));
  await settled();
  expect(within(screen.getByRole('dialog')).getByRole('alert').textContent).toContain('exists already');
  expect(box('pay-dev').checked).toBe(true);
});

test('what became unavailable meanwhile is not chosen any more', async () => {
  const { host } = await opened();
  await fireEvent.click(box('pay-dev'));
  const gone = { ...IMPORT, organisations: IMPORT.organisations.map((one) => ({ ...one, profiles: one.profiles.filter(({ name }) => name !== 'pay-dev') })) };
  host.scene.reply = () => ({ reply: 'config', import: gone });
  host.send(state({ profiles: [] }));
  await settled();
  await tick();
  expect(screen.getByRole('button', { name: 'Done' })).toBeTruthy();
});

test('another organisation is signed in to by a click of its own', async () => {
  const { host, desk } = await opened();
  host.send(state({ organisations: [organisation(), organisation({ id: 'beta', name: 'Beta', ...SIGNED_OUT })] }));
  await settled();
  await fireEvent.click(within(screen.getByRole('region', { name: 'beta.awsapps.com' })).getByRole('button', { name: 'Sign in' }));
  await settled();
  expect(host.asked.filter(({ ask }) => ask === 'sign_in')).toEqual([{ ask: 'sign_in', org: 'beta', method: null }]);
  expect([desk.orgId, screen.queryByRole('dialog')]).toEqual(['beta', null]);
});

test('the older form is converted only after its exact change was shown, and by that change', async () => {
  const { host } = await opened();
  const [box, ...others] = screen.getAllByRole<HTMLInputElement>('checkbox', { name: /^Convert/ });
  expect([box?.getAttribute('aria-label'), box?.checked, others.length]).toEqual(['Convert data-stg to sso-session', false, 0]);
  host.scene.reply = ({ ask }) => (ask === 'plan_conversion' ? { reply: 'conversion', plan: CONVERSION } : ask === 'look_at_config' ? config : { reply: 'done' });
  await fireEvent.click(box as HTMLInputElement);
  expect(screen.getByRole('dialog').textContent).not.toContain('Nothing in your AWS files changes.');
  await fireEvent.click(screen.getByRole('button', { name: 'Show the change' }));
  await settled();
  expect(host.asked.at(-1)).toEqual({ ask: 'plan_conversion', profiles: ['data-stg'] });
  const shown = within(screen.getByRole('region', { name: 'Change of the AWS config file' })).getAllByRole('listitem').map((line) => line.textContent?.trim());
  expect(shown).toHaveLength(CONVERSION.diff.length);
  expect(shown[3]).toContain('Removed: sso_start_url = https://acme.awsapps.com/start');
  expect(host.asked.some(({ ask }) => ask === 'convert')).toBe(false);
  await fireEvent.click(screen.getByRole('button', { name: 'Convert 1 profile' }));
  await settled();
  expect(host.asked.find(({ ask }) => ask === 'convert')).toEqual({ ask: 'convert', profiles: ['data-stg'], seen: '5a1e' });
  expect(screen.getByRole('dialog', { name: 'Import from AWS config' }).textContent).toContain('Nothing in your AWS files changes.');
});

test('a file that changed in between is shown again', async () => {
  const { host } = await opened();
  await fireEvent.click(screen.getByRole('checkbox', { name: /^Convert/ }));
  host.scene.reply = scene('import-file-changed').reply;
  await fireEvent.click(screen.getByRole('button', { name: 'Show the change' }));
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Convert 1 profile' }));
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Look again' }));
  await settled();
  expect(host.asked.filter(({ ask }) => ask === 'plan_conversion')).toHaveLength(2);
  expect(screen.queryByRole('alert')).toBeNull();
});

test('an import is undone from Activity, after a question', async () => {
  const { host } = await show(scene('activity-undo-import'));
  await fireEvent.click(screen.getByRole('button', { name: 'Undo import…' }));
  expect(screen.getByRole('alertdialog').textContent).toContain(CONVERTED.question);
  expect(document.activeElement?.textContent?.trim()).toBe('Cancel');
  const asked = () => host.asked.filter(({ ask }) => ask !== 'history');
  expect(asked()).toEqual([]);
  await fireEvent.click(screen.getByRole('button', { name: 'Undo import' }));
  await settled();
  expect(asked()).toEqual([{ ask: 'undo_conversion', entry: 93 }]);
});

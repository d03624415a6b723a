// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';
import type { UiReply, UiRequest } from '../bindings';
import { account, environment, ACCOUNTS, portal, shortcut } from './organisation';
import { scene, settled, show } from './page';
import { state } from './scenes';

const wish: UiRequest = { ask: 'open_console', grant: shortcut('payments-prod', 'Administrator').grant, destination: null, region: null, confirmed: false };
const confirms = (name: string, request: UiRequest): UiReply => {
  const reply = scene(name).reply?.(request);
  if (reply?.reply !== 'confirm') throw new Error('it asks');
  const said: UiRequest = { ask: 'confirmed', request, why: null, quiet: false, minutes: null };
  return { reply: 'confirm', dialog: { ...reply.dialog, confirm: { ...reply.dialog.confirm, action: { action: 'ask', request: said } } } };
};

test('what the person says goes with the yes', async () => {
  const { host } = await show({ ...scene('portal-confirm'), reply: (request) => (request.ask === 'open_console' ? confirms('portal-confirm', request) : { reply: 'done' }) });
  await fireEvent.click(screen.getByRole('button', { name: 'Open console, payments-prod, Administrator, production' }));
  await settled();
  const dialog = screen.getByRole('alertdialog');
  expect(document.activeElement).toBe(within(dialog).getByRole('button', { name: 'Cancel' }));
  await fireEvent.input(within(dialog).getByLabelText('Why? (kept in your activity log)'), { target: { value: ' ticket 7 ' } });
  await fireEvent.click(within(dialog).getByRole('checkbox', { name: 'Do not ask again for this role for 15 min' }));
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Open production console' }));
  await settled();
  expect(host.asked.at(-1)).toEqual({ ask: 'confirmed', request: wish, why: 'ticket 7', quiet: true, minutes: null });
  expect(screen.queryByRole('alertdialog')).toBeNull();
});

test('where the organisation wants it, the name is typed before yes can be said', async () => {
  const named = (request: UiRequest): UiReply => {
    const reply = confirms('portal-confirm', request);
    return reply.reply === 'confirm' ? { ...reply, dialog: { ...reply.dialog, typed: 'payments-prod' } } : reply;
  };
  const { host } = await show({ ...scene('portal-confirm'), reply: (request) => (request.ask === 'open_console' ? named(request) : { reply: 'done' }) });
  await fireEvent.click(screen.getByRole('button', { name: 'Open console, payments-prod, Administrator, production' }));
  await settled();
  const dialog = screen.getByRole('alertdialog');
  const yes = within(dialog).getByRole('button', { name: 'Open production console' });
  const field = within(dialog).getByLabelText('Type payments-prod to go on');
  expect(yes).toHaveProperty('disabled', true);
  await fireEvent.input(field, { target: { value: 'payments-pro' } });
  await fireEvent.click(yes);
  await settled();
  expect(host.asked.at(-1)).toEqual(wish);
  await fireEvent.input(field, { target: { value: ' payments-prod ' } });
  await fireEvent.click(yes);
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ ask: 'confirmed' });
});

test('a privileged profile of production is kept for as long as was chosen', async () => {
  const { host } = await show({ ...scene('keys-confirm'), reply: (request) => (request.ask === 'keep_fresh' ? confirms('keys-confirm', request) : { reply: 'done' }) });
  await fireEvent.click(screen.getByRole('button', { name: 'Keys…, payments-prod, Administrator, production' }));
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Start' }));
  await settled();
  const dialog = screen.getByRole('alertdialog');
  const time = within(dialog).getByLabelText<HTMLSelectElement>('Keep it fresh for');
  expect(time.value).toBe('60');
  await fireEvent.change(time, { target: { value: '15' } });
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Keep it fresh' }));
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ ask: 'confirmed', minutes: 15, request: { ask: 'keep_fresh', delivery: 'on_demand' } });
  // The form that asked is done with it.
  expect(screen.getByText('Tools that use payments-prod-administrator ask Latchkey from now on.')).toBeTruthy();
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('"default" is allowed for an account, and asked for again by the person', async () => {
  const { host } = await show(scene('keys-default'));
  await fireEvent.click(screen.getByRole('button', { name: 'Keys…, payments-prod, Administrator, production' }));
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Start' }));
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Allow for this account' }));
  await settled();
  expect(host.asked.at(-1)).toEqual({ ask: 'allow_default', account: '111122223333', allowed: true });
  expect(screen.queryByText(/which is production/)).toBeNull();
  expect(screen.getByRole('button', { name: 'Start' })).toBeTruthy();
});

test('an environment that was guessed is confirmed or changed', async () => {
  const only = account('111122224444', 'payments-dev', 'development', ['PowerUser']);
  const shown = { ...scene('portal'), state: state({ favourites: [], recents: [] }), portals: { acme: portal([only, ...ACCOUNTS.slice(0, 2)]) } };
  const { host } = await show(shown);
  await fireEvent.click(screen.getByRole('button', { name: 'DEV, guessed: development. Right?' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Yes, development' }));
  expect(host.asked.at(-1)).toEqual({ ask: 'set_environment', org: 'acme', account: only.id, environment: 'development' });
  expect(screen.queryByRole('dialog')).toBeNull();
  // The same from the row's menu, for another answer.
  await fireEvent.click(screen.getByRole('button', { name: 'More, payments-dev, PowerUser' }));
  await settled();
  await fireEvent.click(screen.getByRole('menuitem', { name: 'Guessed: development. Right?…', hidden: true }));
  await fireEvent.click(screen.getByRole('button', { name: 'Change…' }));
  await fireEvent.change(within(screen.getByRole('dialog')).getByLabelText('Environment'), { target: { value: 'staging' } });
  await fireEvent.click(screen.getByRole('button', { name: 'Set environment' }));
  expect(host.asked.at(-1)).toMatchObject({ ask: 'set_environment', environment: 'staging' });
});

test('an account with several roles asks the same at its chip, and opens beside it', async () => {
  const many = account('111122224444', 'payments-dev', 'development', ['PowerUser', 'ReadOnly']);
  const set = { ...account('111122225555', 'payments-test', 'test', ['PowerUser', 'ReadOnly']), environment: environment('test', false) };
  const { host } = await show({ ...scene('portal'), state: state({ favourites: [], recents: [] }), portals: { acme: portal([many, set]) } });
  const [row, other] = [screen.getByRole('button', { name: /^\w+ payments-dev,/ }), screen.getByRole('button', { name: /^\w+ payments-test,/ })];
  const open = row.getAttribute('aria-expanded');
  const chip = (of: HTMLElement) => of.querySelector('.chip > span') ?? of;
  await fireEvent.click(chip(row));
  expect([screen.getByRole('dialog', { name: 'Is payments-dev development?' }), row.getAttribute('aria-expanded')]).toEqual([expect.anything(), open]);
  await fireEvent.click(screen.getByRole('button', { name: 'Yes, development' }));
  expect(host.asked.at(-1)).toEqual({ ask: 'set_environment', org: 'acme', account: many.id, environment: 'development' });
  await fireEvent.click(row);
  expect(row.getAttribute('aria-expanded')).not.toBe(open);
  // What the person said is no guess.
  const before = other.getAttribute('aria-expanded');
  await fireEvent.click(chip(other));
  expect([screen.queryByRole('dialog'), other.getAttribute('aria-expanded') === before]).toEqual([null, false]);
});

test('a rule is tried while it is typed, and added only if it can be read', async () => {
  const { host, desk } = await show(scene('settings-safety'));
  desk.settingsSection = 'safety';
  await settled();
  const pattern = screen.getByLabelText<HTMLInputElement>('Pattern');
  vi.useFakeTimers();
  await fireEvent.input(pattern, { target: { value: '^pay' } });
  vi.advanceTimersByTime(250);
  vi.useRealTimers();
  await settled();
  expect(host.asked.at(-1)).toEqual({ ask: 'try_rule', field: 'name', pattern: '^pay' });
  expect(screen.getByText('Matches 3 accounts: payments-dev, payments-prod, payments-staging.')).toBeTruthy();
  await fireEvent.input(pattern, { target: { value: 'pay(' } });
  await fireEvent.click(screen.getByRole('button', { name: 'Add rule' }));
  await settled();
  expect(screen.getByText(/unclosed group/)).toBeTruthy();
  expect(host.asked.some(({ ask }) => ask === 'set_settings')).toBe(false);
  await fireEvent.input(pattern, { target: { value: 'live' } });
  await fireEvent.change(screen.getByLabelText('Looks at'), { target: { value: 'email' } });
  await fireEvent.click(screen.getByRole('button', { name: 'Add rule' }));
  await settled();
  const last = host.asked.at(-1);
  expect(last?.ask === 'set_settings' && last.settings.safety.rules.at(-1)).toEqual({ field: 'email', pattern: 'live', environment: 'production' });
});

test('rules are ordered and removed, and an allowed account is taken back', async () => {
  const { host, desk } = await show(scene('settings-safety'));
  desk.settingsSection = 'safety';
  await settled();
  const patterns = () => {
    const last = host.asked.at(-1);
    return last?.ask === 'set_settings' ? last.settings.safety.rules.map(({ pattern }) => pattern) : null;
  };
  await fireEvent.click(screen.getByRole('button', { name: 'Move up, @lab\\.acme' }));
  await settled();
  expect(patterns()).toEqual(['@lab\\.acme', '^pay.*-live$']);
  await fireEvent.click(screen.getByRole('button', { name: 'Remove, ^pay.*-live$' }));
  await settled();
  expect(patterns()).toEqual(['@lab\\.acme']);
  expect(screen.getByText('payments-prod')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Take back' }));
  await settled();
  const last = host.asked.at(-1);
  expect(last?.ask === 'set_settings' && last.settings.safety.default_allowed).toEqual([]);
});

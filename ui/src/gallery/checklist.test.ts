// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import { MINUTE, NOW, organisation, profile } from './organisation';
import { scene, settled, show } from './page';
import { state } from './scenes';

const list = () => within(screen.getByRole('region', { name: 'Try it' })).getAllByRole('listitem').map((item) => item.textContent?.includes('Done:') ?? false);

test('each thing to try is one click, and ticks itself when it is done', async () => {
  const { host, desk } = await show(scene('sandbox-new'));
  expect(list()).toEqual([false, false, false, false, false]);
  await fireEvent.click(screen.getByRole('button', { name: 'Open one: Open a console' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Keep one: Keep a profile fresh' }));
  await settled();
  expect(host.asked).toMatchObject([{ ask: 'open_console', confirmed: false }, { ask: 'keep_fresh', replace_foreign: false, confirmed: false }]);
  const before = host.scene.state;
  const grant = { org: 'acme', account: '381200003344', role: 'Incident15' };
  host.send({ ...before, used: [grant] });
  await settled();
  expect(list()).toEqual([true, false, false, false, false]);
  host.send({ ...before, profiles: [profile('sample-15-min', 'payments-dev', 'PowerUser', 'fresh', 14, { grant })] });
  await settled();
  expect(list()).toEqual([true, true, false, false, false]);
  host.send({ ...before, profiles: [profile('sample-15-min', 'payments-dev', 'PowerUser', 'expired', -1, { grant, expires: NOW - MINUTE })] });
  desk.query = 'pay';
  await settled();
  expect(list()).toEqual([true, true, true, false, true]);
  // What was done stays done, also when it is gone again.
  host.send(before);
  await settled();
  expect(list()).toEqual([true, true, true, false, true]);
  expect(JSON.parse(localStorage.getItem('latchkey.tried') ?? '')).toHaveLength(4);
});

test('the short role is kept and shown, to be paused', async () => {
  const { host, desk } = await show(scene('sandbox-new'));
  await fireEvent.click(screen.getByRole('button', { name: 'Keep it: Let one expire' }));
  await settled();
  expect(host.asked).toMatchObject([{ ask: 'keep_fresh', profile: 'sample-15-min', grant: { role: 'Incident15' } }]);
  expect(desk.view).toBe('credentials');
});

test('a touch needs a key that is known, and ticks itself when one was touched', async () => {
  const { host } = await show(scene('sandbox-new'));
  const button = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name: `${name}: Ask for a touch` });
  const before = host.scene.state;
  // Which keys are plugged in is not looked at for it: the window that asks for the touch says what to do.
  expect(screen.getByText(/Needs a security key/)).toBeTruthy();
  await fireEvent.click(button('Add key'));
  const key = (touched: boolean) => ({ ...before, step_up: { ...before.step_up, keys: [{ id: '0a', name: 'Solo 2', used: '', touched }] } });
  host.send(key(false));
  await settled();
  await fireEvent.click(button('Try it'));
  await settled();
  expect(host.asked).toMatchObject([{ ask: 'step_up', step_up: { wish: 'add_key' } }, { ask: 'step_up', step_up: { wish: 'mark', on: true } }, { ask: 'open_console', confirmed: false }]);
  expect(list()[3]).toBe(false);
  host.send(key(true));
  await settled();
  expect(list()[3]).toBe(true);
});

test('the list can be dismissed for good, and a real organisation has none', async () => {
  await show(scene('sandbox-new'));
  await fireEvent.click(screen.getByRole('button', { name: 'Dismiss the list of things to try' }));
  expect(screen.queryByRole('region', { name: 'Try it' })).toBeNull();
  expect(localStorage.getItem('latchkey.tried')).toContain('dismissed');
});

test('the sample is deleted only when asked, once a real organisation is there', async () => {
  const { host } = await show(scene('sandbox-new'));
  expect(screen.queryByText(/Delete the sample organisation/)).toBeNull();
  const sample = host.scene.state.organisations[0] ?? organisation();
  host.send(state({ organisations: [sample, organisation({ id: 'real', sign_in: { state: 'signed_out', failure: null } })] }));
  await settled();
  expect(screen.queryByText(/Delete the sample organisation/)).toBeNull();
  host.send(state({ organisations: [sample, organisation({ id: 'real' })] }));
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Delete the sample' }));
  await settled();
  expect(host.asked).toEqual([{ ask: 'delete_sandbox' }]);
  expect(screen.queryByText(/Delete the sample organisation/)).toBeNull();
});

// @vitest-environment jsdom
import { cleanup, fireEvent, screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import type { UiReply } from '../bindings';
import { pass, scene, settled, show } from './page';
import { button, problem } from './scenes';

async function fill(label: string, value: string) {
  await fireEvent.input(screen.getByLabelText(label), { target: { value } });
}

test('user name and password cross as bytes, once, and the field is empty then', async () => {
  const { host } = await show(scene('sign-in-app'));
  expect(screen.getByText('Password is sent only to login.acme.internal')).toBeTruthy();
  const password = screen.getByLabelText<HTMLInputElement>('Password');
  expect([screen.getByLabelText<HTMLInputElement>('User name').autocomplete, password.autocomplete, password.type]).toEqual(['username', 'current-password', 'password']);
  await fill('User name', ' sam ');
  await fill('Password', 'quartz');
  await fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  await settled();
  expect([host.entered, password.value, host.asked]).toEqual([['p\0\x04acme\0\x03sam\0\x06quartz'], '', []]);
});

test('what is missing is said at its field, which gets the focus', async () => {
  const { host } = await show(scene('sign-in-app'));
  await fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  await settled();
  const name = screen.getByLabelText('User name');
  expect([name.getAttribute('aria-invalid'), document.activeElement, host.entered]).toEqual(['true', name, []]);
});

test('without a browser a passkey is enough, and the browser is always a way', async () => {
  const { host } = await show(scene('sign-in-app'));
  await fireEvent.click(screen.getByRole('button', { name: 'Use a passkey' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Use the browser instead' }));
  await settled();
  expect(host.asked).toEqual([
    { ask: 'in_app', org: 'acme', step: { step: 'passkey' } },
    { ask: 'sign_in', org: 'acme', method: 'browser' },
  ]);
  for (const name of ['sign-in-app-touch', 'sign-in-app-code', 'sign-in-app-removed', 'sign-in-app-locked', 'sign-in-app-users', 'sign-in-app-asking']) {
    cleanup();
    await show(scene(name));
    for (const button of ['Use the browser instead', 'Cancel']) expect(screen.getByRole('button', { name: button }), name).toBeTruthy();
  }
});

test('a wrong password is read out, and the field that is wanting has the focus', async () => {
  await show(scene('sign-in-app-wrong-password'));
  expect(screen.getByRole('alert').textContent).toContain('Check both and try again.');
  expect(document.activeElement).toBe(screen.getByLabelText('Password'));
});

test('what comes meanwhile leads nobody who types to another field', async () => {
  for (const [name, label] of [['sign-in-app-wrong-password', 'User name'], ['sign-in-app-code', 'Code']] as const) {
    cleanup();
    const shown = scene(name);
    const { host, desk } = await show(shown);
    const field = name === 'sign-in-app-code' ? screen.getByRole('button', { name: 'Cancel' }) : screen.getByLabelText(label);
    await fill(label, 's');
    field.focus();
    if (!desk.state) throw new Error('no state');
    host.send(JSON.parse(JSON.stringify(desk.state)) as typeof desk.state);
    await settled();
    expect(document.activeElement, name).toBe(field);
  }
});

test('after too many attempts the button unlocks by itself', async () => {
  const { host } = await show(scene('sign-in-app-locked'));
  await fill('Password', 'quartz');
  const wait = screen.getByRole<HTMLButtonElement>('button', { name: 'Wait 4 min' });
  expect(wait.disabled).toBe(true);
  await pass(240_000);
  await fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  await settled();
  expect(host.entered).toHaveLength(1);
});

test('a code that was typed is sent with its sixth digit, a pasted one is not', async () => {
  const { host } = await show(scene('sign-in-app-code'));
  const field = screen.getByLabelText('Code');
  expect(field.getAttribute('autocomplete')).toBe('one-time-code');
  await fireEvent.input(field, { target: { value: '123 456' }, inputType: 'insertFromPaste' });
  await settled();
  expect(host.entered).toEqual([]);
  await fireEvent.input(field, { target: { value: '123456' }, inputType: 'insertText' });
  await settled();
  expect(host.entered).toEqual(['c\0\x04acme\0\x06123456']);
});

test('what else than six digits is asked for is sent as it was typed, and may be left for another question', async () => {
  const { host } = await show(scene('sign-in-app-token'));
  const field = screen.getByLabelText<HTMLInputElement>('Code of Acme token');
  expect([field.type, field.inputMode]).toEqual(['text', '']);
  await fireEvent.input(field, { target: { value: '246802' }, inputType: 'insertText' });
  await settled();
  expect(host.entered).toEqual([]);
  await fireEvent.input(field, { target: { value: ' kim-pin ' } });
  await fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  await settled();
  expect(host.entered).toEqual(['c\0\x04acme\0\x07kim-pin']);
  await fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  await settled();
  expect([field.getAttribute('aria-invalid'), host.entered.length]).toEqual(['true', 1]);
  await fireEvent.click(screen.getByRole('button', { name: 'Ask me in another way' }));
  expect(host.asked).toEqual([{ ask: 'in_app', org: 'acme', step: { step: 'ask_otherwise' } }]);
  cleanup();
  await show(scene('sign-in-app-token-asks'));
  expect(screen.getByLabelText<HTMLInputElement>('Your answer').type).toBe('password');
  expect(screen.getByText('Type the code that was sent to you')).toBeTruthy();
});

test('a first key is set up here, once more after it failed, and an authenticator app in the browser', async () => {
  const { host } = await show(scene('sign-in-app-enrol'));
  await fireEvent.click(screen.getByRole('button', { name: 'Security key' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Authenticator app' }));
  expect(host.asked).toEqual([
    { ask: 'in_app', org: 'acme', step: { step: 'enrol' } },
    { ask: 'sign_in', org: 'acme', method: 'browser' },
  ]);
  cleanup();
  const failed = await show(scene('sign-in-app-enrol-failed'));
  await fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(failed.host.asked).toEqual([{ ask: 'in_app', org: 'acme', step: { step: 'enrol' } }]);
});

test('the banner that asks to sign in leads to the form for it, from whatever view', async () => {
  const asks = { ask: 'sign_in' as const, org: 'acme', method: null };
  for (const [name, view] of [['sign-in-app', 'portal'], ['sign-in-page', 'settings']] as const) {
    cleanup();
    const shown = scene('sign-in-app');
    const [org] = shown.state.organisations;
    if (!org) throw new Error('no organisation');
    org.banner = { kind: 'signed_out', title: 'Sign in to Acme', body: 'Consoles open after you sign in.', buttons: [button('Sign in', { action: { action: 'ask', request: asks } })], until: null };
    if (name === 'sign-in-page') org.in_app = null;
    const { desk, host } = await show(shown);
    desk.view = 'settings';
    await settled();
    await fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    await settled();
    // One in the browser leaves the person where they are.
    expect([host.asked.at(-1), desk.view], name).toEqual([asks, view]);
  }
});

test('that a spare key is missing is said outside the keys, which say it themselves, until it is waived', async () => {
  const { desk, host } = await show(scene('portal-spare'));
  await fireEvent.click(screen.getByRole('button', { name: 'Not now' }));
  await settled();
  expect(host.asked.at(-1)).toEqual({ ask: 'keys', keys: { wish: 'waive_spare', org: 'acme' } });
  await fireEvent.click(screen.getByRole('button', { name: 'Show keys' }));
  await settled();
  expect([desk.view, screen.queryByText('A spare key is missing')]).toEqual(['keys', null]);
});

test('of several keys one is chosen, of several users one, and a key that failed is tried again', async () => {
  const keys = await show(scene('sign-in-app-choose-key'));
  await fireEvent.click(screen.getByRole('button', { name: 'Solo 2' }));
  expect(keys.host.asked).toEqual([{ ask: 'keys', keys: { wish: 'use', key: 'usb:3' } }]);
  cleanup();
  const users = await show(scene('sign-in-app-users'));
  await fireEvent.click(screen.getByRole('button', { name: 'sam-admin@acme.test' }));
  expect(users.host.asked).toEqual([{ ask: 'in_app', org: 'acme', step: { step: 'user', place: 1 } }]);
  cleanup();
  const failed = await show(scene('sign-in-app-removed'));
  await fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(failed.host.asked).toEqual([{ ask: 'in_app', org: 'acme', step: { step: 'factor', place: 0 } }]);
});

test('a key is registered from its overview, under a name', async () => {
  const { host } = await show(scene('security-keys-register'));
  await fireEvent.click(screen.getByRole('button', { name: 'Register at Acme…' }));
  await fill('Name', 'Spare');
  await fireEvent.click(screen.getByRole('button', { name: 'Register' }));
  await settled();
  expect(host.asked.at(-1)).toEqual({ ask: 'keys', keys: { wish: 'register', key: 'usb:1', org: 'acme', name: 'Spare' } });
});

test('a key that takes a sign-in here leads to the form for it', async () => {
  const here = button('Sign in here', { action: { action: 'ask', request: { ask: 'sign_in', org: 'acme', method: 'native' } } });
  const refused: UiReply = { reply: 'failed', field: null, problem: problem('Sign in to Acme here first', 'You signed in in your browser.', 'Sign in here, then register the key.', here) };
  const { desk, host } = await show({ ...scene('security-keys-register'), reply: ({ ask }) => (ask === 'keys' ? refused : { reply: 'done' }) });
  await fireEvent.click(screen.getByRole('button', { name: 'Register at Acme…' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Register' }));
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Sign in here' }));
  await settled();
  expect([host.asked.at(-1), desk.view]).toEqual([{ ask: 'sign_in', org: 'acme', method: 'native' }, 'portal']);
});

// @vitest-environment jsdom
import { cleanup, fireEvent, screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import { clock } from '../kit/clock.svelte';
import { NOW } from './organisation';
import { scene, settled, show } from './page';

test('a person signs in with the browser, or with a code', async () => {
  const { host } = await show(scene('sign-in'));
  expect(screen.getByRole('heading', { level: 1, name: 'Sign in to Acme' })).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Open browser to sign in' }));
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Use a code instead' }));
  expect(host.asked.map((asked) => 'method' in asked && asked.method)).toEqual(['browser', 'device_code']);
});

test('waiting shows how long, and ways out', async () => {
  const { host } = await show(scene('sign-in-waiting'));
  expect(screen.getByText('Waiting ends in 9 min 40 s')).toBeTruthy();
  for (const name of ['Open again', 'Cancel']) await fireEvent.click(screen.getByRole('button', { name }));
  expect(host.asked.map(({ ask }) => ask)).toEqual(['open_sign_in_again', 'cancel_sign_in']);
});

test('the code is spelled for those who hear it', async () => {
  await show(scene('sign-in-code'));
  expect(screen.getByLabelText('B F T K dash Q W R D').textContent).toBe('BFTK-QWRD');
});

test('another start URL can be entered instead', async () => {
  await show(scene('sign-in'));
  await fireEvent.click(screen.getByRole('button', { name: 'Use another…' }));
  expect(screen.getByRole('dialog', { name: 'Add an organisation' })).toBeTruthy();
});

test('another user than before is told once, with a way to change', async () => {
  const { host } = await show(scene('portal'));
  const title = 'You signed in as kim@acme.test, before it was sam@acme.test';
  expect(screen.queryByText(title)).toBeNull();
  cleanup();
  const kim = await show(scene('portal-other-user'), { 'latchkey.user.acme': 'sam@acme.test' });
  expect(screen.getByText(title)).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Switch user' }));
  await settled();
  expect([host.asked, kim.host.asked.map(({ ask }) => ask)]).toEqual([[], ['sign_out', 'sign_in']]);
  await fireEvent.click(screen.getByRole('button', { name: 'Stay kim@acme.test' }));
  expect([screen.queryByText(title), localStorage.getItem('latchkey.user.acme')]).toEqual([null, 'kim@acme.test']);
});

test('the warning beside the code stands once', async () => {
  await show(scene('sign-in-code'));
  expect(screen.getAllByText(/Only continue if the codes match/)).toHaveLength(1);
});

test('a failure is read out, and the way to sign in stands once', async () => {
  await show(scene('sign-in-failed'));
  expect(screen.getByRole('alert').textContent).toContain('Sign-in was declined in the browser');
  expect(screen.getAllByRole('button', { name: /browser to sign in|^Sign in$/ })).toHaveLength(1);
});

test('the sample shows its users beside the sign-in', async () => {
  await show(scene('sign-in-sandbox'));
  expect(screen.getByRole('table', { name: 'Sample users' }).textContent).toContain('quartz-otter-41-lamp');
});

test('after too many attempts a sign-in waits, and unlocks by itself', async () => {
  await show(scene('sign-in-too-many'));
  clock.stop(NOW);
  await settled();
  const locked = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name }).disabled;
  expect(locked('Wait 28 s')).toBe(true);
  expect(locked('Use a code instead')).toBe(true);
  clock.stop(NOW + 28_001);
  await settled();
  expect(locked('Open browser to sign in')).toBe(false);
  expect(locked('Use a code instead')).toBe(false);
});

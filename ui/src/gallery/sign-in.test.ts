// @vitest-environment jsdom
import { fireEvent, screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
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

// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import type { UiReply, UiRequest } from '../bindings';
import { MINUTE, NOW, shortcut } from './organisation';
import { pass, scene, settled, show } from './page';
import { button, problem } from './scenes';

const GRANT = shortcut('payments-dev', 'PowerUser').grant;

async function keys(option: string, reply?: (request: UiRequest) => UiReply) {
  const shown = await show({ ...scene('portal'), ...(reply && { reply }) });
  await fireEvent.click(screen.getAllByRole('button', { name: 'Keys…, payments-dev, PowerUser, development' })[0] as HTMLElement);
  const dialog = screen.getByRole('dialog', { name: 'Credentials for payments-dev, PowerUser' });
  await fireEvent.click(within(dialog).getByRole('tab', { name: option }));
  return { ...shown, dialog };
}

test("keeping fresh comes first, then AWS's own ways in AWS's order", async () => {
  const { dialog } = await keys('Individual values');
  const tabs = within(dialog).getAllByRole('tab').map((tab) => tab.textContent);
  expect(tabs).toEqual(['Keep fresh (recommended)', 'Identity Center settings', 'Environment variables', 'Credentials file block', 'Individual values']);
});

test('the settings for the AWS CLI hold no secret and need no request', async () => {
  const { dialog, host } = await keys('Identity Center settings');
  const block = within(dialog).getByRole('figure', { name: 'Settings for the AWS CLI' });
  expect(block.textContent).toContain('sso_account_id = 111122224444');
  expect(host.asked).toEqual([]);
});

test('a portal that the AWS CLI cannot sign in to gets no settings for it', async () => {
  await show(scene('keys-identity-center-own'));
  await fireEvent.click(screen.getAllByRole('button', { name: /^Keys…, payments-dev, PowerUser/ })[0] as HTMLElement);
  await fireEvent.click(screen.getByRole('tab', { name: 'Identity Center settings' }));
  expect(screen.queryByRole('figure')).toBeNull();
  expect(screen.getByText(/use Keep fresh for it/)).toBeTruthy();
});

test('environment variables follow the shell, and the shell is remembered', async () => {
  const { dialog, host } = await keys('Environment variables');
  await fireEvent.click(within(dialog).getByRole('radio', { name: 'fish' }));
  expect(within(dialog).getByRole('figure').textContent).toContain('set -gx AWS_DEFAULT_REGION');
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Copy environment' }));
  await settled();
  expect(host.asked).toEqual([{ ask: 'copy_environment', grant: GRANT, shell: 'fish', confirmed: false }]);
  expect(within(dialog).getByText(/The clipboard clears in 90 s/)).toBeTruthy();
  expect(localStorage.getItem('latchkey.shell')).toBe('fish');
});

test('a block is copied under the name that was typed', async () => {
  const { dialog, host } = await keys('Credentials file block');
  await fireEvent.input(within(dialog).getByLabelText('Profile name'), { target: { value: ' elsewhere ' } });
  expect(within(dialog).getByRole('figure').textContent).toContain('[elsewhere]');
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Copy block' }));
  await settled();
  expect(host.asked).toEqual([{ ask: 'copy_credentials', grant: GRANT, part: { part: 'block', profile: 'elsewhere' }, confirmed: false }]);
});

test('single values are copied one by one, and each says so', async () => {
  const { dialog, host } = await keys('Individual values');
  for (const name of ['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token']) {
    await fireEvent.click(within(dialog).getByRole('button', { name: `Copy ${name}` }));
    await settled();
    expect(within(dialog).getByRole('button', { name: `Copied ${name}` }).textContent).toContain('Copied');
  }
  expect(host.asked.map((asked) => 'part' in asked && asked.part.part)).toEqual(['access_key_id', 'secret_access_key', 'session_token']);
});

test('what could not be copied is told beside it, and its way out makes room', async () => {
  const signIn = button('Sign in', { action: { action: 'ask', request: { ask: 'sign_in', org: 'acme', method: null } } });
  const refused: UiReply = { reply: 'failed', field: null, problem: problem('Sign in to Acme', 'This works only while you are signed in.', '', signIn) };
  const { dialog } = await keys('Individual values', ({ ask }) => (ask === 'copy_credentials' ? refused : { reply: 'done' }));
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Copy aws_session_token' }));
  await fireEvent.click(await within(dialog).findByRole('button', { name: 'Sign in' }));
  await settled();
  expect(screen.queryByRole('dialog')).toBeNull();
});

const COPIED = (until: number): UiReply => ({ reply: 'copied', until });
const subtitle = (dialog: HTMLElement) => within(dialog).getByRole('heading', { level: 2 }).nextElementSibling?.textContent;

test('until when works what was copied is said, also beside a profile kept fresh', async () => {
  const { dialog } = await keys('Environment variables', () => COPIED(NOW + 98 * MINUTE));
  expect(subtitle(dialog)).toBe('Kept fresh as pay-dev, valid until 14:46 (42 min)');
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Copy environment' }));
  await settled();
  expect(subtitle(dialog)).toBe('Valid until 15:42 (1 h 38 min)');
  await pass(90 * MINUTE);
  expect(subtitle(dialog)).toBe('Valid until 15:42 (8 min)');
  expect(within(dialog).queryByText('These credentials have expired.')).toBeNull();
});

test('what expired says so once, and is copied again as it was copied', async () => {
  const { dialog, host } = await keys('Individual values', () => COPIED(NOW + 15 * MINUTE));
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Copy aws_session_token' }));
  await settled();
  await fireEvent.click(within(dialog).getByRole('tab', { name: 'Keep fresh (recommended)' }));
  await pass(15 * MINUTE);
  const told = within(dialog).getByText('These credentials have expired.');
  const region = told.closest('[role=status]');
  expect(subtitle(dialog)).toBe('Expired at 14:19');
  // The same words, not said anew by the clock.
  await pass(5 * MINUTE);
  expect([told.isConnected, region?.isConnected, told.closest('[role=status]') === region]).toEqual([true, true, true]);
  host.scene.reply = () => COPIED(NOW + 75 * MINUTE);
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Get new ones' }));
  await settled();
  expect(host.asked).toHaveLength(2);
  expect(host.asked[1]).toEqual(host.asked[0]);
  expect(within(dialog).queryByText('These credentials have expired.')).toBeNull();
  expect(within(dialog).getAllByText(/The clipboard clears in 90 s/)).toHaveLength(1);
  expect(subtitle(dialog)).toBe('Valid until 15:19 (55 min)');
  expect(document.activeElement).toBe(within(dialog).getByRole('tab', { name: 'Keep fresh (recommended)' }));
});

test('new ones that do not come leave the note, and why is told', async () => {
  const { dialog, host } = await keys('Credentials file block', () => COPIED(NOW + 15 * MINUTE));
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Copy block' }));
  await settled();
  await pass(16 * MINUTE);
  expect(within(dialog).queryByText(/The clipboard clears in 90 s/)).toBeNull();
  host.scene.reply = () => ({ reply: 'failed', field: null, problem: problem('Sign in to Acme', 'This works only while you are signed in.', '') });
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Get new ones' }));
  await settled();
  expect(within(dialog).getByText('Sign in to Acme')).toBeTruthy();
  expect(within(dialog).getByText('These credentials have expired.')).toBeTruthy();
});

test('another way than the one that copied does not say that it did', async () => {
  const { dialog } = await keys('Environment variables');
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Copy environment' }));
  await settled();
  expect(within(dialog).getByText(/The clipboard clears in 90 s/)).toBeTruthy();
  await fireEvent.click(within(dialog).getByRole('tab', { name: 'Credentials file block' }));
  expect(within(dialog).queryByText(/The clipboard clears in 90 s/)).toBeNull();
});

test('the sample organisation names its own credentials file, not the person\'s', async () => {
  await show(scene('sandbox'));
  await fireEvent.click(screen.getAllByRole('button', { name: /^Keys…/ })[0] as HTMLElement);
  const dialog = screen.getByRole('dialog', { name: /^Credentials for/ });
  expect(dialog.textContent).toContain("Written to the sample organisation's own credentials file and replaced before it expires.");
  expect(dialog.textContent).not.toContain('~/.aws');
});

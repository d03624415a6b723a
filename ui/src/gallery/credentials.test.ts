// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import type { UiProblem, UiRequest } from '../bindings';
import { shortcut } from './organisation';
import { scene, settled, show } from './page';
import { button, problem, state } from './scenes';

test('each profile says its state and its time in words', async () => {
  await show(scene('credentials'));
  const table = screen.getByRole('table', { name: 'Profiles kept fresh' });
  const row = within(table).getByRole('row', { name: /pay-dev/ });
  expect(row.textContent).toContain('Fresh, 42 min, until 14:46');
});

test('columns sort, and say so', async () => {
  await show(scene('credentials'));
  const first = () => screen.getAllByRole('rowheader')[0]?.textContent;
  await fireEvent.click(screen.getByRole('button', { name: 'Time left' }));
  expect([screen.getByRole('columnheader', { name: 'Time left' }).getAttribute('aria-sort'), first()]).toEqual(['ascending', 'data-stg']);
});

test('the details tell who wrote a profile, and its last refreshes', async () => {
  await show(scene('credentials-details'));
  await fireEvent.click(screen.getByRole('button', { name: 'Details of data-stg' }));
  const details = screen.getByRole('complementary', { name: 'Details' });
  const fact = (name: string) => within(details).getByText(name).nextElementSibling?.textContent;
  expect(fact('Written by')).toBe('Latchkey, 12:52');
  const list = within(details).getByRole('region', { name: 'Last refreshes' });
  const lines = within(list).getAllByRole('listitem').map((one) => one.textContent?.replaceAll(/\s+/g, ' ').trim());
  expect(lines).toHaveLength(5);
  expect(lines[0]).toBe('12:52 refreshed, valid until 13:52');
  expect(lines[2]).toBe('11:53 failed: acme.awsapps.com did not answer');
  await fireEvent.click(screen.getByRole('button', { name: 'Details of store-qa' }));
  expect(fact('Written by')).toBe('Another program, noticed 14:02');
  expect(within(details).queryByText('Last written')).toBeNull();
  expect(within(details).queryByText('Last refreshes')).toBeNull();
});

test('stopping asks first, and Cancel has the focus', async () => {
  const { host } = await show(scene('credentials'));
  await fireEvent.click(screen.getByRole('button', { name: 'Details of pay-dev' }));
  const details = screen.getByRole('complementary', { name: 'Details' });
  await fireEvent.click(within(details).getByRole('button', { name: 'Stop and remove…' }));
  const dialog = screen.getByRole('alertdialog', { name: 'Stop keeping pay-dev fresh?' });
  expect(document.activeElement).toBe(within(dialog).getByRole('button', { name: 'Cancel' }));
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Stop and remove' }));
  expect(host.asked).toEqual([{ ask: 'stop_keeping', profile: 'pay-dev', remove: true }]);
});

test('a name that is taken is never overwritten by itself', async () => {
  const { host } = await show(scene('keys-conflict'));
  await fireEvent.click(screen.getAllByRole('button', { name: 'Keys…, payments-dev, PowerUser, development' })[0] as HTMLElement);
  await fireEvent.click(screen.getByRole('button', { name: 'Start' }));
  expect(host.asked).toMatchObject([{ ask: 'keep_fresh', replace_foreign: false }]);
  await settled();
  // Enter goes the harmless way.
  const other = screen.getByRole('button', { name: 'Use "payments-dev-poweruser-2"' });
  expect(document.activeElement).toBe(other);
  await fireEvent.click(other);
  expect(screen.getByLabelText<HTMLInputElement>('Profile name').value).toBe('payments-dev-poweruser-2');
  expect(host.asked).toHaveLength(1);
});

test('a pause is said once, with the way back', async () => {
  await show(scene('credentials-paused'));
  expect(screen.getAllByText(/Refreshing is paused until/)).toHaveLength(1);
  expect(document.body.textContent).not.toMatch(/Continuing|Next try/);
});

test('keys meant for a dialog do nothing behind it', async () => {
  await show(scene('credentials'));
  await fireEvent.click(screen.getByRole('button', { name: 'Details of pay-dev' }));
  await fireEvent.click(within(screen.getByRole('complementary', { name: 'Details' })).getByRole('button', { name: 'Stop and remove…' }));
  const dialog = screen.getByRole('alertdialog');
  await fireEvent.keyDown(dialog, { key: 'Escape' });
  await fireEvent.keyDown(dialog, { key: 'n', ctrlKey: true });
  expect(screen.getByRole('complementary', { name: 'Details' })).toBeTruthy();
  expect(screen.queryByRole('dialog', { name: 'Keep a profile fresh' })).toBeNull();
});

test('a second failure is told in the dialog too, and an offered name is taken', async () => {
  const retry = { ask: 'keep_fresh', grant: shortcut('payments-dev', 'PowerUser').grant, profile: 'pay-2', delivery: 'credentials_file', region: null, replace_foreign: false, confirmed: false } as UiRequest;
  let again = problem('Could not write ~/.aws/credentials', 'The disk is full.', 'Free some space.', button('Try again', { action: { action: 'ask', request: retry } }));
  let full = true;
  const { host } = await show({
    ...scene('keys-keep'),
    reply: () => (full ? { reply: 'failed', field: null, problem: again } : { reply: 'done' }),
  });
  await fireEvent.click(screen.getAllByRole('button', { name: 'Keys…, payments-dev, PowerUser, development' })[0] as HTMLElement);
  const dialog = screen.getByRole('dialog');
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Start' }));
  again = { ...again, meaning: 'The disk is still full.' };
  await fireEvent.click(await within(dialog).findByRole('button', { name: 'Try again' }));
  expect(await within(dialog).findByText(/still full/)).toBeTruthy();
  expect(within(screen.getByRole('region', { name: 'Notices' })).queryByRole('alert')).toBeNull();
  full = false;
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Try again' }));
  await settled();
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(screen.getByText('pay-2 is kept fresh from now on.')).toBeTruthy();
  expect(host.asked).toHaveLength(3);
});

test('undoing names the backup and what is lost before it does anything', async () => {
  const { host } = await show(scene('credentials'));
  await fireEvent.click(screen.getByRole('button', { name: 'Undo changes…' }));
  const dialog = screen.getByRole('alertdialog', { name: 'Put the file back to Fri 14:04?' });
  for (const part of ['the whole of ~/.aws/credentials', '4 days ago', '20 November 2026', 'the keys of pay-dev']) expect(dialog.textContent?.replaceAll(/\s+/g, ' ')).toContain(part);
  expect(document.activeElement).toBe(within(dialog).getByRole('button', { name: 'Cancel' }));
  await fireEvent.click(document.activeElement as HTMLElement);
  expect(host.asked).toEqual([]);
  await fireEvent.click(screen.getByRole('button', { name: 'Undo changes…' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Put the file back' }));
  expect(host.asked).toEqual([{ ask: 'undo_file_changes' }]);
});

test('what was let be of the file is not told again, unless it says something else', async () => {
  const file = (...notes: UiProblem[]) => state({ file: { ...state().file, notes } });
  const readable = (mode: string) => problem('Other users can read your credentials file', `Its permissions are ${mode}.`, '', button('Make it private (0600)', { action: { action: 'ask', request: { ask: 'make_file_private' } } }), button('Ignore'));
  const link = (to: string) => problem('~/.aws/credentials is a link', `Latchkey writes to its target, ${to}.`, '', button('Continue'));
  const told = () => ['Other users can read your credentials file', '~/.aws/credentials is a link'].map((title) => screen.queryByText(title) !== null);
  const { host, desk } = await show({ ...scene('credentials'), state: file(readable('0644'), link('/a')) });
  // Mending it lets nothing be: a file that is opened again is told of again.
  await fireEvent.click(screen.getByRole('button', { name: 'Make it private (0600)' }));
  await settled();
  expect([host.asked, told()]).toEqual([[{ ask: 'make_file_private' }], [true, true]]);
  await fireEvent.click(screen.getByRole('button', { name: 'Ignore' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Continue' }));
  await settled();
  expect(told()).toEqual([false, false]);
  desk.view = 'portal';
  await settled();
  desk.view = 'credentials';
  await settled();
  expect(told()).toEqual([false, false]);
  for (const [notes, expected] of [[[readable('0666'), link('/a')], [true, false]], [[readable('0644'), link('/b')], [false, true]]] as const) {
    host.send(file(...notes));
    await settled();
    expect(told()).toEqual(expected);
  }
  host.send(state({ file: { ...file(readable('0644')).file, path: '~/elsewhere/credentials' } }));
  await settled();
  expect(told()).toEqual([true, false]);
});

test('the name that is free has the focus, wherever it stands among the buttons', async () => {
  const asks = (profile: string, replace_foreign: boolean) =>
    ({ action: 'ask', request: { ask: 'keep_fresh', grant: shortcut('payments-dev', 'PowerUser').grant, profile, delivery: 'credentials_file', region: null, replace_foreign, confirmed: false } }) as const;
  const exists = problem('A profile exists already', '', '', button('Replace and keep a backup', { action: asks('payments-dev-poweruser', true), danger: true }), button('Use "pay-2"', { action: asks('pay-2', false) }));
  const { host } = await show({ ...scene('keys-keep'), reply: () => ({ reply: 'failed', field: 'profile', problem: exists }) });
  await fireEvent.click(screen.getAllByRole('button', { name: 'Keys…, payments-dev, PowerUser, development' })[0] as HTMLElement);
  await fireEvent.click(screen.getByRole('button', { name: 'Start' }));
  await settled();
  expect(document.activeElement?.textContent?.trim()).toBe('Use "pay-2"');
  expect(host.asked).toMatchObject([{ profile: 'payments-dev-poweruser' }]);
});

// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import type { UiRequest } from '../bindings';
import { shortcut } from './organisation';
import { scene, settled, show } from './page';
import { button, problem } from './scenes';

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
  await fireEvent.click(await screen.findByRole('button', { name: 'Use "payments-dev-poweruser-2"' }));
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

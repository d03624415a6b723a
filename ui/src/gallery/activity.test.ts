// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';
import type { UiActivity, UiRequest } from '../bindings';
import { scene, settled, show } from './page';
import { reads, state } from './scenes';

const field = () => screen.getByLabelText<HTMLInputElement>('Search activity');
const rows = () => screen.getAllByRole('button', { name: /^Details of/ });
const choose = async (label: string, value: string) => {
  await fireEvent.change(screen.getByLabelText(label), { target: { value } });
  await settled();
};
/** A line to be made another. */
function first(): UiActivity {
  const [line] = state().activity;
  if (!line) throw new Error('no line');
  return line;
}
const histories = (asked: UiRequest[]) => asked.filter((one) => one.ask === 'history');

test('a search that finds nothing says so, and leads back', async () => {
  await show(scene('activity'));
  await fireEvent.keyDown(document.body, { key: '/' });
  expect(document.activeElement).toBe(field());
  await fireEvent.input(field(), { target: { value: 'terraform' } });
  await fireEvent.keyDown(field(), { key: 'Enter' });
  await settled();
  expect(screen.getByText('The whole record was searched.')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Clear filters' }));
  await settled();
  expect([field().value, document.activeElement]).toEqual(['', field()]);
  expect(screen.queryByText('No entries match')).toBeNull();
});

test('a search waits until one has typed, and asks for the whole record', async () => {
  const { host } = await show(scene('activity'));
  vi.useFakeTimers();
  await fireEvent.input(field(), { target: { value: 'op' } });
  await fireEvent.input(field(), { target: { value: 'opened' } });
  vi.advanceTimersByTime(250);
  vi.useRealTimers();
  await settled();
  expect(histories(host.asked).map((one) => one.ask === 'history' && one.filter.query)).toEqual(['', 'opened']);
  expect(rows()).toHaveLength(2);
  await fireEvent.keyDown(field(), { key: 'Escape' });
  expect(field().value).toBe('');
});

test('each filter is asked of the record', async () => {
  const { host } = await show(scene('activity'));
  await choose('Result', 'failed');
  expect(screen.getByText('1 entry matches')).toBeTruthy();
  expect(screen.getAllByText('Failed', { selector: 'td' })).toHaveLength(1);
  await choose('Result', '');
  await choose('What it is about', 'launch');
  await choose('Account', 'acme/payments-prod');
  await choose('Date', 'today');
  await choose('Requested by', 'you');
  const last = host.asked.at(-1);
  expect(last).toMatchObject({ ask: 'history', before: null, filter: { kind: 'launch', account: 'acme/payments-prod', by: 'you', ok: null } });
  expect(last?.ask === 'history' && last.filter.since).toBe(new Date(2026, 10, 24).getTime());
  expect(rows()).toHaveLength(1);
});

test('a span of days of one\'s own is read as a whole, and goes with the filters', async () => {
  const { host } = await show(scene('activity'));
  expect(screen.queryByLabelText('From')).toBeNull();
  await choose('Date', 'own');
  for (const [label, value] of [['From', '2026-11-23'], ['To', '2026-11-23']] as const) {
    const field = screen.getByLabelText(label);
    await fireEvent.input(field, { target: { value } });
    await fireEvent.change(field);
  }
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ ask: 'history', filter: { since: new Date(2026, 10, 23).getTime(), until: new Date(2026, 10, 24).getTime() } });
  await fireEvent.input(screen.getByLabelText('To'), { target: { value: '2026-11-22' } });
  await fireEvent.change(screen.getByLabelText('To'));
  await settled();
  expect(screen.getByLabelText('To').getAttribute('aria-invalid')).toBe('true');
  expect(host.asked.at(-1)).toMatchObject({ filter: { since: null, until: null } });
  await choose('Date', 'week');
  expect(screen.queryByLabelText('From')).toBeNull();
});

test('a long record comes page by page', async () => {
  const many = Array.from({ length: 250 }, (_, at) => ({ ...first(), id: 5000 - at, group: '' }));
  const whole = state({ activity: many });
  const { host } = await show({ ...scene('activity'), reply: (request) => reads(whole, request) ?? { reply: 'done' } });
  expect(rows()).toHaveLength(100);
  await fireEvent.click(screen.getByRole('button', { name: 'Show older' }));
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ ask: 'history', before: 4901, limit: 100 });
  expect(rows()).toHaveLength(200);
  await fireEvent.click(screen.getByRole('button', { name: 'Show older' }));
  await settled();
  expect(rows()).toHaveLength(250);
  expect(screen.queryByRole('button', { name: 'Show older' })).toBeNull();
});

test('what comes meanwhile waits behind a button', async () => {
  const fresh = [1212, 1211].map((id) => ({ ...first(), id, group: '' }));
  const later = state({ activity: [...fresh, ...state().activity] });
  const { host } = await show(scene('activity'));
  const before = rows().length;
  host.send(later);
  host.scene.reply = (request) => reads(later, request) ?? { reply: 'done' };
  await settled();
  expect(rows()).toHaveLength(before);
  await fireEvent.click(screen.getByRole('button', { name: '2 new entries' }));
  await settled();
  expect(rows()).toHaveLength(before + 2);
  expect(screen.queryByRole('button', { name: /new entr/ })).toBeNull();
});

test('what does not fit the filter is no news', async () => {
  const { host } = await show(scene('activity'));
  await choose('Result', 'failed');
  host.send(state({ activity: [{ ...first(), id: 1211 }, ...state().activity] }));
  await settled();
  expect(screen.queryByRole('button', { name: /new entr/ })).toBeNull();
});

test('an entry shows all its fields and can be copied', async () => {
  const { host } = await show(scene('activity'));
  await fireEvent.click(screen.getByRole('button', { name: /^Details of Opened the console of payments-prod/ }));
  await settled();
  const details = screen.getByRole('complementary', { name: 'Details' });
  expect(host.asked.at(-1)).toEqual({ ask: 'activity_entry', id: 1210 });
  expect(details.querySelector('pre')?.textContent).toContain('"key_tail": "7QXD"');
  expect(within(details).getByRole('button', { name: 'Copy entry' })).toBeTruthy();
  await fireEvent.keyDown(document.body, { key: 'Escape' });
  expect(screen.queryByRole('complementary')).toBeNull();
});

test('a file is written by the Rust side, which gets what is filtered', async () => {
  const base = scene('activity');
  const { host } = await show({
    ...base,
    reply: (request) => (request.ask === 'export_activity' ? { reply: 'exported', path: '/d/a.csv', text: 'Saved to /d/a.csv. Only you can read it.' } : (base.reply?.(request) ?? { reply: 'done' })),
  });
  await choose('Result', 'failed');
  await fireEvent.click(screen.getByRole('button', { name: 'Export…' }));
  await settled();
  await fireEvent.click(screen.getByRole('menuitem', { name: 'JSON lines', hidden: true }));
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ ask: 'export_activity', format: 'json_lines', filter: { ok: false } });
  expect(screen.getByText('Saved to /d/a.csv. Only you can read it.')).toBeTruthy();
});

test('clearing asks, and nothing is cleared by itself', async () => {
  const { host } = await show(scene('activity'));
  await fireEvent.click(screen.getByRole('button', { name: 'Clear…' }));
  const dialog = screen.getByRole('alertdialog', { name: 'Clear Activity?' });
  expect(document.activeElement).toBe(within(dialog).getByRole('button', { name: 'Cancel' }));
  expect(host.asked.some(({ ask }) => ask === 'clear_history')).toBe(false);
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Clear Activity' }));
  await settled();
  expect(host.asked.map(({ ask }) => ask)).toContain('clear_history');
});

test('a record that was changed outside is an alert', async () => {
  await show(scene('activity-broken'));
  const alert = screen.getByRole('alert');
  expect(alert.textContent).toContain('The record was changed outside Latchkey at entry 1 204');
  expect(alert.textContent).toContain('Entries after it cannot be trusted.');
});

test('how the record stands is said, and can be checked', async () => {
  const { host } = await show(scene('activity'));
  expect(screen.getByText(/Record chain intact, checked 2 min ago\./)).toBeTruthy();
  expect(host.asked.some(({ ask }) => ask === 'check_record')).toBe(false);
  await fireEvent.click(screen.getByRole('button', { name: 'Check now' }));
  expect(host.asked.at(-1)).toEqual({ ask: 'check_record' });
});

test('a record that cannot be opened says so, and can be tried again', async () => {
  const { host } = await show(scene('activity-unreadable'));
  expect(screen.getByText('The record could not be opened')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(histories(host.asked)).toHaveLength(2);
  await fireEvent.click(screen.getByRole('button', { name: 'Show where it is' }));
  expect(screen.getByRole('heading', { name: 'Advanced' })).toBeTruthy();
});

test('rows are small unless one wants them larger, which is remembered', async () => {
  await show(scene('activity'));
  expect(document.querySelector('table')?.classList.contains('compact')).toBe(true);
  await fireEvent.click(screen.getByRole('button', { name: 'Larger rows' }));
  expect(document.querySelector('table')?.classList.contains('compact')).toBe(false);
  expect(localStorage.getItem('latchkey.activity.density')).toBe('comfortable');
});

test('where nothing happened yet there is nothing to search', async () => {
  await show(scene('activity-empty'));
  expect(screen.queryByLabelText('Search activity')).toBeNull();
  expect(screen.queryByRole('button', { name: 'Export…' })).toBeNull();
});

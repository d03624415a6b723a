// @vitest-environment jsdom
import { fireEvent, screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import { scene, show } from './page';

const field = () => screen.getByLabelText<HTMLInputElement>('Search activity');

test('a search that finds nothing says so, and leads back', async () => {
  await show(scene('activity'));
  await fireEvent.keyDown(document.body, { key: '/' });
  expect(document.activeElement).toBe(field());
  await fireEvent.input(field(), { target: { value: 'terraform' } });
  expect(screen.getByText('All entries were searched.')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Clear filters' }));
  expect([field().value, document.activeElement]).toEqual(['', field()]);
  expect(screen.queryByText('No entries match')).toBeNull();
});

test('what failed can be looked at alone, and is counted', async () => {
  await show(scene('activity'));
  await fireEvent.change(screen.getByLabelText('Which entries'), { target: { value: 'failed' } });
  expect(screen.getByText('1 entry matches')).toBeTruthy();
  expect(screen.getAllByText(/^Could not refresh/)).toHaveLength(1);
});

test('Esc clears what was searched for', async () => {
  await show(scene('activity'));
  await fireEvent.input(field(), { target: { value: 'opened' } });
  expect(screen.getByText('2 entries match')).toBeTruthy();
  await fireEvent.keyDown(field(), { key: 'Escape' });
  expect(field().value).toBe('');
});

test('where nothing happened yet there is nothing to search', async () => {
  await show(scene('activity-empty'));
  expect(screen.queryByLabelText('Search activity')).toBeNull();
});

// @vitest-environment jsdom
import { fireEvent, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { expect, test } from 'vitest';
import { scene, show } from './page';

const press = (key: string, more: KeyboardEventInit = {}) => fireEvent.keyDown(document.activeElement ?? document.body, { key, ...more });

test('Down goes from the search to what was found', async () => {
  const { desk } = await show(scene('portal-search'));
  screen.getByLabelText<HTMLInputElement>('Search accounts, roles and apps').focus();
  await press('ArrowDown');
  expect(document.activeElement?.closest('[data-row]')).toBeTruthy();
  expect(desk.query).toBe('pay read');
});

test('Esc clears the search from everywhere in the portal, and only there', async () => {
  const { desk } = await show(scene('portal-search'));
  desk.view = 'activity';
  await tick();
  await press('Escape');
  expect(desk.query).toBe('pay read');
  desk.view = 'portal';
  await tick();
  await press('Escape');
  expect(desk.query).toBe('');
});

test('Esc does not clear the search behind a dialog', async () => {
  const { desk } = await show(scene('portal-search'));
  desk.shortcuts = true;
  await tick();
  await press('Escape');
  expect(desk.query).toBe('pay read');
});

test('the search key goes to the search of the view that has one', async () => {
  const { desk } = await show(scene('settings'));
  await press('f', { ctrlKey: true });
  expect([desk.view, (document.activeElement as HTMLInputElement).placeholder]).toEqual(['settings', 'Search settings']);
});

test("a profile's menu opens by the menu keys", async () => {
  for (const [key, more] of [['F10', { shiftKey: true }], ['ContextMenu', {}], ['.', { ctrlKey: true }]] as const) {
    const { host } = await show(scene('credentials-details'));
    screen.getByRole('button', { name: 'Details of pay-dev' }).focus();
    await press(key, more);
    const trigger = screen.getByRole('button', { name: 'More, pay-dev' });
    expect(trigger.getAttribute('aria-expanded'), key).toBe('true');
    expect(host.asked).toEqual([]);
    document.body.replaceChildren();
  }
});

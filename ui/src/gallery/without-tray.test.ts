// @vitest-environment jsdom
import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { expect, test } from 'vitest';
import type { UiState } from '../bindings';
import { pass, scene, settled, show } from './page';
import { SETTINGS, state, WITHOUT_TRAY } from './state';

const without = (change: Partial<UiState> = {}) => ({ ...scene('portal'), state: state({ tray: false, tray_host: null, closed_text: WITHOUT_TRAY, ...change }) });
const told = () => screen.queryAllByText((_, element) => element?.textContent?.trim() === `When you close this window: ${WITHOUT_TRAY}`).length > 0;
const KEPT = 'latchkey.without-tray';

test('without a tray the window tells once where Latchkey is when it is closed', async () => {
  await show(without());
  // A panel may come right after.
  await pass(4_900);
  expect(told()).toBe(false);
  await pass(200);
  expect(told()).toBe(true);
  await fireEvent.click(screen.getByRole('button', { name: 'Got it' }));
  expect(told()).toBe(false);
  const kept = localStorage.getItem(KEPT) ?? '';
  cleanup();
  await show(without(), { [KEPT]: kept });
  await pass(6_000);
  expect(told()).toBe(false);
});

test('it is not told where there is a tray, comes one, or nothing goes on', async () => {
  for (const shown of [scene('portal'), without({ settings: { ...SETTINGS, keep_running: false } }), scene('first-run')]) {
    await show(shown);
    await pass(6_000);
    expect(screen.queryByRole('button', { name: 'Got it' })).toBeNull();
    cleanup();
  }
  const { host } = await show(without());
  host.send(state());
  await tick();
  await pass(6_000);
  // One that is gone again has the same time to come back.
  host.send(without().state);
  await settled();
  expect(told()).toBe(false);
  await pass(6_000);
  expect(told()).toBe(true);
});

test('the settings tell the way back, and of no tray where there is none', async () => {
  for (const [shown, way, copied] of [[without(), 'Open it again from your applications.', false], [scene('portal'), 'Open it again from the tray.', true]] as const) {
    const { desk } = await show({ ...shown, view: 'settings' });
    const background = screen.getByRole('switch', { name: 'Keep running in the background' });
    expect(background.closest('.line')?.textContent).toContain(way);
    desk.settingsSection = 'notifications';
    await settled();
    expect(screen.queryByRole('switch', { name: 'When credentials were copied from the tray' }) !== null).toBe(copied);
    expect(within(document.body).queryAllByText(/tray/i).length > 0).toBe(copied);
    cleanup();
  }
});

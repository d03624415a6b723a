// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, expect, test, vi } from 'vitest';
import { pass, scene, settled, show } from './page';
import { banner, button, state } from './state';

afterEach(() => vi.restoreAllMocks());

test('F6 goes to the header, the navigation, the banner, the content and the details, and back', async () => {
  const { host } = await show(scene('credentials-details'));
  host.send({ ...host.scene.state, ...state({}, { banner: banner('offline', 'You are offline', '', button('Retry now')) }), profiles: host.scene.state.profiles });
  await tick();
  await fireEvent.click(screen.getByRole('button', { name: 'Details of pay-dev' }));
  // Nothing has a size here.
  vi.spyOn(Element.prototype, 'getClientRects').mockReturnValue([new DOMRect()] as unknown as DOMRectList);
  (document.activeElement as HTMLElement | null)?.blur();
  const region = () => {
    const now = document.activeElement;
    return now?.closest('aside') ? 'details' : now?.closest('.banners') ? 'banner' : now?.closest('header, nav, main')?.tagName.toLowerCase();
  };
  const ORDER = ['header', 'nav', 'banner', 'main', 'details'];
  for (const [shiftKey, order] of [[false, ORDER], [true, ORDER.toReversed().slice(1)]] as const) {
    const gone = [];
    for (let at = 0; at < order.length; at += 1) {
      await fireEvent.keyDown(document.body, { key: 'F6', shiftKey });
      gone.push(region());
    }
    expect(gone).toEqual(order);
  }
});

test('without a network the next attempt is counted down, and consoles say why they do not open', async () => {
  const { host } = await show(scene('portal-offline'));
  expect(screen.getByText('Retrying in 20 s.')).toBeTruthy();
  await pass(5_000);
  expect(screen.getByText('Retrying in 15 s.')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Retry now' })).toBeTruthy();
  const open = screen.getAllByRole<HTMLButtonElement>('button', { name: /^Open console, / });
  expect(open.every((button) => button.disabled && button.title === 'You are offline. Consoles open again when the network is back.')).toBe(true);
  // What needs nobody stays: a star, the way to copied credentials, an app's own page.
  expect(screen.getAllByRole<HTMLButtonElement>('button', { name: /^Keys…, / }).every(({ disabled }) => !disabled)).toBe(true);
  const now = host.scene.state;
  host.send({ ...now, organisations: now.organisations.map((one) => ({ ...one, sync: { state: 'running', done: 0, total: 0 } })) });
  await tick();
  expect(screen.getByText('Trying now.')).toBeTruthy();
});

test('in a narrow window the menu says what needs attention', async () => {
  await show(scene('credentials'));
  await fireEvent.click(screen.getByRole('button', { name: 'Menu', hidden: true }), { detail: 0 });
  const menu = within(screen.getByRole('menu', { hidden: true }));
  expect(menu.getAllByRole('menuitemradio', { hidden: true }).map((item) => item.textContent?.trim().replaceAll(/\s+/g, ' '))).toEqual(['Portal', 'Credentials 2 need attention', 'Keys', 'Activity', 'Settings']);
});

test('a link of ours goes to a section of the settings, and fills the form in without sending it', async () => {
  const { host, desk } = await show(scene('portal'));
  host.show({ view: 'settings', target: { target: 'section', section: 'safety' } });
  await settled();
  expect([desk.view, desk.settingsSection]).toEqual(['settings', 'safety']);
  const before = host.asked.length;
  host.show({ view: 'portal', target: { target: 'add_organisation', start_url: 'https://acme.test/start' } });
  await settled();
  const field = screen.getByLabelText<HTMLInputElement>(/Start URL/);
  expect(field.value).toBe('https://acme.test/start');
  await fireEvent.input(field, { target: { value: 'mine' } });
  host.show({ view: 'portal', target: { target: 'add_organisation', start_url: 'https://other.test/start' } });
  await settled();
  expect(field.value).toBe('mine');
  // Nor does it stand there the next time.
  desk.adding = false;
  await settled();
  desk.adding = true;
  await settled();
  expect(screen.getByLabelText<HTMLInputElement>(/Start URL/).value).toBe('');
  expect(host.asked.slice(before)).toEqual([]);
});

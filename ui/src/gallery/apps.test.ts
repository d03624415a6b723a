// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { expect, test } from 'vitest';
import { appShortcut, shortcut } from './organisation';
import { scene, settled, show } from './page';
import { problem, state } from './scenes';

const GRAFANA = appShortcut('Grafana').app;
const rows = () =>
  within(screen.getByRole('list', { name: 'All apps' }))
    .getAllByRole('group')
    .map((row) => row.getAttribute('aria-label'));
const tab = (name: string) => screen.getByRole('tab', { name });

test('the apps are a tab beside the accounts, chosen by hand', async () => {
  const { host } = await show(scene('portal'));
  expect(screen.getByText('12 accounts · 5 apps · Updated 2 min ago')).toBeTruthy();
  tab('Accounts 12').focus();
  await fireEvent.keyDown(tab('Accounts 12'), { key: 'ArrowRight' });
  expect(document.activeElement).toBe(tab('Apps 5'));
  expect(screen.queryByRole('list', { name: 'All apps' })).toBeNull();
  await fireEvent.click(tab('Apps 5'));
  expect(rows()).toEqual(['Expense reports, app', 'Grafana, app', 'Incident rota, app', 'PayRoll, app', 'Wiki, app']);
  await fireEvent.click(screen.getByRole('button', { name: 'Open Grafana' }));
  expect(host.asked).toEqual([{ ask: 'open_app', app: GRAFANA }]);
});

test('an app among the favourites opens, and the star comes off', async () => {
  const { host } = await show(scene('portal'));
  const favourites = within(screen.getByRole('list', { name: 'Favourites' }));
  await fireEvent.click(favourites.getByRole('button', { name: 'Open Grafana' }));
  const star = favourites.getByRole('button', { name: 'Favourite, Grafana' });
  expect(star.getAttribute('aria-pressed')).toBe('true');
  await fireEvent.click(star);
  expect(host.asked).toEqual([
    { ask: 'open_app', app: GRAFANA },
    { ask: 'set_favourite_app', app: GRAFANA, on: false },
  ]);
});

test('favourites are moved by Alt and an arrow, keep the focus, and say their place', async () => {
  const { host } = await show(scene('portal'));
  const list = screen.getByRole('list', { name: 'Favourites' });
  const order = () => within(list).getAllByRole('group').map((row) => row.getAttribute('aria-label'));
  const before = order();
  const grafana = within(list).getByRole('button', { name: 'Open Grafana' });
  grafana.focus();
  await fireEvent.keyDown(grafana, { key: 'ArrowUp', altKey: true });
  await settled();
  expect(host.asked).toEqual([{ ask: 'move_favourite_app', app: GRAFANA, up: true }]);
  expect(order()).toEqual([before[0], before[2], before[1], before[3]]);
  expect(document.activeElement).toBe(grafana);
  expect(screen.getByText('Grafana: place 2 of 4').getAttribute('role')).toBe('status');
  const first = within(list).getAllByRole('button', { name: /^Open console, payments-prod/ })[0] as HTMLElement;
  await fireEvent.keyDown(first, { key: 'ArrowUp', altKey: true });
  await fireEvent.keyDown(first, { key: 'ArrowDown', altKey: true });
  await settled();
  // The first has nothing above it.
  expect(host.asked.slice(1)).toEqual([{ ask: 'move_favourite', grant: shortcut('payments-prod', 'ReadOnly').grant, up: false }]);
  expect(order()).toEqual([before[2], before[0], before[1], before[3]]);
  const recent = within(screen.getByRole('list', { name: 'Recent' })).getAllByRole('button')[0] as HTMLElement;
  await fireEvent.keyDown(recent, { key: 'ArrowDown', altKey: true });
  await settled();
  expect(host.asked).toHaveLength(2);
});

test('a favourite that could not be moved stays where it is', async () => {
  const failed = problem('The disk is full', 'Nothing was changed.', 'Free some space.');
  await show({ ...scene('portal'), reply: () => ({ reply: 'failed', field: null, problem: failed }) });
  const list = screen.getByRole('list', { name: 'Favourites' });
  const order = () => within(list).getAllByRole('group').map((row) => row.getAttribute('aria-label'));
  const before = order();
  await fireEvent.keyDown(within(list).getByRole('button', { name: 'Open Grafana' }), { key: 'ArrowDown', altKey: true });
  await settled();
  expect(order()).toEqual(before);
  expect(screen.getByText('The disk is full')).toBeTruthy();
});

test('the row says how opening went', async () => {
  await show(scene('apps-opening'));
  const group = (name: string) => within(screen.getByRole('group', { name: `${name}, app` }));
  expect(group('Grafana').getByRole('status').textContent).toBe('Opened in Firefox');
  expect(group('PayRoll').getByRole('button', { name: 'Open PayRoll' }).getAttribute('aria-busy')).toBe('true');
  expect(within(screen.getByRole('alert')).getByRole('button', { name: 'Try again' })).toBeTruthy();
});

test('an app that is not listed any more cannot be opened', async () => {
  await show({ ...scene('portal'), state: state({ favourites: [appShortcut('Wiki', false)] }) });
  const row = within(screen.getByRole('group', { name: 'Wiki, app' }));
  expect(row.getByText('no longer listed')).toBeTruthy();
  expect(row.getByRole<HTMLButtonElement>('button', { name: 'Open Wiki' }).disabled).toBe(true);
});

test('a link to an app is copied from its menu', async () => {
  const { desk } = await show(scene('apps'));
  let copied = '';
  desk.copied = (text) => Promise.resolve(void (copied = text));
  await fireEvent.click(screen.getByRole('button', { name: 'More, Expense reports' }));
  await fireEvent.click(screen.getByRole('menuitem', { name: 'Copy link', hidden: true }));
  expect(copied).toBe('https://acme.awsapps.com/start/#/saml/default/Expense%20reports/ins-76a853180f2bd901');
});

test('a search finds apps from the accounts, and accounts from the apps', async () => {
  const { desk } = await show(scene('apps-elsewhere'));
  expect(screen.getByText(/^1 matching app\b/)).toBeTruthy();
  expect(screen.queryByText(/Nothing matches/)).toBeNull();
  await fireEvent.click(screen.getByRole('button', { name: 'Show apps' }));
  expect(rows()).toEqual(['Wiki, app']);
  desk.query = 'payments';
  await tick();
  expect(screen.getByText(/^3 matching accounts/)).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Show accounts' }));
  expect(tab('Accounts 12').getAttribute('aria-selected')).toBe('true');
  desk.query = 'grafena';
  await tick();
  expect(await screen.findByRole('button', { name: 'Did you mean Grafana?' })).toBeTruthy();
});

test('an organisation that does not list apps says so, with the way to its portal', async () => {
  const { host } = await show(scene('apps-not-listed'));
  expect(tab('Apps').getAttribute('aria-selected')).toBe('true');
  expect(screen.getByRole('heading', { name: 'This organisation does not list apps to desktop programs' })).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Open the portal' }));
  expect(host.asked).toEqual([{ ask: 'open_portal', org: 'acme' }]);
});

test('no apps, and apps that did not come, are told apart', async () => {
  await show(scene('apps-empty'));
  expect(screen.getByRole('heading', { name: 'No apps assigned to you' })).toBeTruthy();
  document.body.replaceChildren();
  const { host } = await show(scene('apps-unknown'));
  await fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(host.asked).toEqual([{ ask: 'sync', org: 'acme' }]);
});

test('the tray leads to the apps', async () => {
  const { host, desk } = await show(scene('portal-search'));
  host.show({ view: 'portal', target: { target: 'apps' } });
  await tick();
  expect([desk.tab, desk.query]).toEqual(['apps', '']);
  host.show({ view: 'portal', target: { target: 'search', query: '' } });
  await tick();
  expect(desk.tab).toBe('accounts');
});

test('an app has its picture as an image, and its letter where there is none or it cannot be drawn', async () => {
  await show(scene('apps'));
  const row = (name: string) => screen.getByRole('group', { name: `${name}, app` });
  const picture = (name: string) => row(name).querySelector('img');
  expect(picture('Grafana')?.getAttribute('src')).toMatch(/^data:image\/svg\+xml;base64,/);
  expect(picture('Grafana')?.alt).toBe('');
  expect(row('Grafana').querySelector('svg text')).toBeNull();
  expect(picture('Incident rota')).toBeNull();
  expect(row('Incident rota').querySelector('.tile')?.textContent).toBe('I');
  const broken = picture('PayRoll');
  if (!broken) throw new Error('no picture of PayRoll');
  await fireEvent.error(broken);
  expect(picture('PayRoll')).toBeNull();
  expect(row('PayRoll').querySelector('.tile')?.textContent).toBe('P');
});

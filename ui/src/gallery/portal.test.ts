// @vitest-environment jsdom
import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { expect, test } from 'vitest';
import type { UiLaunchState, UiPortal, UiReply } from '../bindings';
import { NOW, shortcut } from './organisation';
import { pass, scene, settled, show } from './page';
import { problem as worded, state } from './scenes';

const names = (list: string) =>
  within(screen.getByRole('list', { name: list }))
    .getAllByRole('group')
    .map((row) => row.getAttribute('aria-label'));
const launched = (launch: UiLaunchState) => ({ grant: shortcut('payments-dev', 'PowerUser').grant, launch, text: 'Opened in your browser' });
const problem = { title: 'Could not open your browser', meaning: '', next: 'Copy the link.', buttons: [], details: '' };

test('one click opens a console', async () => {
  const { host } = await show(scene('portal'));
  await fireEvent.click(screen.getAllByRole('button', { name: 'Open console, payments-dev, PowerUser, development' })[0] as HTMLElement);
  expect(host.asked).toEqual([{ ask: 'open_console', grant: shortcut('payments-dev', 'PowerUser').grant, destination: null, region: null, confirmed: false }]);
});

test('no row moves because it was used; the next time the view is entered the lists are new', async () => {
  const { host, desk } = await show(scene('portal'));
  const [favourites, recents] = [names('Favourites'), names('Recent')];
  const used = shortcut('identity', 'ReadOnly');
  host.send(state({ favourites: [...state().favourites.slice(1), shortcut('audit-log', 'SecurityAudit')], recents: [used, ...state().recents] }));
  await tick();
  expect([names('Favourites'), names('Recent')]).toEqual([favourites, recents]);
  desk.view = 'activity';
  await tick();
  desk.view = 'portal';
  await tick();
  expect(names('Favourites').at(-1)).toBe('audit-log, SecurityAudit');
  expect(names('Recent')[0]).toBe('identity, ReadOnly');
});

test('a first console brings no new section above the row', async () => {
  const { host } = await show(scene('portal-new'));
  host.send(state({ favourites: [], recents: [shortcut('identity', 'ReadOnly')], profiles: [] }));
  await tick();
  expect(screen.queryByRole('list', { name: 'Recent' })).toBeNull();
});

test('a star shows at once, on every row of its role', async () => {
  const { host } = await show(scene('portal'));
  host.send(state({ favourites: [] }));
  await tick();
  const stars = screen.getAllByRole('button', { name: 'Favourite, payments-dev, PowerUser' });
  expect(stars.map((star) => star.getAttribute('aria-pressed'))).toEqual(['false', 'false']);
});

test('a failed launch is told once, by the row that was pressed', async () => {
  const { host } = await show(scene('portal'));
  const [, below] = screen.getAllByRole('button', { name: 'Open console, payments-dev, PowerUser, development' });
  await fireEvent.click(below as HTMLElement);
  host.send(state({ launches: [launched({ state: 'failed', at: NOW, problem })] }));
  await tick();
  const notes = screen.getAllByRole('alert');
  expect(notes).toHaveLength(1);
  expect(within(screen.getByRole('list', { name: 'All accounts' })).getByRole('alert')).toBe(notes[0]);
});

test('after the first console it asks once about the CLI', async () => {
  const { host } = await show(scene('portal-new'));
  host.send(state({ profiles: [], launches: [launched({ state: 'opened', at: NOW })] }));
  await tick();
  await fireEvent.click(screen.getByRole('button', { name: 'Choose profiles' }));
  expect(screen.getByRole('dialog', { name: 'Keep a profile fresh' })).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Close' }));
  host.send(state({ profiles: [], launches: [launched({ state: 'opened', at: NOW + 9000 })] }));
  await tick();
  expect(screen.queryByRole('button', { name: 'Not now' })).toBeNull();
});

test('a production console clicked in the tray asks, with Cancel first', async () => {
  const { host } = await show(scene('portal'));
  const reply = scene('portal-confirm').reply?.({ ask: 'open_console', grant: shortcut('payments-prod', 'Administrator').grant, destination: null, region: null, confirmed: false });
  host.answer(reply as UiReply);
  await tick();
  const dialog = screen.getByRole('alertdialog', { name: 'Open production as Administrator?' });
  expect(document.activeElement).toBe(within(dialog).getByRole('button', { name: 'Cancel' }));
  await fireEvent.click(document.activeElement as HTMLElement);
  expect(host.asked).toEqual([]);
  expect(screen.queryByRole('alertdialog')).toBeNull();
});

test('a console opens at the service that was asked for', async () => {
  const { host } = await show(scene('portal'));
  await fireEvent.click(screen.getAllByRole('button', { name: 'More, payments-dev, PowerUser' })[0] as HTMLElement);
  await fireEvent.click(screen.getByRole('menuitem', { name: 'Open console at service…', hidden: true }));
  const dialog = screen.getByRole('dialog', { name: 'Open console at a service' });
  await fireEvent.input(within(dialog).getByLabelText('Service or console address'), { target: { value: ' lambda ' } });
  await fireEvent.submit(within(dialog).getByLabelText('Region').closest('form') as HTMLFormElement);
  expect(host.asked).toMatchObject([{ ask: 'open_console', destination: 'lambda', region: 'eu-west-1', confirmed: false }]);
});

test('long loading says so after 4 s and offers a way out after 15', async () => {
  const { host } = await show(scene('portal-loading'));
  const still = 'Still loading accounts from acme.awsapps.com';
  await pass(3_999);
  expect(screen.queryByText(still)).toBeNull();
  await pass(1);
  expect(screen.getByText(still).className).not.toContain('hidden');
  expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull();
  await pass(11_000);
  await fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(host.asked).toEqual([{ ask: 'sync', org: 'acme' }]);
  expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull();
  await pass(15_000);
  await fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
  expect(screen.getByRole('heading', { name: 'Your accounts have not arrived yet' })).toBeTruthy();
});

test('a first sync that failed says why once, with a way to try again', async () => {
  await show(scene('portal-failed'));
  expect(screen.getAllByText('Acme did not answer')).toHaveLength(1);
  expect(screen.getByRole('button', { name: 'Try again' })).toBeTruthy();
});

/** The lines of the banner that tells what changed; none without it. */
const changes = () => {
  const title = screen.queryByText('Your access changed');
  const banner = title?.closest<HTMLElement>('[role=status]');
  return banner ? within(banner).getAllByRole('listitem').map((item) => item.textContent) : null;
};

test('what was lost is named first, and all of it on request', async () => {
  await show(scene('portal-changes-all'));
  expect(changes()).toEqual(['ReadOnly', 'Developer', 'Billing'].map((role) => `You no longer have ${role} in payments-prod. It was removed by an administrator.`));
  await fireEvent.click(screen.getByRole('button', { name: 'Show all 5' }));
  expect(changes()).toHaveLength(5);
  expect(changes()?.at(-1)).toBe('New: Incident in storefront-prod. You can open it from now on.');
  await fireEvent.click(screen.getByRole('button', { name: 'Show fewer' }));
  expect(changes()).toHaveLength(3);
});

test('a change that was dismissed stays so when the window opens again, and a newer one is told', async () => {
  const { host, desk } = await show(scene('portal-changes'));
  expect(changes()).toHaveLength(3);
  expect(screen.queryByRole('button', { name: /^Show all/ })).toBeNull();
  await fireEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
  expect(changes()).toBeNull();
  cleanup();
  await show(scene('portal-changes'), { 'latchkey.changes.acme': localStorage.getItem('latchkey.changes.acme') ?? '' });
  expect(changes()).toBeNull();
  cleanup();
  const again = scene('portal-changes');
  for (const change of again.portals.acme?.changes ?? []) change.noticed = NOW;
  await show(again, { 'latchkey.changes.acme': String(NOW - 1) });
  expect(changes()).toHaveLength(3);
  expect([host.asked, desk.view]).toEqual([[], 'portal']);
});

/** The banner of a lost role that feeds a profile. */
const lostRole = (title: string) => screen.queryByText(title)?.closest<HTMLElement>('[role=status]') ?? null;
const PROD_ADMIN = 'You no longer have Administrator in payments-prod';
const DEV_POWER = 'You no longer have PowerUser in storefront-dev';
const words = (banner: HTMLElement | null) => banner?.querySelector('.body')?.textContent?.trim();

test('a lost role that feeds a profile says since when and what stops, and offers to remove it', async () => {
  const { host } = await show(scene('portal-role-lost'));
  expect(words(lostRole(PROD_ADMIN))).toBe('It was removed since 09:10. Profile "pay-admin" stops working at 14:44.');
  expect(words(lostRole(DEV_POWER))).toBe('It was removed since 09:10. Profile "store" has stopped working. Programs that ask for profile "store-ask" get an error.');
  // The others have their own banner, without these.
  expect(changes()).toEqual(['New: Wiki (app). You can open it from now on.']);
  await fireEvent.click(within(lostRole(PROD_ADMIN) as HTMLElement).getByRole('button', { name: 'Remove profile' }));
  await settled();
  expect(host.asked).toEqual([{ ask: 'stop_keeping', profile: 'pay-admin', remove: true }]);
  expect(lostRole(PROD_ADMIN)).toBeNull();
  await fireEvent.click(within(lostRole(DEV_POWER) as HTMLElement).getByRole('button', { name: 'Remove 2 profiles' }));
  await settled();
  expect(host.asked.slice(1)).toEqual(['store', 'store-ask'].map((profile) => ({ ask: 'stop_keeping', profile, remove: true })));
  expect(lostRole(DEV_POWER)).toBeNull();
});

test('a lost role that was dismissed stays so, alone', async () => {
  const { host } = await show(scene('portal-role-lost'));
  await fireEvent.click(within(lostRole(PROD_ADMIN) as HTMLElement).getByRole('button', { name: 'Dismiss' }));
  const kept = { 'latchkey.lost.acme': localStorage.getItem('latchkey.lost.acme') ?? '' };
  expect([lostRole(PROD_ADMIN), host.asked]).toEqual([null, []]);
  cleanup();
  await show(scene('portal-role-lost'), kept);
  expect([lostRole(PROD_ADMIN), lostRole(DEV_POWER) !== null, changes()?.length]).toEqual([null, true, 1]);
});

test('a profile that could not be removed leaves the banner, and why is told', async () => {
  const failed = worded('The disk is full', '~/.aws/credentials was not changed.', 'Free some space, then try again.');
  await show({ ...scene('portal-role-lost'), reply: () => ({ reply: 'failed', field: null, problem: failed }) });
  await fireEvent.click(within(lostRole(PROD_ADMIN) as HTMLElement).getByRole('button', { name: 'Remove profile' }));
  await settled();
  expect(screen.getByText('The disk is full')).toBeTruthy();
  expect(lostRole(PROD_ADMIN)).not.toBeNull();
});

test('a launch that finds no browser leads to its link and to the choice of browsers', async () => {
  const { desk } = await show(scene('portal-opening'));
  const note = screen.getAllByRole('alert')[0] as HTMLElement;
  expect(within(note).getAllByRole('button').map((one) => one.textContent?.trim()).filter((name) => name !== 'Copy details')).toEqual(['Copy link', 'Choose browser', 'Try again']);
  await fireEvent.click(within(note).getByRole('button', { name: 'Choose browser' }));
  expect([desk.view, desk.settingsSection]).toEqual(['settings', 'organisations']);
});

const loading = { sync: { state: 'running' as const, done: 7, total: 12 }, sync_text: 'Loaded 7 of 12 accounts.', accounts_loading: 5 };

test('a load that takes long can be paused; one that is limited, in its banner', async () => {
  const { host } = await show(scene('portal-syncing'));
  const pause = () => screen.queryByRole('button', { name: 'Pause loading' });
  expect(pause()).toBeNull();
  await pass(3_900);
  expect(pause()).toBeNull();
  await pass(200);
  await fireEvent.click(pause() as HTMLElement);
  expect(host.asked).toEqual([{ ask: 'pause_sync', org: 'acme' }]);
  // The next load has its own time.
  host.send(state({}, { sync: { state: 'idle' } }));
  await tick();
  expect(pause()).toBeNull();
  host.send(state({}, loading));
  await tick();
  expect(pause()).toBeNull();
  cleanup();
  const limited = await show(scene('portal-throttled'));
  await fireEvent.click(pause() as HTMLElement);
  expect(limited.host.asked).toEqual([{ ask: 'pause_sync', org: 'acme' }]);
});

test('a paused load says so, claims no progress, and goes on when asked', async () => {
  const { host } = await show({ ...scene('portal-loading-paused'), query: 'storefront' });
  expect(screen.getByText('Roles in 5 accounts are not loaded yet.')).toBeTruthy();
  expect(screen.queryByText(/[Ll]oading roles|still loading/)).toBeNull();
  await fireEvent.click(screen.getByRole('button', { name: 'Continue loading' }));
  cleanup();
  const first = await show(scene('portal-loading-paused-first'));
  // The page says it, so that the banner does not.
  expect(screen.getByRole('heading', { name: 'Loading is paused' })).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Continue loading' }));
  expect([host.asked, first.host.asked]).toEqual([[{ ask: 'sync', org: 'acme' }], [{ ask: 'sync', org: 'acme' }]]);
});

test('a role that is taken away is struck out where it was for 5 s, and then gone', async () => {
  const { host, desk } = await show(scene('portal'));
  const open = () => screen.queryAllByRole('button', { name: 'Open console, data-staging, Developer, staging' }).at(-1) as HTMLButtonElement | undefined;
  const rows = names('All accounts');
  expect(open()?.disabled).toBe(false);
  const { accounts } = host.scene.portals.acme as UiPortal;
  host.scene.portals.acme = { ...(host.scene.portals.acme as UiPortal), revision: 'after', accounts: accounts.filter(({ name }) => name !== 'data-staging') };
  await desk.refreshPortal('acme');
  await settled();
  expect(names('All accounts')).toEqual(rows);
  expect(open()?.disabled).toBe(true);
  expect(within(open()?.closest('[role=group]') as HTMLElement).getByText('no longer assigned')).toBeTruthy();
  await pass(5_000);
  expect(names('All accounts')).toEqual(rows.filter((row) => !row?.startsWith('data-staging')));
});

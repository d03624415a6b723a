// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/svelte';
import { afterEach, expect, test, vi } from 'vitest';
import type { UiReply, UiRequest } from '../bindings';
import { MINUTE, NOW, shortcut } from './organisation';
import { scene, settled, show } from './page';
import { confirms } from './parts';
import { button, problem } from './scenes';

const written: string[] = [];
Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: (text: string) => (written.push(text), Promise.resolve()) } });

afterEach(() => {
  written.length = 0;
  getSelection()?.removeAllRanges();
  vi.restoreAllMocks();
});

/** Selects what an element says and copies it; what another program would then get, if the window had a say. */
function copied(element: Element): string | null {
  getSelection()?.selectAllChildren(element);
  const event = new Event('copy', { bubbles: true, cancelable: true });
  let got: string | null = null;
  Object.assign(event, { clipboardData: { setData: (type: string, text: string) => (got = `${type}: ${text}`) } });
  element.dispatchEvent(event);
  return event.defaultPrevented ? got : null;
}

/** Opens the menu of a role and chooses from it. */
async function choose(row: string, label: string) {
  await fireEvent.click(screen.getAllByRole('button', { name: `More, ${row}` })[0] as HTMLElement, { detail: 0 });
  await fireEvent.click(within(screen.getByRole('menu', { hidden: true })).getByText(label));
  await settled();
}

test("an account's number is copied without its dashes, and nothing else is changed", async () => {
  await show(scene('portal'));
  const flat = screen.getAllByText('9054-1822-0761').find((one) => !one.closest('button')) as HTMLElement;
  expect(copied(flat)).toBe('text/plain: 905418220761');
  expect(copied(flat.parentElement as HTMLElement)).toBeNull();
  expect(copied(screen.getByRole('heading', { name: 'Portal' }))).toBeNull();
});

test('what someone typed is copied as it was typed', async () => {
  const { desk } = await show(scene('portal'));
  desk.query = '1111-2222-3333';
  await settled();
  // Engines differ in whether a selection in a field is one of the page.
  vi.spyOn(window, 'getSelection').mockReturnValue({ toString: () => '1111-2222-3333', selectAllChildren: () => undefined, removeAllRanges: () => undefined } as unknown as Selection);
  expect(copied(screen.getByRole('heading', { name: 'Portal' }))).toBe('text/plain: 111122223333');
  expect(copied(screen.getByLabelText('Search accounts, roles and apps'))).toBeNull();
});

test("a role's menu copies the number of its account", async () => {
  await show(scene('portal'));
  await choose('payments-dev, PowerUser', 'Copy account number');
  expect(written).toEqual(['111122224444']);
  expect(screen.getByText('Account number copied.')).toBeTruthy();
});

const GRANT = shortcut('payments-dev', 'PowerUser').grant;
const environment = (shell = 'posix', confirmed = false) => ({ ask: 'copy_environment', grant: GRANT, shell, confirmed }) as UiRequest;
const SAID = 'Copied. The clipboard clears in 90 s, if it still holds this.';
const notice = () => within(screen.getByRole('region', { name: 'Notices' })).queryByText(SAID);
const open = () => screen.getAllByRole('button', { name: 'Open console, payments-dev, PowerUser, development' })[0] as HTMLElement;

test('the environment is copied at once, by keyboard, by the menus and beside the details', async () => {
  const { host, desk } = await show(scene('portal'));
  const ways = [
    () => fireEvent.keyDown(open(), { key: 'Enter', ctrlKey: true }),
    () => choose('payments-dev, PowerUser', 'Copy environment'),
    () => choose('pay-dev', 'Copy environment'),
    async () => {
      await fireEvent.click(screen.getByRole('button', { name: 'Details of pay-dev' }));
      await fireEvent.click(within(screen.getByRole('complementary', { name: 'Details' })).getByRole('button', { name: 'Copy environment' }));
    },
  ];
  for (const [at, way] of ways.entries()) {
    if (at === 2) desk.view = 'credentials';
    await settled();
    await way();
    await settled();
    expect(host.asked, `way ${at}`).toEqual(Array.from({ length: at + 1 }, () => environment()));
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(notice(), `way ${at}`).toBeTruthy();
    for (const { id } of desk.toasts) desk.dismiss(id);
  }
});

test('it is copied for the shell that was chosen last', async () => {
  const { host } = await show(scene('portal'), { 'latchkey.shell': 'fish' });
  await fireEvent.keyDown(open(), { key: 'Enter', ctrlKey: true });
  expect(host.asked).toEqual([environment('fish')]);
});

test('a key that is held asks once, until there is an answer', async () => {
  const { host } = await show({ ...scene('portal'), silent: ['copy_environment'] });
  await fireEvent.keyDown(open(), { key: 'Enter', ctrlKey: true });
  await fireEvent.keyDown(open(), { key: 'Enter', ctrlKey: true, repeat: true });
  await settled();
  expect([host.asked.length, notice()]).toEqual([1, null]);
});

test('where copying asks first, nothing is said until the person has said yes', async () => {
  const yes = button('Copy them', { action: { action: 'ask', request: environment('posix', true) } });
  const asks = confirms({ ask: 'open_console', grant: GRANT, destination: null, region: null, confirmed: false });
  const reply = (request: UiRequest): UiReply =>
    'confirmed' in request && !request.confirmed && asks.reply === 'confirm' ? { ...asks, dialog: { ...asks.dialog, title: 'Copy them?', confirm: yes } } : { reply: 'copied', until: NOW + 42 * MINUTE };
  const { host } = await show({ ...scene('portal'), reply });
  await fireEvent.keyDown(open(), { key: 'Enter', ctrlKey: true });
  await settled();
  const dialog = screen.getByRole('alertdialog', { name: 'Copy them?' });
  expect(notice()).toBeNull();
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Copy them' }));
  await settled();
  expect(host.asked).toEqual([environment(), environment('posix', true)]);
  expect(screen.queryByRole('alertdialog')).toBeNull();
  expect(notice()).toBeTruthy();
});

test('what could not be copied stands in a notice, and trying again says how it went', async () => {
  const again = button('Try again', { action: { action: 'ask', request: environment() } });
  let fails = true;
  const reply = (): UiReply => (fails ? { reply: 'failed', field: null, problem: problem('Acme did not answer', '', 'Try again.', again) } : { reply: 'copied', until: NOW + 42 * MINUTE });
  await show({ ...scene('portal'), reply });
  await fireEvent.keyDown(open(), { key: 'Enter', ctrlKey: true });
  await settled();
  const notices = within(screen.getByRole('region', { name: 'Notices' }));
  expect([notices.getByText('Acme did not answer'), notice()]).toEqual([expect.anything(), null]);
  fails = false;
  await fireEvent.click(notices.getByRole('button', { name: 'Try again' }));
  await settled();
  expect([notices.queryByText('Acme did not answer'), notice()]).toEqual([null, expect.anything()]);
});

test('Shift+Enter and the menu open a console in a private window', async () => {
  const { host } = await show(scene('portal'));
  const request = { ask: 'open_console', grant: GRANT, destination: null, region: null, confirmed: false };
  await fireEvent.keyDown(open(), { key: 'Enter', shiftKey: true });
  await settled();
  await choose('payments-dev, PowerUser', 'Open in a private window');
  await fireEvent.click(open());
  await settled();
  expect(host.asked).toEqual([{ ...request, private: true }, { ...request, private: true }, request]);
});

// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/svelte';
import { afterEach, expect, test, vi } from 'vitest';
import { scene, settled, show } from './page';

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

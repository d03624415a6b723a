/**
 * The keyboard model of lists whose rows hold several buttons: the list is one tab stop, Up and Down
 * move between rows, Tab goes through the buttons of the current row only.
 * Rows carry `data-row`, their buttons `data-stop`; the first stop is the row's main button.
 */

/** Which row a key leads to; `null` when the key is not ours. */
export function next(key: string, current: number, count: number): number | null {
  if (count === 0) return null;
  switch (key) {
    case 'ArrowDown':
      return Math.min(current + 1, count - 1);
    case 'ArrowUp':
      return Math.max(current - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}

/** The row whose words begin with what was typed, looking onwards from the current one. */
export function typeAhead(typed: string, current: number, names: string[]): number | null {
  const wanted = typed.toLowerCase();
  for (let step = 1; step <= names.length; step += 1) {
    const index = (current + step) % names.length;
    if (names[index]?.toLowerCase().startsWith(wanted)) return index;
  }
  return null;
}

/** A list of which only the rows in sight are in the page. */
export interface Whole {
  /** Every row that can be gone to. */
  rows: () => { id: string; name: string }[];
  /** Brings a row into the page and into sight. */
  reveal: (id: string) => Promise<void>;
}

/** Makes a list rove; one with `data-away` has no stop. Rows come and go freely: tab stops are given anew whenever they do. */
export function roving(list: HTMLElement) {
  return rove(list, null);
}

/** The same for a list of which only the rows in sight are in the page. */
export function rovingIn(whole: Whole) {
  return (list: HTMLElement) => rove(list, whole);
}

function rove(list: HTMLElement, whole: Whole | null) {
  let current = '';

  const rows = () => [...list.querySelectorAll<HTMLElement>('[data-row]')];
  const stops = (within: HTMLElement) => within.querySelectorAll<HTMLElement>('[data-stop]');
  const known = () => whole?.rows() ?? rows().map((row) => ({ id: row.dataset.row ?? '', name: row.dataset.name ?? '' }));

  const settle = () => {
    const all = rows();
    const here = list.dataset.away ? undefined : (all.find((row) => row.dataset.row === current) ?? all[0]);
    // A row that is kept unseen is none of them, and its buttons are no stops.
    for (const stop of stops(list)) {
      const index = here?.contains(stop) ? 0 : -1;
      if (stop.tabIndex !== index) stop.tabIndex = index;
    }
  };

  const goTo = async (id: string | undefined) => {
    if (id === undefined) return;
    current = id;
    if (whole) await whole.reveal(id);
    // Another key may have led on meanwhile.
    const row = current === id ? rows().find((row) => row.dataset.row === id) : undefined;
    if (!row) return;
    settle();
    stops(row)[0]?.focus();
    row.scrollIntoView({ block: 'nearest' });
  };

  const focused = (event: FocusEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-row]');
    if (!row || row.dataset.row === current) return;
    current = row.dataset.row ?? '';
    settle();
  };

  const pressed = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    const row = target.closest<HTMLElement>('[data-row]');
    if (!row || target.closest('[role=menu]')) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      // A row that opens and closes takes the keys itself first.
      if (event.defaultPrevented) return;
      const own = [...stops(row)];
      const to = own[own.indexOf(target) + (event.key === 'ArrowRight' ? 1 : -1)];
      if (to) {
        event.preventDefault();
        to.focus();
      }
      return;
    }
    const all = known();
    // Keys may come quicker than rows.
    const at = all.findIndex(({ id }) => id === (current || row.dataset.row));
    const to = next(event.key, at, all.length) ?? ahead(event, at, all);
    if (to === null) return;
    event.preventDefault();
    void goTo(all[to]?.id);
  };

  const ahead = (event: KeyboardEvent, at: number, all: { name: string }[]) => {
    if (!/^[\p{L}\p{N}]$/u.test(event.key)) return null;
    return typeAhead(
      event.key,
      at,
      all.map(({ name }) => name),
    );
  };

  const watcher = new MutationObserver(settle);
  watcher.observe(list, { childList: true, subtree: true, attributeFilter: ['data-row', 'data-away'] });
  list.addEventListener('focusin', focused);
  list.addEventListener('keydown', pressed);
  settle();
  return () => {
    watcher.disconnect();
    list.removeEventListener('focusin', focused);
    list.removeEventListener('keydown', pressed);
  };
}

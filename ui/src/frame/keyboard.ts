import type { Desk } from '../desk/desk.svelte';
import { command, typing } from '../kit/keys';
import { refresh, VIEWS } from './views';

/** Keys that work everywhere in the window. */
export function globalKeys(desk: Desk, event: KeyboardEvent) {
  if (event.defaultPrevented) return;
  if (event.key === 'F6') {
    event.preventDefault();
    nextRegion(event.shiftKey ? -1 : 1);
    return;
  }
  if (event.ctrlKey && event.shiftKey && event.key.toLowerCase() === 'q') {
    event.preventDefault();
    desk.quit();
    return;
  }
  if (document.querySelector('dialog[open]')) return;
  const view = command(event) ? VIEWS[Number(event.key) - 1] : undefined;
  const letter = event.key.toLowerCase();
  if (view) desk.view = view.id;
  else if ((slash(desk, event) && !typing(event.target)) || (command(event) && letter === 'f')) search(desk);
  else if (event.key === 'Escape' && desk.view === 'portal' && desk.query !== '') desk.query = '';
  else if (event.key === 'F5' || (command(event) && letter === 'r')) refresh(desk);
  else if (command(event) && event.key === ',') desk.view = 'settings';
  else if (command(event) && event.key === '/') desk.shortcuts = true;
  else return;
  event.preventDefault();
}

/** A key without a modifier can be switched off, for those who speak what they type. */
function slash(desk: Desk, event: KeyboardEvent): boolean {
  return event.key === '/' && !event.ctrlKey && !event.metaKey && (desk.state?.settings.search_key ?? true);
}

/** The search of this view, else the portal's. */
function search(desk: Desk) {
  const own = document.querySelector<HTMLInputElement>('main search input');
  if (own) return into(own);
  desk.view = 'portal';
  // The field may only come with the view.
  requestAnimationFrame(() => into(document.querySelector<HTMLInputElement>('#search')));
}

/** To a field, whose text is typed over. */
function into(field: HTMLInputElement | null) {
  field?.focus();
  field?.select();
}

/** Header, navigation, banner, content, details, notices, and round again. */
function nextRegion(step: number) {
  const regions = [...document.querySelectorAll<HTMLElement>('header:not(aside *), nav[aria-label=Main], [data-region], main, aside')].filter(
    (region) => inSight(region) && region.querySelector('button, input, h1'),
  );
  const at = regions.findLastIndex((region) => region.contains(document.activeElement));
  const to = regions[(at + step + regions.length) % regions.length];
  const stops = [...(to?.querySelectorAll<HTMLElement>(to.matches('main') ? 'h1' : 'button:not([tabindex="-1"]), input') ?? [])];
  stops.find(inSight)?.focus();
}

function inSight(element: HTMLElement): boolean {
  return element.getClientRects().length > 0;
}

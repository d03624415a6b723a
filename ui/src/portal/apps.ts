import type { UiApp, UiAppRef, UiApps, UiAppShortcut } from '../bindings';
import type { AppSort } from './arrangement.svelte';

/** What a row about one app shows. */
export interface AppLine {
  app: UiAppRef;
  name: string;
  description: string;
  /** The portal's own link: it holds no secret. */
  link: string;
  /** Its picture, which holds itself; `null` where the portal has none. */
  icon: string | null;
  /** False when the portal does not list it any more. */
  listed: boolean;
}

export const lineOfApp = (org: string, { id, name, description, link, icon }: UiApp): AppLine => ({
  app: { org, app: id },
  name,
  description: description ?? '',
  link,
  icon,
  listed: true,
});

export const lineOfAppShortcut = ({ app, name, description, link, icon, listed }: UiAppShortcut): AppLine => ({
  app,
  name,
  description: description ?? '',
  link,
  icon,
  listed,
});

export const listedApps = (apps: UiApps | undefined): UiApp[] => (apps?.state === 'listed' ? apps.apps : []);

/** Apps in whose name or description all words stand. */
export function searchApps(apps: UiApp[], words: string[]): UiApp[] {
  return apps.filter(({ name, description }) => {
    const text = `${name} ${description ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** An organisation's apps that were used, in both orders. */
export interface UsedApps {
  org: string;
  used: UiAppRef[];
  most: UiAppRef[];
}

/** In the order wished for; apps that were not used stay by name. */
export function sortedApps(apps: UiApp[], sort: AppSort, { org, used, most }: UsedApps): UiApp[] {
  if (sort === 'name') return apps;
  const order = sort === 'most' ? most : used;
  const rank = ({ id }: UiApp) => {
    const at = order.findIndex((one) => one.org === org && one.app === id);
    return at < 0 ? order.length : at;
  };
  return apps.toSorted((a, b) => rank(a) - rank(b));
}

export const sameApp = (a: UiAppRef, b: UiAppRef) => a.org === b.org && a.app === b.app;

import type { UiApp, UiAppRef, UiApps, UiAppShortcut } from '../bindings';

/** What a row about one app shows. */
export interface AppLine {
  app: UiAppRef;
  name: string;
  description: string;
  /** The portal's own link: it holds no secret. */
  link: string;
  /** False when the portal does not list it any more. */
  listed: boolean;
}

export const lineOfApp = (org: string, { id, name, description, link }: UiApp): AppLine => ({
  app: { org, app: id },
  name,
  description: description ?? '',
  link,
  listed: true,
});

export const lineOfAppShortcut = ({ app, name, description, link, listed }: UiAppShortcut): AppLine => ({
  app,
  name,
  description: description ?? '',
  link,
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

export const sameApp = (a: UiAppRef, b: UiAppRef) => a.org === b.org && a.app === b.app;

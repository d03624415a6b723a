export type Section = 'general' | 'organisations' | 'credentials' | 'notifications' | 'safety' | 'tray' | 'appearance' | 'network' | 'advanced';

export const SECTIONS: { id: Section; label: string }[] = [
  { id: 'general', label: 'General' },
  { id: 'organisations', label: 'Organisations' },
  { id: 'credentials', label: 'Credentials' },
  { id: 'notifications', label: 'Notifications' },
  { id: 'safety', label: 'Safety' },
  { id: 'tray', label: 'Tray' },
  { id: 'appearance', label: 'Appearance' },
  { id: 'network', label: 'Network' },
  { id: 'advanced', label: 'Advanced' },
];

/** What can be found by searching: a setting's label, and words that people may know it by. */
const SETTINGS: { section: Section; label: string; words?: string }[] = [
  { section: 'general', label: 'Start when I sign in to this computer', words: 'autostart boot hidden' },
  { section: 'general', label: 'Keep running in the background', words: 'close quit tray' },
  { section: 'general', label: 'Search with the / key', words: 'keyboard shortcut slash' },
  { section: 'organisations', label: 'Add an organisation', words: 'start url region' },
  { section: 'organisations', label: 'Sign out', words: 'sign in' },
  { section: 'organisations', label: 'Remove an organisation', words: 'delete forget sample' },
  { section: 'organisations', label: 'Browser of an organisation', words: 'private window incognito firefox chromium default open container' },
  { section: 'credentials', label: 'Remove credentials when I quit', words: 'file keys' },
  { section: 'credentials', label: 'How a new profile gets its credentials', words: 'default delivery file on demand credential_process sso cache' },
  { section: 'credentials', label: 'Replace credentials before they expire', words: 'refresh lead time renew minutes early' },
  { section: 'credentials', label: 'Where the files are', words: 'path aws config credentials' },
  { section: 'credentials', label: 'Undo changes to the file', words: 'backup restore' },
  { section: 'notifications', label: 'Notifications', words: 'tell switch off' },
  { section: 'notifications', label: 'What to tell', words: 'type sign-in ends expired conflict clock failed console app' },
  { section: 'notifications', label: 'Hide details', words: 'private lock screen' },
  { section: 'notifications', label: "Play the system's sound for what cannot wait", words: 'sound audio loud silent mute' },
  { section: 'notifications', label: 'Quiet hours', words: 'do not disturb evening night weekend times' },
  { section: 'safety', label: 'Environment rules', words: 'production staging label account regex pattern' },
  { section: 'safety', label: 'Accounts that may be default', words: 'production profile' },
  { section: 'safety', label: 'Security keys that open privileged roles', words: 'step-up touch fido yubikey pin privileged production admin' },
  { section: 'tray', label: 'Show the tray icon', words: 'panel menu bar taskbar notification area hide' },
  { section: 'tray', label: 'In the menu', words: 'favourites recent accounts how many count' },
  { section: 'appearance', label: 'Theme', words: 'dark light colour high contrast' },
  { section: 'appearance', label: 'Text size', words: 'font zoom large small' },
  { section: 'appearance', label: 'Density', words: 'compact comfortable rows' },
  { section: 'appearance', label: 'Reduce motion', words: 'animation' },
  { section: 'network', label: 'Proxy', words: 'https http no_proxy host direct' },
  { section: 'network', label: 'Extra certificates', words: 'ca tls ssl pem bundle authority trust' },
  { section: 'advanced', label: 'Logs', words: 'diagnostics folder open' },
  { section: 'advanced', label: 'Settings file', words: 'toml' },
  { section: 'advanced', label: 'Data', words: 'database store' },
  { section: 'advanced', label: 'Report of a problem', words: 'diagnostics bundle bug support logs' },
  { section: 'advanced', label: 'Sample organisation', words: 'sandbox demo try delete start' },
  { section: 'advanced', label: 'Reset Latchkey', words: 'start over factory delete everything' },
];

/** The sections of this desktop: of the tray nothing is said where there is none. */
export const sectionsOf = (tray: boolean) => SECTIONS.filter(({ id }) => tray || id !== 'tray');

/** The settings that all words of a query fit. */
export function findSettings(query: string, tray: boolean) {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  return SETTINGS.filter(({ section, label, words = '' }) => {
    if (section === 'tray' && !tray) return false;
    const text = `${section} ${label} ${words}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

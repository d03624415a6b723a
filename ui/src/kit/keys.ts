/** The platform's command key: Cmd on a Mac, Ctrl elsewhere. */
const mac = typeof navigator !== 'undefined' && /Mac/.test(navigator.userAgent);

/** True when the platform's command key and no other modifier is held. */
export function command(event: KeyboardEvent): boolean {
  return (mac ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey;
}

/** How the platform writes a shortcut. */
export function shortcut(key: string): string {
  return mac ? `⌘${key}` : `Ctrl+${key}`;
}

/** True while typing goes into a text field. */
export function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type=checkbox], [type=radio]), textarea, select');
}

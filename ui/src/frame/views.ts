import History from '@lucide/svelte/icons/history';
import KeyRound from '@lucide/svelte/icons/key-round';
import LayoutList from '@lucide/svelte/icons/layout-list';
import Usb from '@lucide/svelte/icons/usb';
import Settings from '@lucide/svelte/icons/settings';
import type { UiView } from '../bindings';
import type { Desk } from '../desk/desk.svelte';

/** The views in the order of the navigation and of the shortcuts 1 to 5. */
export const VIEWS: { id: UiView; label: string; icon: typeof History }[] = [
  { id: 'portal', label: 'Portal', icon: LayoutList },
  { id: 'credentials', label: 'Credentials', icon: KeyRound },
  { id: 'keys', label: 'Keys', icon: Usb },
  { id: 'activity', label: 'Activity', icon: History },
  { id: 'settings', label: 'Settings', icon: Settings },
];

/** What a view's name in the navigation says beside it. */
export const badge = (desk: Desk, view: UiView): string => (view === 'credentials' ? (desk.state?.attention ?? '') : '');

/** Refreshes what this view shows. */
export function refresh(desk: Desk) {
  if (desk.view === 'credentials') void desk.ask({ ask: 'refresh_all' });
  else if (desk.view === 'keys') void desk.ask({ ask: 'keys', keys: { wish: 'rescan' } });
  else if (desk.org) void desk.ask({ ask: 'sync', org: desk.org.id });
}

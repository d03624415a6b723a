import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { UiFirst, UiReply, UiShow, UiState } from '../bindings';
import type { Host } from './host';

/** The real one. */
export const tauri: Host = {
  first: () => (window as { latchkeyFirst?: UiFirst }).latchkeyFirst ?? null,
  state: () => invoke('state'),
  portal: (org) => invoke('portal', { org }),
  ask: (request) => invoke('ask', { request }),
  enterSecret: (bytes) => invoke('enter_secret', bytes),
  onState: (changed) => listen<UiState>('state', (event) => changed(event.payload)),
  onReply: (answered) => listen<UiReply>('reply', (event) => answered(event.payload)),
  onShow: (show) => listen<UiShow>('show', (event) => show(event.payload)),
  onQuitAsked: (asked) => listen('quit-asked', () => asked()),
};

/** Tells the shell's log of a mistake in the page, which the person sees only as something that does not react. */
export const broke = (what: string) => invoke('broke', { what });

/** Tells the shell that the page was painted: one that never says so is loaded anew. */
export const drawn = () => invoke('drawn');

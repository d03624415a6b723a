import { flushSync, mount, unmount, type Component } from 'svelte';

/**
 * An icon as a picture of its own, for lists of many rows: `.glyph` shows it before a text, `.glyph-after` after it, in
 * the text's colour. Drawings are what an engine lays out slowest, and a row has four.
 */
export function picture(name: string, icon: Component<{ strokeWidth?: number; fill?: string }>, fill = 'none') {
  const target = document.createElement('div');
  const made = mount(icon, { target, props: { strokeWidth: 1.5, fill } });
  flushSync();
  const drawn = target.firstElementChild;
  drawn?.removeAttribute('class');
  // In a mask only what is covered counts.
  const svg = (drawn?.outerHTML ?? '').replaceAll('currentColor', '#000');
  void unmount(made);
  document.documentElement.style.setProperty(`--icon-${name}`, `url("data:image/svg+xml,${encodeURIComponent(svg)}")`);
}

import type { UiPrompt } from '../bindings';

/** Colours, contrast and size of the text of a window that asks on its own. */
export function dressed(prompt: UiPrompt) {
  const { dataset, style } = document.documentElement;
  const dark = prompt.theme === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : prompt.theme.endsWith('dark');
  dataset.theme = dark ? 'dark' : 'light';
  dataset.contrast = prompt.theme.startsWith('high_contrast') || matchMedia('(prefers-contrast: more)').matches ? 'more' : 'normal';
  style.fontSize = `${prompt.text_size}%`;
  document.title = prompt.title;
}

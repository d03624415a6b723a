/** What the window seldom begins with. It comes after the first picture, which waits for none of it. */
export { default as Dialogs } from './frame/Dialogs.svelte';
export { default as Activity } from './views/Activity.svelte';
export { default as Credentials } from './views/Credentials.svelte';
export { default as FirstRun } from './views/FirstRun.svelte';
export { default as Keys } from './views/Keys.svelte';
export { default as Settings } from './views/Settings.svelte';

import { mount } from 'svelte';
import App from './App.svelte';
import { Desk } from './desk/desk.svelte';
import { broke, drawn, tauri } from './host/tauri';
import './kit/base.css';
import { clock } from './kit/clock.svelte';

// Of a mistake its place is told, and the engine's own words for it: nothing of what the page shows.
addEventListener('error', ({ message, filename, lineno, colno }) => {
  // Said whenever a size changes while one is measured, by every engine, and of no consequence.
  if (!message.startsWith('ResizeObserver loop')) void broke(`${message} (${filename}:${lineno}:${colno})`);
});
addEventListener('unhandledrejection', ({ reason }) => void broke(reason instanceof Error ? `${reason.message} ${reason.stack ?? ''}` : 'a promise'));

const desk = new Desk(tauri);
clock.start();
const connected = desk.connect();
// What came with the page is shown at once; what changed meanwhile comes with the answers.
if (!desk.state) await connected;
const target = document.getElementById('app');
// Without an organisation the first picture is of the rest.
const first = desk.org ? new Promise((painted) => requestAnimationFrame(() => setTimeout(painted))) : null;
const rest = Promise.resolve(first).then(() => import('./rest'));
if (target) mount(App, { target, props: { desk, rest } });
// Two frames: the first is asked for before the paint. A page that is never painted gets none.
const painted = new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
void Promise.all([rest, painted]).then(drawn);

import { mount } from 'svelte';
import App from './App.svelte';
import { Desk } from './desk/desk.svelte';
import { drawn, tauri } from './host/tauri';
import './kit/base.css';
import { clock } from './kit/clock.svelte';

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

import { mount } from 'svelte';
import App from './App.svelte';
import { Desk } from './desk/desk.svelte';
import { tauri } from './host/tauri';
import './kit/base.css';
import { clock } from './kit/clock.svelte';

const desk = new Desk(tauri);
clock.start();
// Listen first, ask second: no change falls between.
await Promise.all([
  tauri.onState((state) => (desk.state = state)),
  tauri.onShow((view) => (desk.view = view)),
  tauri.onQuitAsked(() => desk.quit()),
]);
desk.state = await tauri.state();
const target = document.getElementById('app');
if (target) mount(App, { target, props: { desk } });

import { render } from '@testing-library/svelte';
import { tick } from 'svelte';
import App from '../App.svelte';
import { Desk } from '../desk/desk.svelte';
import { FakeHost } from '../host/fake';
import { clock } from '../kit/clock.svelte';
import * as all from '../rest';
import { NOW } from './organisation';
import { SCENES, type Shown } from './scenes';

/** What jsdom leaves out and the window needs: dialogs, popovers, media queries, sizes. */
function complete() {
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
    this.open = false;
  };
  HTMLElement.prototype.showPopover ??= () => undefined;
  Element.prototype.scrollTo ??= () => undefined;
  Element.prototype.scrollIntoView ??= () => undefined;
  Element.prototype.getAnimations ??= () => [];
  window.matchMedia ??= (media) =>
    ({ matches: false, media, addEventListener: () => undefined, removeEventListener: () => undefined }) as unknown as MediaQueryList;
}

/** A scene by its name. */
export function scene(name: string): Shown {
  const make = SCENES[name];
  if (!make) throw new Error(`no scene ${name}`);
  return make();
}

/** Puts the whole window on the page, as it is in a scene. */
export async function show(scene: Shown, remembered: Record<string, string> = {}, rest: typeof all | Promise<typeof all> = all) {
  complete();
  localStorage.clear();
  for (const [key, value] of Object.entries(remembered)) localStorage.setItem(key, value);
  clock.stop(NOW);
  const host = new FakeHost(scene);
  const desk = new Desk(host);
  await desk.connect();
  desk.view = scene.view ?? 'portal';
  desk.tab = scene.tab ?? 'accounts';
  desk.query = scene.query ?? '';
  render(App, { props: { desk, rest } });
  // The portal is fetched once the window is there.
  await settled();
  return { host, desk };
}

/** Lets answers come that are on their way, and what they change. */
export async function settled() {
  await new Promise((resolve) => setTimeout(resolve));
  await tick();
}

/** Lets the seconds pass that words count. */
export async function pass(milliseconds: number) {
  clock.stop(clock.now + milliseconds);
  await tick();
}

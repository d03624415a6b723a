import { mount } from 'svelte';
import App from '../App.svelte';
import { Desk } from '../desk/desk.svelte';
import { FakeHost } from '../host/fake';
import type { PromptHost } from '../host/prompt';
import PinPrompt from '../keys/PinPrompt.svelte';
import TouchPrompt from '../keys/TouchPrompt.svelte';
import '../kit/base.css';
import { clock } from '../kit/clock.svelte';
import * as rest from '../rest';
import { NOW } from './organisation';
import { SCENES } from './scenes';

/** Nobody answers a picture. */
const unanswered: PromptHost = { prompt: () => Promise.resolve(null), onPrompt: () => () => undefined, enterPin: () => Promise.resolve(), anotherKey: () => Promise.resolve(), allow: () => Promise.resolve(), giveUp: () => Promise.resolve() };

/** Shows one state: `?state=portal&theme=dark`; without a state, links to all of them. */
const query = new URLSearchParams(location.search);
const target = document.getElementById('app');
const scene = SCENES[query.get('state') ?? ''];

if (!scene) {
  target?.classList.add('index');
  for (const name of Object.keys(SCENES)) {
    const link = Object.assign(document.createElement('a'), { href: `?state=${name}`, textContent: name });
    const line = document.createElement('p');
    line.append(link);
    target?.append(line);
  }
} else if (target) {
  clock.stop(NOW);
  const shown = scene();
  localStorage.clear();
  for (const [key, value] of Object.entries(shown.remembered ?? {})) localStorage.setItem(key, value);
  const theme = query.get('theme');
  const { settings } = shown.state;
  const contrast = settings.theme.startsWith('high_contrast');
  if (theme === 'light') shown.state = { ...shown.state, settings: { ...settings, theme: contrast ? 'high_contrast_light' : 'light' } };
  if (theme === 'dark') shown.state = { ...shown.state, settings: { ...settings, theme: contrast ? 'high_contrast_dark' : 'dark' } };
  const host = new FakeHost(shown);
  const desk = new Desk(host);
  await host.onState((state) => (desk.state = state));
  desk.state = shown.state;
  desk.view = shown.view ?? 'portal';
  Object.assign(desk.arrangement, shown.prefer);
  desk.tab = shown.tab ?? 'accounts';
  desk.query = shown.query ?? '';
  desk.settingsSection = shown.section ?? 'general';
  if (desk.org) await desk.refreshPortal(desk.org.id);
  if (shown.prompt) mount(shown.prompt.touch ? TouchPrompt : PinPrompt, { target, props: { prompt: { ...shown.prompt, theme: theme === 'dark' ? 'dark' : 'light' }, host: unanswered } });
  else mount(App, { target, props: { desk, rest } });
  if (shown.later) {
    await painted();
    clock.stop(NOW + shown.later);
  }
  for (const name of shown.press ?? []) {
    await painted();
    if (name === 'quit') desk.quit();
    else {
      // As a pointer does: the focus goes where one clicks.
      named(name)?.focus();
      named(name)?.click();
    }
  }
  if (shown.type) {
    await painted();
    const [label, text] = shown.type;
    const field = [...document.querySelectorAll('label')].find((one) => one.textContent === label)?.control;
    if (field instanceof HTMLInputElement) {
      field.value = text;
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      // As on leaving it.
      field.dispatchEvent(new Event('change', { bubbles: true }));
    }
  }
  if (shown.choose) {
    await painted();
    const [label, value] = shown.choose;
    const choice = [...document.querySelectorAll('label')].find((one) => one.textContent === label)?.control;
    if (choice instanceof HTMLSelectElement) {
      choice.value = value;
      choice.dispatchEvent(new Event('change', { bubbles: true }));
    }
  }
  if (shown.after) {
    await painted();
    host.send({ ...shown.after, settings: shown.state.settings });
  }
  await painted();
  // A picture is of what comes to rest, however slow the machine is.
  for (const one of document.getAnimations()) if (one.effect?.getComputedTiming().endTime !== Infinity) one.finish();
  document.documentElement.dataset.ready = 'true';
}

function named(name: string): HTMLElement | undefined {
  const found = [...document.querySelectorAll<HTMLElement>('button, input[type=checkbox], input[type=radio]')].filter((one) => nameOf(one) === name);
  return found.find((one) => one.closest('dialog[open]')) ?? found[0];
}

function nameOf(one: HTMLElement): string {
  const label = document.getElementById(one.getAttribute('aria-labelledby') ?? '');
  return one.ariaLabel ?? label?.innerText ?? one.innerText.trim();
}

function painted(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60));
}

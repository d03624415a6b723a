import { expect, test } from 'vitest';
import type { UiReply, UiRequest } from '../bindings';
import { FakeHost } from '../host/fake';
import { NOW, portal } from './organisation';
import { state } from './scenes';
import { Desk } from '../desk/desk.svelte';

const GRANT = { org: 'acme', account: '1', role: 'Administrator' };
const open = (confirmed: boolean): UiRequest => ({ ask: 'open_console', grant: GRANT, destination: null, region: null, confirmed });
const failed: UiReply = {
  reply: 'failed',
  field: null,
  problem: { title: 'Could not open it', meaning: '', next: 'Try again.', buttons: [], details: '' },
};
const asks: UiReply = {
  reply: 'confirm',
  dialog: {
    title: 'Open production?',
    body: '',
    confirm: { label: 'Open', danger: true, action: { action: 'ask', request: open(true) } },
    cancel: 'Cancel',
    instead_text: null,
    instead: null,
    why: null,
    quiet: null,
    lasting: null,
  },
};

function desk(reply: (request: UiRequest) => UiReply) {
  const host = new FakeHost({ state: state(), portals: {}, reply });
  const desk = new Desk(host);
  desk.state = host.scene.state;
  return { desk, host };
}

test('a failure is shown until it is dismissed', async () => {
  const { desk: one } = desk(() => failed);
  await one.ask(open(false));
  expect(one.toasts.map(({ text }) => text)).toEqual(['Could not open it']);
  one.dismiss(one.toasts[0]?.id ?? 0);
  expect(one.toasts).toEqual([]);
});

test('a question opens and nothing is confirmed by itself', async () => {
  const { desk: one, host } = desk(() => asks);
  await one.ask(open(false));
  expect(one.question?.dialog.title).toBe('Open production?');
  expect(host.asked).toEqual([open(false)]);
});

test('what comes of a question reaches the form that asked', async () => {
  const { desk: one } = desk((request) => ('confirmed' in request && request.confirmed ? failed : asks));
  const answers: UiReply[] = [];
  await one.tell(open(false), (reply) => answers.push(reply));
  one.question?.answered(await one.tell(open(true), () => undefined));
  expect(answers).toEqual([failed]);
  expect(one.toasts).toEqual([]);
});

test('a host that breaks down is said in words', async () => {
  const { desk: one, host } = desk(() => failed);
  host.ask = () => Promise.reject(new Error('gone'));
  await one.ask(open(false));
  expect(one.toasts[0]?.text).toBe('Latchkey did not answer');
});

test('the window listens before it asks', async () => {
  const host = new FakeHost({ state: state(), portals: {} });
  const one = new Desk(host);
  await one.connect();
  expect(host.calls.at(-1)).toBe('state');
  expect(host.calls.toSorted()).toEqual(['on quit-asked', 'on reply', 'on show', 'on state', 'state']);
  expect(one.state).toBe(host.scene.state);
});

test('a question about a tray row is put in the window, and what came of it is said', async () => {
  const host = new FakeHost({ state: state(), portals: {}, reply: () => failed });
  const one = new Desk(host);
  await one.connect();
  host.show({ view: 'portal', target: null });
  host.answer(asks);
  expect(one.question?.dialog.title).toBe('Open production?');
  expect(host.asked).toEqual([]);
  one.question?.answered(await one.tell(open(true), () => undefined));
  expect(host.asked).toEqual([open(true)]);
  expect(one.toasts.map(({ problem }) => problem?.title)).toEqual(['Could not open it']);
});

test('a failure of a tray row is a notice in the window', async () => {
  const host = new FakeHost({ state: state(), portals: {} });
  const one = new Desk(host);
  await one.connect();
  host.answer(failed);
  expect(one.question).toBeNull();
  expect(one.toasts.map(({ problem }) => problem?.title)).toEqual(['Could not open it']);
});

test('an older answer does not replace a state that was sent meanwhile', async () => {
  const host = new FakeHost({ state: state(), portals: {} });
  const newer = state({ at: state().at + 1000, attention: '1 needs attention' });
  host.state = () => {
    host.send(newer);
    return Promise.resolve(state());
  };
  const one = new Desk(host);
  await one.connect();
  expect(one.state).toBe(newer);
});

test('a wish to quit that comes before the state waits for a person', () => {
  const host = new FakeHost({ state: state(), portals: {} });
  const one = new Desk(host);
  one.quit();
  expect([one.quitting, host.asked]).toEqual([true, []]);
});

test('quitting asks only when something would stop', () => {
  const { desk: one, host } = desk(() => ({ reply: 'done' }));
  one.quit();
  expect([one.quitting, host.asked]).toEqual([true, []]);
  const { desk: idle, host: other } = desk(() => ({ reply: 'done' }));
  other.scene.state = state({ quit: { title: '', body: '', confirm: '', ask: false } });
  idle.state = other.scene.state;
  idle.quit();
  expect([idle.quitting, other.asked]).toEqual([false, [{ ask: 'quit' }]]);
});

test('a tray row about a profile goes to that profile, and one about a role to be kept to the choice', async () => {
  const host = new FakeHost({ state: state(), portals: {} });
  const one = new Desk(host);
  await one.connect();
  host.show({ view: 'credentials', target: { target: 'stop', name: 'pay-dev' } });
  expect([one.view, one.wanted]).toEqual(['credentials', { target: 'stop', name: 'pay-dev' }]);
  host.show({ view: 'credentials', target: { target: 'keep' } });
  expect(one.picking).toBe(true);
  host.show({ view: 'portal', target: { target: 'search', query: '111122223333' } });
  expect([one.view, one.query]).toEqual(['portal', '111122223333']);
});

test('what came with the page is shown before anything is answered, and what is newer afterwards', async () => {
  const first = { state: state({ attention: 'first' }), portal: portal() };
  const host = new FakeHost({ state: state({ at: NOW + 1, attention: 'newer' }), portals: {}, first });
  const one = new Desk(host);
  expect([one.state?.attention, one.portal?.org, host.calls]).toEqual(['first', 'acme', []]);
  await one.connect();
  expect(one.state?.attention).toBe('newer');
});

test('an answer that says the same as what came with the page draws nothing anew', async () => {
  const first = { state: state(), portal: portal() };
  const host = new FakeHost({ state: state({ at: first.state.at + 1 }), portals: {}, first });
  const one = new Desk(host);
  const shown = one.state;
  await one.connect();
  expect(one.state).toBe(shown);
});

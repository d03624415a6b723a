import type { UiPrompt, UiStepUp, UiTouch } from '../bindings';
import { PROMPT } from './key-scenes';
import { MINUTE, NOW, environment, profile } from './organisation';
import { SETTINGS, button, problem, scene, state, type Shown } from './state';

const FACTS = [
  { label: 'Account', value: 'payments-prod, 1111-2222-3333' },
  { label: 'Role', value: 'Administrator' },
  { label: 'Environment', value: 'production' },
];
const PROGRAM = [
  { label: 'Profile', value: 'pay-admin' },
  { label: 'Program', value: 'terraform, process 4312' },
  { label: 'Its file', value: '/usr/local/bin/terraform' },
];
const TOUCH: UiTouch = { step: 'touch', instruction: 'Touch YubiKey 5C NFC now.', facts: FACTS, environment: environment('production', false), until: NOW + 48_000, lasts: MINUTE, another: true, allow: null, deny: 'Deny', raised: 0 };
const CONSOLE: UiPrompt = {
  ...PROMPT,
  number: 3,
  title: 'Touch your key to open payments-prod as Administrator',
  body: 'You asked for it in Latchkey. Changes there affect live systems.',
  tries: '',
  old: false,
  touch: TOUCH,
};
const TOOL: Partial<UiPrompt> = {
  title: 'Touch your key to hand out payments-prod as Administrator',
  body: 'terraform (process 4312) asks for credentials. Changes there affect live systems. Deny it if you did not start this.',
};
const asks = (change: Partial<UiPrompt> = {}, touch: Partial<UiTouch> = {}): Shown => scene({ prompt: { ...CONSOLE, ...change, touch: { ...TOUCH, ...touch } } });
const WORD: Partial<UiTouch> = { step: 'word', instruction: 'Denied unless you allow it. It holds for this program and role.', another: false, allow: 'Allow for 15 min' };
const all = [...FACTS, ...PROGRAM];

const KEYS: UiStepUp = {
  waiting: null,
  keys: [
    { id: '0a', name: 'YubiKey 5C NFC', used: 'Touched 12 min ago', touched: true },
    { id: '0b', name: 'Solo 2', used: 'Not touched yet', touched: false },
  ],
  marked: [{ account: '111122224444', account_name: 'payments-dev', role: 'PowerUser' }],
};
const settings = (step_up: Partial<UiStepUp> = {}): Shown =>
  scene({
    view: 'settings',
    section: 'safety',
    state: state({ step_up: { ...KEYS, ...step_up }, settings: { ...SETTINGS, safety: { ...SETTINGS.safety, step_up_marked: [{ account: '111122224444', role: 'PowerUser' }], step_up_patterns: [{ role: '^deploy', account: '' }, { role: 'breakglass', account: '-live$' }] } } }),
    reply: (request) => (request.ask === 'step_up' && request.step_up.wish === 'try' ? { reply: 'fits', text: 'Matches 2 roles: payments-dev, Deploy; payments-prod, Deploy.' } : { reply: 'done' }),
  });

/** Touches that roles ask for. */
export const STEP_UP_SCENES: Record<string, () => Shown> = {
  'touch-console': () => asks(),
  'touch-tool': () => asks(TOOL, { facts: all }),
  'prompt-allow': () => asks({ ...TOOL, title: 'Allow pay-admin for terraform?' }, { ...WORD, facts: all }),
  'touch-insert': () => asks(TOOL, { facts: all, step: 'insert', instruction: 'Plug in your key, or hold it to the reader.', another: false }),
  'touch-stranger': () => asks({ wrong: 'Solo 2 is not known here.' }, { step: 'insert', instruction: 'Plug in another key, or hold it to the reader.' }),
  'touch-cloned': () => asks({ wrong: 'YubiKey 5C NFC may have been copied: its counter went back. Stop using it, and tell your administrator.' }, { step: 'insert', instruction: 'Plug in another key, or hold it to the reader.' }),
  'touch-checking': () => asks({}, { step: 'working', instruction: 'Asking your organisation…', another: false }),
  'touch-late': () => asks(TOOL, { facts: all, until: NOW + 8_000 }),
  'touch-add': () => asks({ title: 'Touch the key that you want to add', body: 'From then on a touch of it opens privileged roles here.' }, { facts: [], environment: null, deny: 'Cancel', another: false }),
  'prompt-touch-pin': () => scene({ prompt: { ...PROMPT, body: 'For payments-prod, Administrator. The PIN is used for this alone.', confirm: 'Continue' } }),
  'settings-step-up': () => settings(),
  'settings-step-up-one': () => settings({ keys: KEYS.keys.slice(0, 1), marked: [] }),
  'settings-step-up-waiting': () => settings({ waiting: 'a new key' }),
  'touch-open': () => scene({ state: state({ strips: [{ text: 'Administrator in payments-prod is active', expires: NOW + 48 * MINUTE, button: button('Stop now', { danger: true }) }] }) }),
  'credentials-touch-needed': () =>
    scene({
      view: 'credentials',
      state: state({
        attention: '1 needs attention',
        profiles: [
          profile('pay-dev', 'payments-dev', 'PowerUser', 'fresh', 42),
          profile('pay-admin', 'payments-prod', 'Administrator', 'touch_needed', 11, {
            problem: { ...problem('pay-admin waits for a touch of your key', 'Acme gives new credentials out only after one. It works for 11 min more.', 'Touch your key, and it goes on.', button('Touch your key', { action: { action: 'ask', request: { ask: 'refresh_profile', profile: 'pay-admin' } } })), details: '' },
          }),
        ],
      }),
    }),
};

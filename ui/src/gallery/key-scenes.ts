import type { UiKey, UiKeyFacts, UiKeyReset, UiKeyRunning, UiKeys, UiPrompt, UiProblem } from '../bindings';
import { MINUTE, NOW } from './organisation';
import { button, scene, state, type Shown } from './state';

const rescan = button('Check again', { action: { action: 'ask', request: { ask: 'keys', keys: { wish: 'rescan' } } } });
const fault = (title: string, meaning: string, next: string, ...buttons: UiProblem['buttons']): UiProblem => ({ title, meaning, next, buttons, details: '' });

const FACTS: UiKeyFacts = {
  overview: [
    { label: 'PIN', value: 'set, 8 attempts left', caution: false, action: { label: 'Change', page: 'pin' } },
    { label: 'Passkeys', value: '6 of 100 used', caution: false, action: { label: 'Manage', page: 'passkeys' } },
    { label: 'Fingerprints', value: 'not available on this key', caution: false, action: null },
    { label: 'Registered at', value: 'Acme as "desk", added 3 Nov 2026, as of 14:02', caution: false, action: null },
  ],
  about: [
    { label: 'Versions', value: 'FIDO_2_1, FIDO_2_0, U2F_V2', caution: false, action: null },
    { label: 'Firmware', value: '5.7.1', caution: false, action: null },
    { label: 'Algorithms', value: 'ES256, EdDSA, ES384', caution: false, action: null },
    { label: 'Connections', value: 'USB, NFC', caution: false, action: null },
    { label: 'Model (AAGUID)', value: '2fc0579f-8113-47ea-b116-bb5a8db9202a', caution: false, action: null },
  ],
  identify: true,
  pin: { text: 'A PIN is set. 8 attempts left before the key locks.', rule: '4 to 63 characters; accents and emoji count as several.', unset: false, open: true },
  passkeys: '6 of 100 used',
  rename_passkeys: true,
  fingerprints: false,
  register: [],
  pin_first: false,
  advanced: { always_verify: false, least_pin: 4, force_pin_change: true, enterprise: false, reset: true, reset_text: 'Deletes every passkey, the PIN and all fingerprints on this key.' },
};

export const YUBI: UiKey = { id: 'usb:1', name: 'YubiKey 5C NFC', line: 'USB, serial 12345678', facts: FACTS, trouble: null, passkeys: null, fingerprints: null };
const BIO_FACTS: UiKeyFacts = {
  ...FACTS,
  overview: FACTS.overview.map((row) => (row.label === 'Fingerprints' ? { ...row, value: '2 on the key', action: { label: 'Manage', page: 'fingerprints' as const } } : row)),
  fingerprints: true,
};
const BIO: UiKey = { ...YUBI, id: 'usb:2', name: 'YubiKey Bio', line: 'USB, serial 87654321', facts: BIO_FACTS };
const SOLO: UiKey = { ...YUBI, id: 'usb:3', name: 'Solo 2', line: 'NFC reader' };

const passkey = (id: string, user: string, display: string, site: string, protection = 'Always PIN or fingerprint') => ({
  id,
  user,
  display,
  protection,
  delete_text: `Delete passkey for ${user} at ${site}? You may be locked out there if it is your only way to sign in. This cannot be undone.`,
});
const SITES = [
  { site: 'github.example', passkeys: [passkey('1', 'sam-dev', 'Sam Okafor', 'github.example', 'PIN or fingerprint, unless the site knows it')] },
  { site: 'login.acme.test', passkeys: [passkey('2', 'sam@acme.test', 'Sam Okafor', 'login.acme.test'), passkey('3', 'sam-admin@acme.test', '', 'login.acme.test')] },
  { site: 'mail.example', passkeys: [passkey('4', 'sam.okafor@mail.example', 'Sam', 'mail.example'), passkey('5', 'team@mail.example', 'Team', 'mail.example'), passkey('6', 'billing@mail.example', 'Billing', 'mail.example')] },
];

const keys = (change: Partial<UiKeys> = {}): UiKeys => ({ looking: false, keys: [YUBI, SOLO], selected: 'usb:1', trouble: null, running: null, ended: null, unlocked: null, reset: null, spare: null, ...change });
const unlocked = { key: 'usb:1', until: NOW + 4 * MINUTE + 20_000 };
const with_ = (change: Partial<UiKeys>, shown: Partial<Shown> = {}): Shown => scene({ view: 'keys', state: state({ keys: keys(change) }), ...shown });
const facts = (change: Partial<UiKeyFacts>): UiKey => ({ ...YUBI, facts: { ...FACTS, ...change } });
const running = (change: Partial<UiKeyRunning>): UiKeyRunning => ({ key: 'usb:1', title: 'Touch YubiKey 5C NFC', text: 'The key that blinks is this one. Touch it to stop.', step: { step: 'touch' }, until: NOW + 48_000, quiet: false, ...change });
const withPin = (value: string, action: UiKeyFacts['overview'][number]['action'], pin: Partial<UiKeyFacts['pin'] & object>): UiKey =>
  facts({ overview: FACTS.overview.map((row) => (row.label === 'PIN' ? { ...row, value, action, caution: true } : row)), pin: { ...(FACTS.pin as NonNullable<UiKeyFacts['pin']>), ...pin } });

const unregistered = (value: string, register: UiKeyFacts['register']): UiKey =>
  facts({ overview: FACTS.overview.map((row) => (row.label === 'Registered at' ? { ...row, value } : row)), register });

const reset = (change: Partial<UiKeyReset> = {}): UiKeyReset => ({
  title: 'Reset YubiKey 5C NFC',
  step: 'lost',
  lost: [...SITES.flatMap(({ site, passkeys }) => passkeys.map(({ user }) => `The passkey of ${user} at ${site}`)), 'Its PIN', 'Its registration as a second factor, wherever it has one'],
  meaning: 'Accounts that know this key keep running, but this key will no longer open them.',
  agree: 'I have another way to sign in to these 3 sites',
  text: 'Nothing is erased before the last step.',
  sameness: '',
  fault: null,
  blocked: false,
  until: null,
  ...change,
});

export const PROMPT: UiPrompt = { number: 7, title: 'Enter the PIN of YubiKey 5C NFC', body: 'The key shows its passkeys only with the PIN. It stays unlocked for 5 min.', tries: '8 attempts left', wrong: null, old: true, new: false, least: 4, confirm: 'Unlock', theme: 'system', text_size: 100, touch: null };
const asks = (change: Partial<UiPrompt> = {}, shown: Partial<Shown> = {}): Shown => scene({ prompt: { ...PROMPT, ...change }, ...shown });

/** Security keys in every state. */
export const KEY_SCENES: Record<string, () => Shown> = {
  'security-keys': () => with_({}),
  'security-keys-looking': () => with_({ looking: true, keys: [], selected: null }),
  'security-keys-none': () => with_({ keys: [], selected: null, trouble: fault('No security key found', '', 'Plug in a key, or hold it to the reader.') }),
  'security-keys-not-allowed': () =>
    with_({ keys: [{ ...YUBI, facts: null, trouble: fault('Latchkey cannot talk to the key', 'Your system does not allow it yet.', 'Install the access rule, then unplug and plug in the key.', button('Copy command', { action: { action: 'copy', text: 'sudo tee /etc/udev/rules.d/70-security-keys.rules' } }), rescan) }] }),
  'security-keys-not-elevated': () =>
    with_({ keys: [], selected: null, trouble: fault('Windows manages security keys itself', 'Windows lets only administrators change keys directly.', 'Change them in Windows Settings, or start Latchkey once more as administrator.', button('Open Windows security key settings'), button('Restart as administrator')) }),
  'security-keys-busy': () => with_({ keys: [{ ...YUBI, facts: null, trouble: fault('Another program is using the key', 'Nothing was changed.', 'Close other browser or key dialogs, then try again.') }, SOLO] }),
  'security-keys-silent': () => with_({ keys: [{ ...YUBI, facts: null, trouble: fault('The key did not answer', 'Nothing more is known.', 'Unplug it, wait 2 s, plug it in.', button('Rescan')) }] }),
  'security-keys-reading': () => with_({ keys: [{ ...YUBI, facts: null }, SOLO] }),
  'security-keys-no-pin': () => with_({ keys: [withPin('not set', { label: 'Set a PIN', page: 'pin' }, { text: 'No PIN is set. Passkeys and fingerprints need one.', unset: true })] }),
  'security-keys-no-pin-passkeys': () => with_({ keys: [facts({ pin_first: true })] }, { press: ['Passkeys'] }),
  'security-keys-pin': () => with_({}, { press: ['PIN'] }),
  'security-keys-pin-low': () => with_({ keys: [withPin('set, 2 attempts left', { label: 'Change', page: 'pin' }, {}), SOLO] }),
  'security-keys-pin-paused': () => with_({ keys: [withPin('paused: unplug the key and plug it in again', null, { open: false })], ended: { result: 'failed', key: 'usb:1', problem: fault('The key paused PIN entry', 'Three wrong PINs came in a row, so it waits before it takes another.', 'Unplug it and plug it in again.') } }),
  'security-keys-pin-blocked': () => with_({ keys: [withPin('locked for good: only a reset helps', { label: 'Reset…', page: 'advanced' }, { open: false })] }),
  'security-keys-locked': () => with_({}, { press: ['Passkeys'] }),
  'security-keys-asking': () => with_({ running: running({ title: 'Enter the PIN', text: 'A window of its own asks for it.', step: { step: 'pin' }, until: null }) }, { press: ['Passkeys'] }),
  'security-keys-passkeys': () => with_({ keys: [{ ...YUBI, passkeys: SITES }, SOLO], unlocked }, { press: ['Passkeys 6'] }),
  'security-keys-passkeys-search': () => with_({ keys: [{ ...YUBI, passkeys: SITES }, SOLO], unlocked }, { press: ['Passkeys 6'], type: ['Search passkeys', 'acme'] }),
  'security-keys-passkeys-empty': () => with_({ keys: [{ ...YUBI, passkeys: [] }, SOLO], unlocked }, { press: ['Passkeys 0'] }),
  'security-keys-delete': () => with_({ keys: [{ ...YUBI, passkeys: SITES }, SOLO], unlocked }, { press: ['Passkeys 6', 'Delete, sam@acme.test at login.acme.test'] }),
  'security-keys-rename': () => with_({ keys: [{ ...YUBI, passkeys: SITES }, SOLO], unlocked }, { press: ['Passkeys 6', 'Rename user, sam@acme.test at login.acme.test'] }),
  'security-keys-deleted': () => with_({ keys: [{ ...YUBI, passkeys: SITES.slice(1), facts: { ...FACTS, passkeys: '5 of 100 used' } }, SOLO], unlocked, ended: { result: 'done', key: 'usb:1', text: 'The passkey is deleted.', at: NOW } }, { press: ['Passkeys 5'] }),
  'security-keys-fingerprints': () => with_({ keys: [{ ...BIO, fingerprints: [{ id: '1', name: 'Right index' }, { id: '2', name: 'Left thumb' }] }], selected: 'usb:2', unlocked: { ...unlocked, key: 'usb:2' } }, { press: ['Fingerprints'] }),
  'security-keys-sample': () =>
    with_(
      { keys: [{ ...BIO, fingerprints: [{ id: '1', name: 'Right index' }] }], selected: 'usb:2', unlocked: { ...unlocked, key: 'usb:2' }, running: running({ key: 'usb:2', title: 'Sample 3 of 5', text: 'Too fast. Lift and touch again.', step: { step: 'sample', good: 2, of: 5 } }) },
      { press: ['Fingerprints'] },
    ),
  'security-keys-verify': () => with_({ keys: [BIO], selected: 'usb:2', running: running({ key: 'usb:2', title: 'Reading fingerprint', text: 'Put your finger on YubiKey Bio.', step: { step: 'verify' }, until: NOW + 26_000 }) }),
  'security-keys-advanced': () => with_({}, { press: ['Advanced'] }),
  'security-keys-enterprise': () => with_({}, { press: ['Advanced', 'Switch on…'] }),
  'security-keys-touch': () => with_({ running: running({}) }),
  'security-keys-working': () => with_({ unlocked, running: running({ title: 'A passkey is being deleted', text: 'Leave YubiKey 5C NFC where it is.', step: { step: 'working' }, until: null }) }),
  'security-keys-timed-out': () => with_({ ended: { result: 'failed', key: 'usb:1', problem: fault('Nobody touched the key in time', 'Nothing was changed.', 'Try again, and touch it.') } }),
  'security-keys-removed': () => with_({ keys: [], selected: null, trouble: fault('No security key found', '', 'Plug in a key, or hold it to the reader.'), ended: { result: 'failed', key: 'usb:1', problem: fault('The key was removed', 'The last step was not completed.', 'Plug it in and look what it holds.') } }),
  'security-keys-u2f': () =>
    with_({
      keys: [{ ...YUBI, name: 'U2F Key', facts: { ...FACTS, overview: [{ label: 'This key', value: 'supports only U2F: it works as a second factor in a browser but holds no passkeys, and Latchkey cannot use it', caution: true, action: null }], about: [{ label: 'Versions', value: 'U2F_V2', caution: false, action: null }], identify: false, pin: null, passkeys: null } }],
    }),
  'security-keys-register': () => with_({ keys: [unregistered('no organisation that you are signed in to', [{ org: 'acme', name: 'Acme' }])] }),
  'security-keys-register-name': () => with_({ keys: [unregistered('no organisation that you are signed in to', [{ org: 'acme', name: 'Acme' }])] }, { press: ['Register at Acme…'] }),
  'security-keys-registering': () => with_({ keys: [unregistered('no organisation that you are signed in to', [{ org: 'acme', name: 'Acme' }])], running: running({ text: 'The key is being registered.' }) }),
  'security-keys-registered': () => with_({ ended: { result: 'done', key: 'usb:1', text: 'The key is registered.', at: NOW } }),
  'security-keys-signed-out': () => with_({ keys: [unregistered('Sign in to see where this key is registered.', [])] }),
  'security-keys-spare': () => with_({ keys: [YUBI], spare: 'You have only one security key at Acme. Register a spare one, so that a lost key does not lock you out.' }),
  'security-keys-reset': () => with_({ reset: reset() }, { press: ['I have another way to sign in to these 3 sites'] }),
  'security-keys-reset-two': () => with_({ reset: reset({ fault: 'Unplug the other key first, so that the wrong one is not erased.', blocked: true }) }),
  'security-keys-reset-unplug': () => with_({ reset: reset({ step: 'unplug', text: 'Unplug YubiKey 5C NFC ending 5678 now.' }) }),
  'security-keys-reset-plug': () => with_({ keys: [], selected: null, reset: reset({ step: 'plug', text: 'Plug the same key in again. Be ready to touch it within 10 s.', sameness: 'The key tells no serial number. Latchkey knows it by its model and its USB port: use the same port.' }) }),
  'security-keys-reset-other': () => with_({ keys: [SOLO], selected: 'usb:3', reset: reset({ step: 'plug', text: 'Plug the same key ending 5678 in again. Be ready to touch it within 10 s.', fault: 'That is a different key. Nothing was erased. Plug in the one ending 5678.' }) }),
  'security-keys-reset-touch': () => with_({ keys: [YUBI], reset: reset({ step: 'touch', text: 'Touch the key now to erase it.', until: NOW + 7_000 }) }),
  'security-keys-reset-late': () => with_({ keys: [YUBI], reset: reset({ step: 'unplug', text: 'Unplug YubiKey 5C NFC ending 5678 now.', fault: 'Not confirmed in time. Nothing was erased. Start the plug-in step again.' }) }),
  'security-keys-reset-done': () => with_({ keys: [YUBI], reset: reset({ step: 'done', text: 'YubiKey 5C NFC is empty. It has no PIN and no passkeys.' }) }),
  'prompt-unlock': () => asks(),
  'prompt-wrong': () => asks({ number: 8, tries: '', wrong: 'Wrong PIN. 5 attempts left before the key locks.' }),
  'prompt-set': () => asks({ title: 'Set a PIN for Solo 2', body: 'It protects passkeys and fingerprints on the key. Nobody can look it up: forgotten, only a reset helps, which deletes every passkey.', tries: '', old: false, new: true, confirm: 'Set PIN' }, { type: ['New PIN', 'clé-42'] }),
  'prompt-change': () => asks({ title: 'Change the PIN of YubiKey 5C NFC', body: 'Passkeys and fingerprints stay as they are.', new: true, confirm: 'Change PIN' }, { press: ['Change PIN'] }),
};

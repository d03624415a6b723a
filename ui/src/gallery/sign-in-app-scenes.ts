import type { UiInApp, UiOrganisation } from '../bindings';
import { MINUTE, NOW, portal } from './organisation';
import { button, problem, scene, signIn, state, type Shown } from './state';

/** An organisation of its own server, which takes sign-ins in the app. */
const OFFER: Partial<UiOrganisation> = {
  kind: 'custom',
  start_url: 'https://login.acme.internal/start',
  host: 'login.acme.internal',
  in_app: { passkey: true, sent_to: 'Password is sent only to login.acme.internal' },
  pill: 'Signed out',
  synced: null,
  user: null,
};
const nothing = { acme: portal([], { apps: { state: 'listed', apps: [] } }) };
const inBrowser = button('Use the browser instead', { action: { action: 'ask', request: { ask: 'sign_in', org: 'acme', method: 'browser' } } });

const passkey = { label: 'Use a passkey', step: { step: 'passkey' as const } };
const byCode = { label: 'Use a code of "Phone"', step: { step: 'factor' as const, place: 1 } };
const byKey = { label: 'Use a security key', step: { step: 'factor' as const, place: 0 } };

const BEGUN: UiInApp = { stage: 'password', title: 'Sign in to Acme', body: '', username: 'sam', wrong: null, locked_until: null, keys: [], users: [], field: null, touch: null, finger: false, again: null, ways: [passkey] };

const out = (failure: UiInApp['wrong'] = null): Shown => scene({ portals: nothing, state: state({}, { ...OFFER, sign_in: { state: 'signed_out', failure } }) });
const at = (change: Partial<UiInApp>, shown: Partial<Shown> = {}): Shown => {
  const in_app = { ...BEGUN, ...change };
  return scene({
    portals: nothing,
    state: state({}, { ...OFFER, pill: 'Signing in', sign_in: { state: 'in_progress', method: 'native', title: in_app.title, body: in_app.body, started: NOW, deadline: NOW + 10 * MINUTE, link: null, user_code: null, in_app, failure: null } }),
    ...shown,
  });
};
const key = (change: Partial<UiInApp> = {}): Shown => at({ stage: 'key', title: 'Insert your security key', body: 'Plug it in, or hold it to the reader. Yours: Blue key, Spare.', ways: [byCode], ...change });
const failed = (wrong: UiInApp['wrong']): Shown => at({ stage: 'key_failed', title: 'Use your security key', body: wrong ? '' : 'Nothing was changed. Try again when you are ready.', wrong, again: byKey.step, ways: [byCode] });
const code = (wrong: UiInApp['wrong'] = null): Shown => at({ stage: 'code', title: 'Enter your authenticator code', body: 'Your authenticator app "Phone" shows 6 digits.', wrong, field: { label: 'Code', digits: true, hidden: false }, ways: [byKey] });
const otherwise = { label: 'Ask me in another way', step: { step: 'ask_otherwise' as const } };
const token = (wrong: UiInApp['wrong'] = null): Shown =>
  at({ stage: 'code', title: 'Enter the code of Acme token', body: 'Or be asked in another way, if you have one: on your phone, or by a code that is sent to you.', wrong, field: { label: 'Code of Acme token', digits: false, hidden: false }, ways: [otherwise, byKey] });

/** Signing in in the app, in every state. */
export const SIGN_IN_APP_SCENES: Record<string, () => Shown> = {
  'sign-in-app': () => out(),
  'sign-in-app-typed': () => ({ ...out(), type: ['User name', 'sam'] }),
  'sign-in-app-empty': () => ({ ...out(), press: ['Sign in'] }),
  'sign-in-app-asking': () => at({ stage: 'asking', title: 'Signing in to Acme', ways: [] }),
  'sign-in-app-wrong-password': () => at({ wrong: problem('That user name and password do not match', '', 'Check both and try again.') }),
  'sign-in-app-locked': () => at({ wrong: problem('Too many attempts', '', 'Wait until the time is over, or ask an administrator to unlock your account.'), locked_until: NOW + 4 * MINUTE }),
  'sign-in-app-offline': () => at({ wrong: problem('login.acme.internal did not answer', 'Nothing was sent or changed. Credentials you have keep working until they expire.', 'Check the spelling, your network or your VPN, then try again.') }),
  'sign-in-app-insert': () => key(),
  'sign-in-app-choose-key': () =>
    key({
      title: 'Which key do you use?',
      body: 'More than one is connected. Yours: Blue key, Spare.',
      keys: [
        { id: 'usb:1', name: 'YubiKey 5C NFC', line: 'USB, serial 12345678' },
        { id: 'usb:3', name: 'Solo 2', line: 'NFC reader' },
      ],
    }),
  'sign-in-app-pin': () => key({ title: 'Enter the PIN', body: 'A window of its own asks for it.' }),
  'sign-in-app-touch': () => key({ title: 'Touch your security key', body: 'YubiKey 5C NFC is waiting.', touch: NOW + 48_000 }),
  'sign-in-app-finger': () => key({ title: 'Reading fingerprint', body: 'Put your finger on YubiKey Bio.', touch: NOW + 26_000, finger: true }),
  'sign-in-app-not-registered': () => failed(problem('This key is not registered for you at Acme', '', 'Use another key or another way to sign in.')),
  'sign-in-app-removed': () => failed(problem('The key was removed', 'Nothing was changed.', 'Plug it in to continue.')),
  'sign-in-app-given-up': () => failed(null),
  'sign-in-app-code': () => code(),
  'sign-in-app-wrong-code': () => code(problem('That code did not work', 'Codes change every 30 s.', "Check that your device's clock is right, then enter the code it shows now.")),
  'sign-in-app-code-used': () => code(problem('That code was used already', '', 'Wait for the next one.')),
  'sign-in-app-users': () => at({ stage: 'user', title: 'Who is signing in?', body: 'Your key holds several passkeys for this organisation.', users: ['sam@acme.test', 'sam-admin@acme.test'], ways: [] }),
  'sign-in-app-token': () => token(),
  'sign-in-app-token-wrong': () => token(problem('That was not accepted', '', 'Check it and enter it again, or use another way to sign in.')),
  'sign-in-app-token-asks': () => at({ stage: 'code', title: 'Acme token asks', body: 'Type the code that was sent to you', field: { label: 'Your answer', digits: false, hidden: true }, ways: [byKey] }),
  'sign-in-app-enrol': () =>
    at({ stage: 'enrol', title: 'Acme requires a second factor', body: "Set one up now. A security key is set up here; an authenticator app, or this computer's own passkey, in your browser.", ways: [] }),
  'sign-in-app-enrol-insert': () => key({ body: 'Plug it in, or hold it to the reader.', ways: [] }),
  'sign-in-app-enrol-failed': () =>
    at({ stage: 'key_failed', title: 'Set up your security key', wrong: problem('Acme did not add the key', 'It is registered already, you have as many as are allowed, or such keys are not taken.', 'Use another key, or remove one on your page in the browser.'), again: { step: 'enrol' }, ways: [] }),
  'sign-in-app-enrolment': () => out(problem('Acme requires a second factor', 'You have none yet.', 'Set one up in your browser; the sign-in goes on from there.', inBrowser)),
  'portal-spare': () =>
    scene({ state: state({}, { banner: { kind: 'spare', title: 'A spare key is missing', body: 'You have only one security key at Acme. Register a spare one, so that a lost key does not lock you out.', buttons: [button('Show keys', { action: { action: 'show', view: 'keys' } }), button('Not now', { action: { action: 'ask', request: { ask: 'keys', keys: { wish: 'waive_spare', org: 'acme' } } } })], until: null } }) }),
  'sign-in-app-again': () =>
    scene({ portals: nothing, state: state({}, { ...OFFER, pill: 'Sign-in ended', sign_in: { state: 'ended', at: NOW - 3 * MINUTE, title: 'Sign in to Acme again', body: 'Your sign-in ended at 14:01.', failure: problem('Nobody finished the sign-in in time', 'Nothing was changed.', 'Start again when you are ready.', signIn) } }) }),
};

import { MINUTE, NOW } from './organisation';
import { banner, button, problem, scene, signIn, state, type Shown } from './state';
import { nothing, SIGNED_OUT, SANDBOX, sameUser, sandboxOrg } from './parts';

/** Signing in. */
export const SIGN_IN_SCENES: Record<string, () => Shown> = {
  'sign-in': () => scene({ portals: nothing, state: state({}, SIGNED_OUT) }),
  'sign-in-waiting': () =>
    scene({
      portals: nothing,
      state: state(
        {},
        {
          ...SIGNED_OUT,
          pill: 'Signing in',
          sign_in: { state: 'in_progress', method: 'browser', title: 'Finish signing in in your browser', body: 'This window continues by itself.', started: NOW, deadline: NOW + 10 * MINUTE - 20_000, link: 'https://oidc.eu-west-1.amazonaws.com/authorize', user_code: null, in_app: null, failure: null },
        },
      ),
    }),
  'sign-in-code': () =>
    scene({
      portals: nothing,
      state: state(
        {},
        {
          ...SIGNED_OUT,
          pill: 'Signing in',
          sign_in: { state: 'in_progress', method: 'device_code', title: 'Check that your browser shows this code', body: 'Only continue if the codes match and you started this yourself. Nobody from Acme or AWS will ask you for it.', started: NOW, deadline: NOW + 10 * MINUTE - 20_000, link: 'https://device.sso.eu-west-1.amazonaws.com', user_code: 'BFTK-QWRD', in_app: null, failure: null },
        },
      ),
    }),
  'sign-in-failed': () =>
    scene({ portals: nothing, state: state({}, { ...SIGNED_OUT, sign_in: { state: 'signed_out', failure: problem('Sign-in was declined in the browser', 'Nothing was changed.', 'Start again when you are ready.', signIn) } }) }),
  'sign-in-timed-out': () =>
    scene({ portals: nothing, state: state({}, { ...SIGNED_OUT, sign_in: { state: 'signed_out', failure: problem('Nobody finished the sign-in in time', 'The browser page or the code has expired. Nothing was changed.', 'Start again when you are ready.', signIn) } }) }),
  'sign-in-contacting': () =>
    scene({
      portals: nothing,
      state: state(
        {},
        {
          ...SIGNED_OUT,
          pill: 'Signing in',
          sign_in: { state: 'in_progress', method: 'browser', title: 'Contacting acme.awsapps.com…', body: 'Your browser opens when it answers.', started: NOW, deadline: NOW + 10 * MINUTE - 20_000, link: null, user_code: null, in_app: null, failure: null },
        },
      ),
    }),
  'sign-in-too-many': () =>
    scene({
      portals: nothing,
      state: state(
        {},
        { ...SIGNED_OUT, sign_in: { state: 'signed_out', failure: problem('Too many sign-in attempts', 'oidc.eu-west-1.amazonaws.com asks to go slower. Nothing was changed.', 'Wait 30 s. The button unlocks by itself.'), wait: NOW + 28_000 } },
      ),
    }),
  'sign-in-no-listener': () =>
    scene({
      portals: nothing,
      state: state(
        {},
        { ...SIGNED_OUT, sign_in: { state: 'signed_out', failure: problem("Could not listen for the browser's answer", 'No local port could be opened.', 'Use a code instead.', { ...signIn, label: 'Use a code instead' }) } },
      ),
    }),
  'sign-in-mismatch': () =>
    scene({ portals: nothing, state: state({}, { ...SIGNED_OUT, sign_in: { state: 'signed_out', failure: problem("The browser's answer did not belong to this sign-in", 'It was ignored.', 'Start again, and finish in the browser page that opens then.', { ...signIn, label: 'Start again' }) } }) }),
  'sign-in-offline': () =>
    scene({
      portals: nothing,
      state: state(
        { online: false },
        {
          ...SIGNED_OUT,
          sign_in: { state: 'signed_out', failure: problem('oidc.eu-west-1.amazonaws.com did not answer', 'Nothing was changed. Credentials you have keep working until they expire.', 'Check your network or VPN, then try again.', button('Try again')) },
          banner: { ...banner('offline', 'You are offline', 'No accounts are known yet.', button('Retry now')), until: NOW + 20_000 },
        },
      ),
    }),
  'sign-in-same-user': () =>
    scene({ portals: nothing, state: state({}, { ...SIGNED_OUT, name: 'Acme (2)', sign_in: { state: 'signed_out', failure: sameUser } }) }),
  'sign-in-no-browser': () => {
    const failure = problem('Could not open your browser', 'No default browser is set.', 'Copy the link and open it yourself.');
    return scene({
      portals: nothing,
      state: state(
        {},
        {
          ...SIGNED_OUT,
          pill: 'Signing in',
          sign_in: { state: 'in_progress', method: 'browser', title: 'Finish signing in in your browser', body: 'This window continues by itself.', started: NOW, deadline: NOW + 10 * MINUTE - 20_000, link: 'https://oidc.eu-west-1.amazonaws.com/authorize', user_code: null, in_app: null, failure },
        },
      ),
    });
  },
  'sign-in-sandbox': () => scene({ portals: nothing, state: state({ sandbox: SANDBOX }, { ...sandboxOrg, ...SIGNED_OUT }) }),
};

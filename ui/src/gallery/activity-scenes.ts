import { ACTIVITY, button, line, problem, RECORD, scene, state, type Shown } from './state';

/** Activity. */
export const ACTIVITY_SCENES: Record<string, () => Shown> = {
  'activity': () => scene({ view: 'activity' }),
  'activity-loading': () => ({ ...scene({ view: 'activity', silent: ['history'] }), later: 1_000 }),
  'activity-details': () => scene({ view: 'activity', press: ['Details of Refreshed pay-dev, valid until 14:46, 13:46'] }),
  'activity-failed': () => scene({ view: 'activity', choose: ['Result', 'failed'] }),
  'activity-dates': () => scene({ view: 'activity', choose: ['Date', 'own'] }),
  'activity-no-match': () => scene({ view: 'activity', choose: ['What it is about', 'copy'] }),
  'activity-new': () => scene({ view: 'activity', after: state({ activity: [{ ...line('Opened the console of payments-dev', 0, 'launch', 'you', 'payments-dev', 'PowerUser'), id: 1211 }, ...ACTIVITY] }) }),
  'activity-broken': () =>
    scene({
      view: 'activity',
      state: state({
        record: {
          ...RECORD,
          text: 'Record chain broken',
          problem: { ...problem('The record was changed outside Latchkey at entry 1 204', 'Entries after it cannot be trusted.', 'Export it if you want to look into it, then clear it to begin anew.', button('Check again')), details: '' },
        },
      }),
    }),
  'activity-unreadable': () =>
    scene({
      view: 'activity',
      reply: (request) => (request.ask === 'history' ? { reply: 'failed', field: null, problem: problem('Cannot read /home/sam/.local/share/latchkey/latchkey.db', 'The system said: Input/output error.', 'Try again.') } : { reply: 'done' }),
    }),
  'activity-clear': () => scene({ view: 'activity', press: ['Clear…'] }),
  'activity-empty': () => scene({ view: 'activity', state: state({ activity: [] }) }),
};

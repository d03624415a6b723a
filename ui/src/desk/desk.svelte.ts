import { getContext, setContext } from 'svelte';
import type {
  UiAction,
  UiConfirm,
  UiEnvironment,
  UiGrant,
  UiOrganisation,
  UiPortal,
  UiProblem,
  UiReply,
  UiRequest,
  UiShow,
  UiState,
  UiTarget,
  UiView,
} from '../bindings';
import type { Host } from '../host/host';
import { copy } from '../kit/copy';
import { Arrangement } from '../portal/arrangement.svelte';
import { COPIED } from '../portal/copying.svelte';
import { Leaving } from '../portal/leaving.svelte';
import { shellOfChoice } from '../portal/shells';

/** A short notice; a problem stays until it is dismissed. */
export interface Toast {
  id: number;
  text: string;
  problem: UiProblem | null;
}

/** A question before something dangerous, and who waits for the answer. */
export interface Question {
  dialog: UiConfirm;
  answered: (reply: UiReply) => void;
}

/** A role with what a dialog about it shows. */
export interface Chosen {
  grant: UiGrant;
  account: string;
  suggested: string;
}

/** An account and the environment that its name suggests. */
export interface Guessed {
  org: string;
  account: string;
  name: string;
  environment: UiEnvironment;
}

/** Where a row stands: a role may be in two lists of the portal at once. */
export type Place = 'shortcuts' | 'accounts';

/** The lists of the portal. */
export type Tab = 'accounts' | 'apps';

/** A role that something was asked about, and from where. */
export interface Pressed {
  grant: UiGrant;
  place: Place;
}

/** Fills a field of the form that showed a problem. */
export type Edit = (field: string, suggestion: string | null) => void;

/**
 * A form in a dialog. What its own request comes to, also when a button of its problem sends it again,
 * is its business; of any other request it shows the failure, else it makes room. A notice would
 * stand behind the dialog, out of reach.
 */
export interface Form {
  asks: UiRequest['ask'][];
  settle: (reply: UiReply, request: UiRequest) => void;
  close: () => void;
}

/** What the window shows and asks. The state itself is the engine's. */
export class Desk {
  state = $state.raw<UiState | null>(null);
  portal = $state.raw<UiPortal | null>(null);
  view = $state<UiView>('portal');
  /** The list of the portal that is on show. */
  tab = $state<Tab>('accounts');
  /** The organisation on show, at once when it is chosen here; the engine keeps the choice. */
  orgId = $state<string | null>(null);
  question = $state.raw<Question | null>(null);
  chosen = $state.raw<Chosen | null>(null);
  /** The row whose console was asked for last: that one tells how it went. */
  pressed = $state.raw<Pressed | null>(null);
  /** The role whose console is wanted at a service. */
  destined = $state.raw<Chosen | null>(null);
  /** What someone outside the window wants to see of a view, until it is shown. */
  wanted = $state.raw<UiTarget | null>(null);
  /** A role is being chosen to be kept fresh. */
  picking = $state(false);
  /** An account whose environment was guessed, for the person to say whether that is right. */
  guessed = $state.raw<Guessed | null>(null);
  quitting = $state(false);
  adding = $state(false);
  /** What a link filled into the form for another organisation, until it is taken from there. */
  filledIn = '';
  /** What the AWS config file has is being looked at. */
  importing = $state(false);
  /** The import is to begin with what was used lately. */
  importingUsed = $state(false);
  /** The organisation whose sign-in is waited for, to look at the config file then. */
  #importAfter = $state<string | null>(null);
  shortcuts = $state(false);
  query = $state('');
  settingsSection = $state('general');
  toasts = $state<Toast[]>([]);
  readonly arrangement = new Arrangement();
  readonly leaving = new Leaving();
  #ids = 0;
  /** The role whose environment is on its way to the clipboard: a key that is held asks once. */
  #copying: UiGrant | null = null;

  org: UiOrganisation | null = $derived(
    this.state?.organisations.find((org) => org.id === this.orgId) ?? this.state?.organisations[0] ?? null,
  );

  constructor(readonly host: Host) {
    const first = host.first();
    if (first) {
      this.#takeState(first.state);
      this.portal = first.portal;
    }
  }

  /**
   * Listens first and asks second, so that no change falls between. The first question tells the shell
   * that someone listens: what waited for a window (a tray row's question) comes right after it.
   */
  async connect(): Promise<void> {
    await Promise.all([
      this.host.onState((state) => this.#takeState(state)),
      this.host.onReply((reply) => this.answered(reply)),
      this.host.onShow((show) => this.show(show)),
      this.host.onQuitAsked(() => this.quit()),
    ]);
    const state = await this.host.state();
    // One that was sent meanwhile is newer, and one that says the same draws nothing anew: the moment alone is no
    // difference, as times are counted down here.
    const mine = this.state;
    if (!mine || (mine.at <= state.at && !same({ ...mine, at: state.at }, state))) this.#takeState(state);
  }

  /** The organisation may have been chosen in the tray meanwhile. */
  #takeState(state: UiState) {
    if (state.chosen !== this.state?.chosen) this.orgId = state.chosen;
    this.state = state;
  }

  /** Shows this organisation, here and in the tray. */
  choose(org: string) {
    this.orgId = org;
    void this.ask({ ask: 'choose_organisation', org });
  }

  /** Signs in to an organisation of the AWS config file, and shows what it has afterwards. */
  signInToImport(org: string, begun = false) {
    this.importing = false;
    this.choose(org);
    this.view = 'portal';
    this.#importAfter = org;
    if (!begun) void this.ask({ ask: 'sign_in', org, method: null });
  }

  /** The sign-in that the import waited for stands. */
  goOnImporting() {
    const org = this.state?.organisations.find(({ id }) => id === this.#importAfter);
    if (org?.sign_in.state !== 'signed_in') return;
    this.#importAfter = null;
    this.importing = true;
  }

  /** How often the portal was asked for. */
  #portals = 0;

  /** Fetches what the portal lists, when it changed. */
  async refreshPortal(org: string) {
    const turn = ++this.#portals;
    const portal = await this.host.portal(org);
    // An answer that was overtaken by a later one's is the older of both.
    if (!portal || this.org?.id !== org || turn !== this.#portals) return;
    this.leaving.note(this.portal, portal);
    this.portal = portal;
  }

  /** Asks, and deals with the answers that are the same everywhere. */
  async ask(request: UiRequest): Promise<UiReply> {
    const show = (reply: UiReply) => {
      this.#failed(reply);
      if (reply.reply === 'copied' && request.ask === 'copy_environment') this.toast(COPIED);
    };
    const reply = await this.tell(request, show);
    show(reply);
    return reply;
  }

  /** Sends a password or a code, and overwrites it. */
  async enter(bytes: Uint8Array): Promise<void> {
    const reply = await this.host.enterSecret(bytes).finally(() => bytes.fill(0));
    this.#failed(reply);
  }

  /** Takes the answer to something asked elsewhere as it takes one to its own. */
  answered(reply: UiReply) {
    this.#take(reply, (later) => this.#failed(later));
    this.#failed(reply);
  }

  /**
   * Asks for a form that shows its own failures. Where the answer is a question, `answered` gets what
   * came of it, once the person has decided to go on.
   */
  async tell(request: UiRequest, answered: (reply: UiReply) => void): Promise<UiReply> {
    const reply = await this.host.ask(request).catch(
      (): UiReply => ({
        reply: 'failed',
        field: null,
        problem: {
          title: 'Latchkey did not answer',
          meaning: 'The window lost touch with the rest of the app.',
          next: 'Close this window and open it again.',
          buttons: [],
          details: '',
        },
      }),
    );
    this.#take(reply, answered);
    return reply;
  }

  /** Asks for a form, which learns the answer, and what comes of a question. */
  async submit(request: UiRequest, form: Form) {
    // What was confirmed is what was asked.
    const asked = request.ask === 'confirmed' ? request.request : request;
    const settle = (reply: UiReply) => {
      if (reply.reply === 'failed' || form.asks.includes(asked.ask)) form.settle(reply, asked);
      else if (reply.reply !== 'confirm') form.close();
    };
    settle(await this.tell(request, settle));
  }

  #take(reply: UiReply, answered: (reply: UiReply) => void) {
    if (reply.reply === 'confirm') this.question = { dialog: reply.dialog, answered };
    if (reply.reply === 'show') this.show(reply.show);
  }

  #failed(reply: UiReply) {
    if (reply.reply === 'failed') this.toast(reply.problem.title, reply.problem);
  }

  /** Goes to a view, and to what is wanted of it. */
  show({ view, target }: UiShow) {
    this.view = view;
    if (target?.target === 'search') [this.query, this.tab] = [target.query, 'accounts'];
    if (target?.target === 'apps') [this.query, this.tab] = ['', 'apps'];
    if (target?.target === 'section') this.settingsSection = target.section;
    if (target?.target === 'add_organisation') this.#add(target.start_url);
    if (target?.target === 'keep') this.picking = true;
    else this.wanted = target;
  }

  /** What is typed already is not written over. */
  #add(startUrl: string) {
    if (!this.adding) this.filledIn = startUrl;
    this.adding = true;
  }

  /** Does what a button says. */
  async act(action: UiAction, edit?: Edit): Promise<UiReply | null> {
    switch (action.action) {
      case 'ask':
        if (action.request.ask === 'sign_in' && this.#isHere(action.request)) this.#toForm(action.request.org);
        return this.ask(action.request);
      case 'show':
        this.view = action.view;
        return null;
      case 'settings':
        [this.view, this.settingsSection] = ['settings', action.section];
        return null;
      case 'copy':
        await this.copied(action.text);
        return null;
      case 'edit':
        if (edit) edit(action.field, action.suggestion);
        else this.#elsewhere(action.field);
        return null;
      case 'dismiss':
        return null;
    }
  }

  /** Whether a sign-in may be one in a form: who did so before is asked here again, without saying so. */
  #isHere({ org, method }: UiRequest & { ask: 'sign_in' }): boolean {
    if (method !== null) return method === 'native';
    return (this.state?.organisations.find(({ id }) => id === org)?.in_app ?? null) !== null;
  }

  /** Signing in here is done in a form, which the portal's view has. */
  #toForm(org: string) {
    if (this.org?.id !== org) this.choose(org);
    this.view = 'portal';
  }

  /** A field that this view does not have: go to the form that does. */
  #elsewhere(field: string) {
    if (field === 'start_url' || field === 'region') this.adding = true;
    else this.view = 'portal';
  }

  async copied(text: string, what = 'Copied.') {
    if (await copy(text)) this.toast(what);
    else this.toast('Could not reach the clipboard. Select the text and copy it yourself.');
  }

  /** Why no console of this role's organisation opens now. */
  noConsole(grant: UiGrant): string | undefined {
    return this.state?.organisations.find(({ id }) => id === grant.org)?.no_console ?? undefined;
  }

  /** Copies a role's environment variables at once, for the shell that was chosen last. */
  async copyEnvironment(grant: UiGrant) {
    if (this.#copying && sameGrant(this.#copying, grant)) return;
    this.#copying = grant;
    await this.ask({ ask: 'copy_environment', grant, shell: shellOfChoice(), confirmed: false });
    if (this.#copying === grant) this.#copying = null;
  }

  toast(text: string, problem: UiProblem | null = null) {
    this.#ids += 1;
    this.toasts = [...this.toasts.filter((toast) => toast.text !== text), { id: this.#ids, text, problem }].slice(-3);
  }

  dismiss(id: number) {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  quit() {
    // Before the state is known, something may be kept fresh.
    if (!this.state || this.state.quit.ask) this.quitting = true;
    else void this.ask({ ask: 'quit' });
  }
}

const KEY = Symbol('desk');

export function setDesk(desk: Desk) {
  return setContext(KEY, desk);
}

export function useDesk(): Desk {
  return getContext<Desk>(KEY);
}

/** Whether two grants name the same role. */
export function sameGrant(a: UiGrant, b: UiGrant): boolean {
  return a.org === b.org && a.account === b.account && a.role === b.role;
}

/** Whether two states came out of the same: their parts stand in one order. */
const same = (one: UiState, other: UiState) => JSON.stringify(one) === JSON.stringify(other);

// Generated from the view crate by `make gen`. Do not edit.

/**
 * One account.
 */
export type UiAccount = { 
/**
 * The number, twelve digits: what is copied.
 */
id: string, 
/**
 * The number in groups of four: `1111-2222-3333`.
 */
id_grouped: string, 
/**
 * The name.
 */
name: string, 
/**
 * The address, if the portal names one.
 */
email: string | null, 
/**
 * The environment.
 */
environment: UiEnvironment, 
/**
 * The roles; `null` while they are still loading.
 */
roles: Array<UiRole> | null, };

/**
 * What a button does.
 */
export type UiAction = { "action": "ask", 
/**
 * The request.
 */
request: UiRequest, } | { "action": "show", 
/**
 * Which.
 */
view: UiView, } | { "action": "settings", 
/**
 * `general`, `organisations` and so on, as the window calls it.
 */
section: string, } | { "action": "copy", 
/**
 * The text.
 */
text: string, } | { "action": "edit", 
/**
 * `profile`, `start_url` or `region`.
 */
field: string, 
/**
 * A value to prefill.
 */
suggestion: string | null, } | { "action": "dismiss" };

/**
 * One line of Activity.
 */
export type UiActivity = { 
/**
 * The row's number.
 */
id: number, 
/**
 * When, epoch milliseconds.
 */
at: number, 
/**
 * What it is about.
 */
kind: UiActivityKind, 
/**
 * A plain sentence.
 */
sentence: string, 
/**
 * Account and role, where there is one.
 */
subject: string | null, 
/**
 * The account, for the filter.
 */
account: string | null, 
/**
 * Who wanted it.
 */
by: UiBy, 
/**
 * It went well.
 */
ok: boolean, 
/**
 * Lines with equal groups next to each other may be shown as one; empty: it stands by itself.
 */
group: string, };

/**
 * An account that Activity names.
 */
export type UiActivityAccount = { 
/**
 * As [`UiActivity::account`] has it.
 */
id: string, 
/**
 * Its name, with the organisation's where two have the same.
 */
name: string, };

/**
 * Which lines are wanted. Everything that is empty or `null` lets all pass.
 */
export type UiActivityFilter = { 
/**
 * Words, all of which are in the line.
 */
query: string, 
/**
 * What it is about.
 */
kind: UiActivityKind | null, 
/**
 * Who wanted it.
 */
by: UiBy | null, 
/**
 * Whether it went well.
 */
ok: boolean | null, 
/**
 * An account, as [`UiActivity::account`] has it.
 */
account: string | null, 
/**
 * From this moment on, epoch milliseconds.
 */
since: number | null, 
/**
 * Before this moment, epoch milliseconds.
 */
until: number | null, };

/**
 * What a line of Activity is about.
 */
export type UiActivityKind = "sign_in" | "launch" | "copy" | "profile" | "organisation" | "notification" | "safety";

/**
 * One application.
 */
export type UiApp = { 
/**
 * Its id in the portal.
 */
id: string, 
/**
 * The name.
 */
name: string, 
/**
 * What it is, if the portal says so.
 */
description: string | null, 
/**
 * The portal's own link, which opens it for whoever may: it holds no secret.
 */
link: string, 
/**
 * Its picture, as the address of an image that holds it itself (`data:`).
 */
icon: string | null, };

/**
 * An application on its way.
 */
export type UiAppLaunch = { 
/**
 * Which.
 */
app: UiAppRef, 
/**
 * How it goes.
 */
launch: UiLaunchState, 
/**
 * For the row and the live region: `Opening...`.
 */
text: string, };

/**
 * An application of an organisation, by ids.
 */
export type UiAppRef = { 
/**
 * The organisation's id.
 */
org: string, 
/**
 * The application's id in the portal.
 */
app: string, };

/**
 * An application among the favourites or the recent ones.
 */
export type UiAppShortcut = { 
/**
 * Which.
 */
app: UiAppRef, 
/**
 * Its name; its id where the portal does not list it any more.
 */
name: string, 
/**
 * What it is, if the portal says so.
 */
description: string | null, 
/**
 * The portal's own link; empty where it is not listed.
 */
link: string, 
/**
 * Its picture, as the address of an image that holds it itself (`data:`).
 */
icon: string | null, 
/**
 * False when the portal does not list it any more.
 */
listed: boolean, };

/**
 * The applications of an organisation.
 */
export type UiApps = { "state": "unknown" } | { "state": "listed", 
/**
 * All of them.
 */
apps: Array<UiApp>, } | { "state": "not_listed", 
/**
 * Why, and the way to the portal's page.
 */
problem: UiProblem, };

/**
 * The one banner under the header.
 */
export type UiBanner = { 
/**
 * Which.
 */
kind: UiBannerKind, 
/**
 * Heading.
 */
title: string, 
/**
 * One sentence.
 */
body: string, 
/**
 * At most two.
 */
buttons: Array<UiButton>, 
/**
 * A moment the window counts down to ("in 12 s"), epoch milliseconds.
 */
until: number | null, };

/**
 * What kind of banner, in the order of priority.
 */
export type UiBannerKind = "signed_out" | "blocked" | "store" | "clock" | "offline" | "throttled" | "loading_paused" | "sync_failed" | "paused" | "keyring" | "spare" | "update" | "sandbox";

/**
 * A browser of this computer.
 */
export type UiBrowser = { 
/**
 * What to choose it by.
 */
id: string, 
/**
 * For people.
 */
name: string, 
/**
 * It can be asked for a private window.
 */
private: boolean, 
/**
 * It may have an extension that opens addresses in a container.
 */
containers: boolean, };

/**
 * A browser, and how it is used.
 */
export type UiBrowserChoice = { 
/**
 * One of those there are.
 */
browser: string, 
/**
 * In a private window.
 */
private: boolean, 
/**
 * In the container of this name; empty for none.
 */
container: string, };

/**
 * A button with its words.
 */
export type UiButton = { 
/**
 * The words.
 */
label: string, 
/**
 * What it does.
 */
action: UiAction, 
/**
 * It takes something away: drawn as dangerous, never focused first.
 */
danger: boolean, };

/**
 * Who wanted it.
 */
export type UiBy = "you" | "schedule" | "program";

/**
 * A card of the first run.
 */
export type UiCard = { 
/**
 * Which.
 */
kind: UiCardKind, 
/**
 * Heading.
 */
title: string, 
/**
 * One line.
 */
body: string, };

/**
 * Which card of the first run.
 */
export type UiCardKind = "import" | "start_url" | "sandbox";

/**
 * A role or an application that was gained or lost at the last sync.
 */
export type UiChange = { 
/**
 * True for gained.
 */
gained: boolean, 
/**
 * What it is about: no other change has it.
 */
id: string, 
/**
 * When it was noticed, epoch milliseconds.
 */
noticed: number, 
/**
 * The last moment at which it was as before, epoch milliseconds.
 */
since: number | null, 
/**
 * Profiles that a lost role feeds.
 */
profiles: Array<UiFed>, 
/**
 * `You no longer have Administrator in payments-prod`.
 */
title: string, 
/**
 * What it means.
 */
meaning: string, };

/**
 * An environment class, strictest first.
 */
export type UiClass = "production" | "staging" | "shared" | "test" | "development" | "sandbox" | "unlabelled";

/**
 * What is typed.
 */
export type UiCodeField = { 
/**
 * `Code`, `Code of Acme token`.
 */
label: string, 
/**
 * It has six digits; else it is what the organisation's servers make it.
 */
digits: boolean, 
/**
 * It is not to be seen.
 */
hidden: boolean, };

/**
 * The dialog before something dangerous. "Cancel" is focused.
 */
export type UiConfirm = { 
/**
 * `Open production as Administrator?`
 */
title: string, 
/**
 * Account and consequence.
 */
body: string, 
/**
 * The button that does it; its action asks again, confirmed.
 */
confirm: UiButton, 
/**
 * "Cancel".
 */
cancel: string, 
/**
 * `ReadOnly is also available here`.
 */
instead_text: string | null, 
/**
 * `Open as ReadOnly instead`.
 */
instead: UiButton | null, 
/**
 * `Why? (kept in your activity log)`: a field for a reason, where one is kept.
 */
why: string | null, 
/**
 * `Do not ask again for this role for 15 min`: a checkbox, where that can be chosen.
 */
quiet: string | null, 
/**
 * For how long, where that is limited.
 */
lasting: UiLasting | null, 
/**
 * What is to be typed before it can be said yes to, where the organisation wants that.
 */
typed?: string, };

/**
 * What giving profiles a session would change, before it is done.
 */
export type UiConversion = { 
/**
 * `Change /home/sam/.aws/config?`
 */
title: string, 
/**
 * Which profiles, and that a backup comes first.
 */
body: string, 
/**
 * What it means for tools.
 */
effect: string, 
/**
 * The exact change.
 */
diff: Array<UiDiffLine>, 
/**
 * To ask for this change and no other.
 */
seen: string, 
/**
 * `Convert 2 profiles`.
 */
button: string, };

/**
 * A conversion that can be undone.
 */
export type UiConverted = { 
/**
 * Its number in Activity.
 */
entry: number, 
/**
 * `pay-dev and 1 more were converted in /home/sam/.aws/config, 16:40.`
 */
text: string, 
/**
 * What undoing does, for the question before.
 */
question: string, };

/**
 * How a kept profile's credentials get to programs.
 */
export type UiDelivery = "credentials_file" | "on_demand" | "sso_cache" | "copy_only";

/**
 * A way to choose, with what it means.
 */
export type UiDeliveryChoice = { 
/**
 * Which.
 */
delivery: UiDelivery, 
/**
 * `On demand`.
 */
label: string, 
/**
 * What follows from it, in a sentence or three.
 */
line: string, 
/**
 * The same for the sample organisation, which has files of its own; `null` where it cannot be.
 */
sample_line: string | null, 
/**
 * The one to suggest for privileged roles.
 */
privileged: boolean, 
/**
 * The one to suggest for the others.
 */
usual: boolean, };

/**
 * What becomes of a line of the config file.
 */
export type UiDiffKind = "kept" | "removed" | "added" | "skipped";

/**
 * A line of a change.
 */
export type UiDiffLine = { 
/**
 * What becomes of it.
 */
kind: UiDiffKind, 
/**
 * Its number in the file as it is.
 */
line: number | null, 
/**
 * Its text.
 */
text: string, 
/**
 * It stays and is not shown, since it may be a secret.
 */
hidden: boolean, };

/**
 * A start URL that answered.
 */
export type UiDiscovered = { 
/**
 * Canonical.
 */
start_url: string, 
/**
 * The name found.
 */
name: string, 
/**
 * The region found.
 */
region: string, 
/**
 * `acme.awsapps.com answers. Region eu-west-1.`
 */
text: string, };

/**
 * Custom endpoints of a self-hosted server, as typed.
 */
export type UiEndpoints = { 
/**
 * SSO-OIDC.
 */
oidc: string, 
/**
 * The portal API.
 */
portal: string, 
/**
 * The federation endpoint.
 */
federation: string, 
/**
 * STS.
 */
sts: string, };

/**
 * The environment of an account.
 */
export type UiEnvironment = { 
/**
 * The class, for pattern and colour.
 */
class: UiClass, 
/**
 * The chip's text (`PROD`), if there is a chip.
 */
chip: string | null, 
/**
 * In full, for accessible names: `production`.
 */
word: string, 
/**
 * Guessed from the name and not confirmed: the chip's border is dotted.
 */
guessed: boolean, 
/**
 * The organisation decided it: nobody here can say otherwise.
 */
decided: boolean, 
/**
 * Why, for the tooltip.
 */
why: string, };

/**
 * How Activity is written to a file.
 */
export type UiExportFormat = "csv" | "json_lines";

/**
 * A fact of what is asked.
 */
export type UiFact = { 
/**
 * `Account`.
 */
label: string, 
/**
 * `payments-prod, 1111-2222-3333`.
 */
value: string, };

/**
 * A kept profile whose role was lost.
 */
export type UiFed = { 
/**
 * Its name.
 */
name: string, 
/**
 * When what stands in the file stops working, epoch milliseconds; `null` where nothing does.
 */
expires: number | null, };

/**
 * What a rule looks at.
 */
export type UiField = "name" | "number" | "email";

/**
 * The credentials file.
 */
export type UiFile = { 
/**
 * Its path.
 */
path: string, 
/**
 * Problems and offers, most important first.
 */
notes: Array<UiProblem>, 
/**
 * Profiles in it that are not ours.
 */
foreign: Array<string>, 
/**
 * The newest backup, if there is one to undo with.
 */
backup: string | null, 
/**
 * When that was made, epoch milliseconds.
 */
backup_made: number | null, };

/**
 * A fingerprint.
 */
export type UiFingerprint = { 
/**
 * Its id.
 */
id: string, 
/**
 * What it is called, or its number.
 */
name: string, };

/**
 * What a window shows first, handed over with its page: what it would ask for as soon as it is there.
 */
export type UiFirst = { 
/**
 * The state.
 */
state: UiState, 
/**
 * What the portal of the state's first organisation lists.
 */
portal: UiPortal | null, };

/**
 * The first run, while there is no organisation.
 */
export type UiFirstRun = { 
/**
 * Heading.
 */
title: string, 
/**
 * One line.
 */
body: string, 
/**
 * Cards; the first gets the focus.
 */
cards: Array<UiCard>, };

/**
 * A role in an account, by ids.
 */
export type UiGrant = { 
/**
 * The organisation's id.
 */
org: string, 
/**
 * The account's number.
 */
account: string, 
/**
 * The role's name.
 */
role: string, };

/**
 * What the config file has.
 */
export type UiImport = { 
/**
 * `14 profiles in /home/sam/.aws/config.`
 */
summary: string, 
/**
 * Those of the most profiles first.
 */
organisations: Array<UiImportOrganisation>, 
/**
 * `pay-dev: Managed by granted. Left alone.`
 */
managed: Array<string>, 
/**
 * Lines that cannot be read.
 */
unread: Array<string>, };

/**
 * That there is something to import.
 */
export type UiImportNote = { 
/**
 * `14 profiles in /home/sam/.aws/config sign in by themselves.`
 */
text: string, };

/**
 * The profiles of one start URL.
 */
export type UiImportOrganisation = { 
/**
 * The organisation's name, else the start URL's host.
 */
name: string, 
/**
 * The start URL as it is written.
 */
start_url: string, 
/**
 * Our id, once it is added.
 */
org: string | null, 
/**
 * `Not signed in`, empty when nothing is to be done.
 */
note: string, 
/**
 * What to do about it.
 */
button: UiButton | null, 
/**
 * In the file's order.
 */
profiles: Array<UiImportProfile>, };

/**
 * A profile of the config file.
 */
export type UiImportProfile = { 
/**
 * Its name.
 */
name: string, 
/**
 * The account's name, or its number before the sign-in; empty where none is named.
 */
account: string, 
/**
 * Its environment, where the account is known.
 */
environment: UiEnvironment | null, 
/**
 * The role's name; empty where none is named.
 */
role: string, 
/**
 * The shape.
 */
state: UiImportState, 
/**
 * The words beside it.
 */
state_word: string, 
/**
 * What it means.
 */
about: string, 
/**
 * What to ask so that its role is kept in the credentials file; `null` where it cannot be.
 */
keep: UiWanted | null, 
/**
 * It can be given a session of its own section.
 */
convertible: boolean, 
/**
 * Known to have been used in the last 30 days.
 */
used: boolean, };

/**
 * How a profile of the config file stands.
 */
export type UiImportState = "kept" | "ready" | "legacy" | "name_conflict" | "no_access" | "incomplete" | "loading" | "signed_out";

/**
 * A sign-in in the app.
 */
export type UiInApp = { 
/**
 * Where it stands.
 */
stage: UiInAppStage, 
/**
 * Heading.
 */
title: string, 
/**
 * What to do; may be empty.
 */
body: string, 
/**
 * What was typed as the user's name.
 */
username: string, 
/**
 * Why the last step was none.
 */
wrong: UiProblem | null, 
/**
 * No attempt is looked at before then.
 */
locked_until: number | null, 
/**
 * What is typed while a code is asked for.
 */
field: UiCodeField | null, 
/**
 * Keys to choose from, where several are there.
 */
keys: Array<UiKeyChoice>, 
/**
 * Users of passkeys to choose from.
 */
users: Array<string>, 
/**
 * The key is to be touched until then.
 */
touch: number | null, 
/**
 * A finger is to be put on it.
 */
finger: boolean, 
/**
 * The same once more, after it failed.
 */
again: UiInAppStep | null, 
/**
 * Other ways to go on.
 */
ways: Array<UiInAppWay>, };

/**
 * What an organisation takes without a browser.
 */
export type UiInAppOffer = { 
/**
 * A passkey alone is enough.
 */
passkey: boolean, 
/**
 * `Password is sent only to login.acme.internal`.
 */
sent_to: string, };

/**
 * Where a sign-in in the app stands.
 */
export type UiInAppStage = "password" | "asking" | "code" | "enrol" | "key" | "key_failed" | "user";

/**
 * A step without a secret.
 */
export type UiInAppStep = { "step": "begin" } | { "step": "factor", 
/**
 * Its place in the list.
 */
place: number, } | { "step": "passkey" } | { "step": "enrol" } | { "step": "ask_otherwise" } | { "step": "user", 
/**
 * Its place in the list.
 */
place: number, };

/**
 * Another way to go on.
 */
export type UiInAppWay = { 
/**
 * The words.
 */
label: string, 
/**
 * What it does.
 */
step: UiInAppStep, };

/**
 * A part of the way to servers that is in force.
 */
export type UiInForce = { 
/**
 * `Proxy`.
 */
name: string, 
/**
 * `http://proxy.acme.test:3128`, or what is done without.
 */
value: string, 
/**
 * `From HTTPS_PROXY`; empty where nobody named anything.
 */
by: string, };

/**
 * A security key.
 */
export type UiKey = { 
/**
 * Its id while it is there.
 */
id: string, 
/**
 * `YubiKey 5C NFC`.
 */
name: string, 
/**
 * `Serial 12345678`, or how it is reached.
 */
line: string, 
/**
 * What it told; `null` until it did.
 */
facts: UiKeyFacts | null, 
/**
 * Why it does not tell.
 */
trouble: UiProblem | null, 
/**
 * Its passkeys by site; `null` until they were read.
 */
passkeys: Array<UiKeySite> | null, 
/**
 * Its fingerprints; `null` until they were read.
 */
fingerprints: Array<UiFingerprint> | null, };

/**
 * What is under "Advanced". `null` where the key cannot.
 */
export type UiKeyAdvanced = { 
/**
 * It always asks for PIN or fingerprint.
 */
always_verify: boolean | null, 
/**
 * The shortest PIN now, where it can be made longer.
 */
least_pin: number | null, 
/**
 * A change of the PIN can be forced.
 */
force_pin_change: boolean, 
/**
 * Enterprise attestation is on.
 */
enterprise: boolean | null, 
/**
 * It can be reset from here.
 */
reset: boolean, 
/**
 * Why it cannot be, or what that does.
 */
reset_text: string, };

/**
 * A security key to choose.
 */
export type UiKeyChoice = { 
/**
 * Its id.
 */
id: string, 
/**
 * `YubiKey 5C NFC`.
 */
name: string, 
/**
 * `Serial 12345678`, or how it is reached.
 */
line: string, };

/**
 * What an operation came to.
 */
export type UiKeyEnded = { "result": "done", 
/**
 * With which key.
 */
key: string, 
/**
 * `The PIN is changed.`
 */
text: string, 
/**
 * When: shown for 5 s.
 */
at: number, } | { "result": "failed", 
/**
 * With which key; it may be gone.
 */
key: string, 
/**
 * Why.
 */
problem: UiProblem, };

/**
 * What a key told.
 */
export type UiKeyFacts = { 
/**
 * The rows of the overview.
 */
overview: Array<UiKeyRow>, 
/**
 * What it is, for those who care.
 */
about: Array<UiKeyRow>, 
/**
 * It can be told to blink.
 */
identify: boolean, 
/**
 * Its PIN; `null` where it knows none.
 */
pin: UiKeyPin | null, 
/**
 * Passkeys can be managed; the words of their number.
 */
passkeys: string | null, 
/**
 * The user's name of a passkey can be changed.
 */
rename_passkeys: boolean, 
/**
 * It has a sensor.
 */
fingerprints: boolean, 
/**
 * Where it can be registered as a second factor: signed in to, and not registered yet.
 */
register: Array<UiRegisterAt>, 
/**
 * What protects passkeys and fingerprints is missing: set a PIN first.
 */
pin_first: boolean, 
/**
 * The page "Advanced".
 */
advanced: UiKeyAdvanced, };

/**
 * A page of a key.
 */
export type UiKeyPage = "overview" | "pin" | "passkeys" | "fingerprints" | "advanced";

/**
 * A key's PIN.
 */
export type UiKeyPin = { 
/**
 * How it stands, in a sentence.
 */
text: string, 
/**
 * What the key wants of a new one.
 */
rule: string, 
/**
 * None is set.
 */
unset: boolean, 
/**
 * It can be set or changed now.
 */
open: boolean, };

/**
 * The wizard that empties a key.
 */
export type UiKeyReset = { 
/**
 * `Reset YubiKey 5C NFC`.
 */
title: string, 
/**
 * Where it stands.
 */
step: UiResetStep, 
/**
 * What is lost, one a line.
 */
lost: Array<string>, 
/**
 * What that means.
 */
meaning: string, 
/**
 * What the person ticks.
 */
agree: string, 
/**
 * What to do in this step.
 */
text: string, 
/**
 * What the key is known by when it is plugged in again.
 */
sameness: string, 
/**
 * What went wrong; nothing was erased.
 */
fault: string | null, 
/**
 * It goes no further.
 */
blocked: boolean, 
/**
 * The touch is taken until then.
 */
until: number | null, };

/**
 * A line about a key.
 */
export type UiKeyRow = { 
/**
 * `PIN`.
 */
label: string, 
/**
 * `set, 8 attempts left`.
 */
value: string, 
/**
 * It calls for the person.
 */
caution: boolean, 
/**
 * Words of a button, and the page that it leads to.
 */
action: UiKeyRowAction | null, };

/**
 * A button of such a line.
 */
export type UiKeyRowAction = { 
/**
 * `Change`.
 */
label: string, 
/**
 * Where it leads.
 */
page: UiKeyPage, };

/**
 * What is under way.
 */
export type UiKeyRunning = { 
/**
 * With which key.
 */
key: string, 
/**
 * `Touch your security key`.
 */
title: string, 
/**
 * What for, and what to do.
 */
text: string, 
/**
 * How far it is.
 */
step: UiKeyStep, 
/**
 * When it is given up.
 */
until: number | null, 
/**
 * It may be shown where the person is; a look by itself is not.
 */
quiet: boolean, };

/**
 * A site with its passkeys.
 */
export type UiKeySite = { 
/**
 * Its name on the network.
 */
site: string, 
/**
 * In the key's order.
 */
passkeys: Array<UiPasskey>, };

/**
 * How far an operation is.
 */
export type UiKeyStep = { "step": "working" } | { "step": "pin" } | { "step": "touch" } | { "step": "verify" } | { "step": "sample", 
/**
 * Good ones so far.
 */
good: number, 
/**
 * Of so many.
 */
of: number, };

/**
 * What a PIN opened.
 */
export type UiKeyUnlocked = { 
/**
 * Of which key.
 */
key: string, 
/**
 * Until then.
 */
until: number, };

/**
 * What the window wishes of keys.
 */
export type UiKeyWish = { "wish": "follow" } | { "wish": "rescan" } | { "wish": "system_settings" } | { "wish": "administrator" } | { "wish": "select", key: string, } | { "wish": "look", key: string, } | { "wish": "identify", key: string, } | { "wish": "set_pin", key: string, } | { "wish": "change_pin", key: string, } | { "wish": "unlock", key: string, } | { "wish": "lock" } | { "wish": "cancel" } | { "wish": "dismiss" } | { "wish": "waive_spare", org: string, } | { "wish": "list_passkeys", key: string, } | { "wish": "delete_passkey", key: string, id: string, } | { "wish": "rename_passkey", key: string, id: string, user: string, display: string, } | { "wish": "list_fingerprints", key: string, } | { "wish": "add_fingerprint", key: string, name: string, } | { "wish": "rename_fingerprint", key: string, id: string, name: string, } | { "wish": "delete_fingerprint", key: string, id: string, } | { "wish": "always_verify", key: string, on: boolean, } | { "wish": "least_pin", key: string, characters: number, } | { "wish": "force_pin_change", key: string, } | { "wish": "enterprise", key: string, } | { "wish": "use", key: string, } | { "wish": "register", key: string, org: string, name: string, } | { "wish": "begin_reset", key: string, } | { "wish": "agree_reset" } | { "wish": "end_reset" };

/**
 * The view "Keys".
 */
export type UiKeys = { 
/**
 * The first look has not ended.
 */
looking: boolean, 
/**
 * Keys that are there.
 */
keys: Array<UiKey>, 
/**
 * The id of the one on show.
 */
selected: string | null, 
/**
 * What stands in the place of the list: no key, or none can be looked for.
 */
trouble: UiProblem | null, 
/**
 * What is under way.
 */
running: UiKeyRunning | null, 
/**
 * What the last operation came to.
 */
ended: UiKeyEnded | null, 
/**
 * What a PIN opened.
 */
unlocked: UiKeyUnlocked | null, 
/**
 * A key is being emptied.
 */
reset: UiKeyReset | null, 
/**
 * Where a spare key is missing.
 */
spare: string | null, };

/**
 * What kind of server an organisation is.
 */
export type UiKind = "aws" | "custom" | "sandbox";

/**
 * For how long a profile is kept.
 */
export type UiLasting = { 
/**
 * `Keep it fresh for`.
 */
label: string, 
/**
 * What can be chosen.
 */
choices: Array<UiMinutes>, 
/**
 * What is chosen at first.
 */
usual: number, };

/**
 * A console on its way.
 */
export type UiLaunch = { 
/**
 * Which role.
 */
grant: UiGrant, 
/**
 * How it goes.
 */
launch: UiLaunchState, 
/**
 * For the row and the live region: `Opening...`.
 */
text: string, };

/**
 * How a launch goes.
 */
export type UiLaunchState = { "state": "waiting_for_sign_in" } | { "state": "opening" } | { "state": "opened", 
/**
 * When, epoch milliseconds: show it for 3 s.
 */
at: number, } | { "state": "failed", 
/**
 * When, epoch milliseconds.
 */
at: number, 
/**
 * Why.
 */
problem: UiProblem, };

/**
 * What a left click on the tray's icon does.
 */
export type UiLeftClick = "menu" | "window";

/**
 * A setting that the organisation decided.
 */
export type UiLocked = "autostart" | "keep_running" | "hide_details" | "remove_on_quit" | "refresh_lead" | "default_delivery" | "proxy" | "no_proxy" | "ca_file" | "step_up_minutes" | "step_up_verify";

/**
 * A role that the person marked.
 */
export type UiMarked = { 
/**
 * The account's number.
 */
account: string, 
/**
 * The role.
 */
role: string, };

/**
 * How a person signs in.
 */
export type UiMethod = "browser" | "device_code" | "native";

/**
 * A time to choose.
 */
export type UiMinutes = { 
/**
 * In minutes.
 */
minutes: number, 
/**
 * In words.
 */
label: string, };

/**
 * The way to servers: what is set, and what is in force.
 */
export type UiNetwork = { 
/**
 * The proxy that is set; empty for none.
 */
proxy: string, 
/**
 * Hosts that are reached without it.
 */
no_proxy: string, 
/**
 * The PEM file that is set; empty for none.
 */
ca_file: string, 
/**
 * What is in force.
 */
in_force: Array<UiInForce>, };

/**
 * One organisation.
 */
export type UiOrganisation = { 
/**
 * Our id.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * The start URL.
 */
start_url: string, 
/**
 * Its host, shown beside the name.
 */
host: string, 
/**
 * The region.
 */
region: string, 
/**
 * Its kind.
 */
kind: UiKind, 
/**
 * The colour that a team gave it, by the AWS console's name: `darkBlue`.
 */
colour: string | null, 
/**
 * Who is signed in, where the server tells.
 */
user: string | null, 
/**
 * The sign-in.
 */
sign_in: UiSignIn, 
/**
 * What it takes without a browser.
 */
in_app: UiInAppOffer | null, 
/**
 * Words of the pill without the time left, which the window appends: `Signed in`, `Signed out`.
 */
pill: string, 
/**
 * The banner to show while this organisation is selected.
 */
banner: UiBanner | null, 
/**
 * Why none of its consoles opens now, for the buttons that would.
 */
no_console: string | null, 
/**
 * How the sync goes.
 */
sync: UiSync, 
/**
 * `Loaded 96 of 143 accounts.`, empty when idle.
 */
sync_text: string, 
/**
 * The last complete sync, epoch milliseconds.
 */
synced: number | null, 
/**
 * Accounts listed.
 */
accounts: number, 
/**
 * Accounts whose roles are still loading.
 */
accounts_loading: number, 
/**
 * Changes when the accounts do: fetch [`crate::UiPortal`] again.
 */
portal_revision: string, };

/**
 * What is copied of a role's credentials besides environment variables.
 */
export type UiPart = { "part": "block", 
/**
 * Under this name.
 */
profile: string, } | { "part": "access_key_id" } | { "part": "secret_access_key" } | { "part": "session_token" };

/**
 * A passkey.
 */
export type UiPasskey = { 
/**
 * Its id.
 */
id: string, 
/**
 * The user's name.
 */
user: string, 
/**
 * What the user is shown as; may be empty.
 */
display: string, 
/**
 * When it asks for PIN or fingerprint, in words.
 */
protection: string, 
/**
 * What is asked before it is deleted.
 */
delete_text: string, };

/**
 * A pause of all refreshing.
 */
export type UiPause = { 
/**
 * When it ends by itself, epoch milliseconds.
 */
until: number | null, 
/**
 * `Refreshing is paused until 09:00`.
 */
text: string, };

/**
 * How long a pause lasts.
 */
export type UiPauseFor = "hour" | "tomorrow" | "until_resumed";

/**
 * A file or folder of Latchkey's, for Settings.
 */
export type UiPlace = { 
/**
 * `Logs`.
 */
name: string, 
/**
 * Where.
 */
path: string, 
/**
 * What is in it.
 */
about: string, };

/**
 * What the organisation decided on this computer.
 */
export type UiPolicy = { 
/**
 * Settings that nobody here can change.
 */
locked: Array<UiLocked>, 
/**
 * Rules for environments, before the person's.
 */
rules: Array<UiRule>, 
/**
 * Roles that ask for a touch.
 */
marked: Array<UiMarked>, 
/**
 * Rules by which roles ask for one.
 */
patterns: Array<UiRolePattern>, 
/**
 * Why what is there is not used.
 */
problem: UiProblem | null, };

/**
 * What the portal of one organisation lists.
 */
export type UiPortal = { 
/**
 * Whose.
 */
org: string, 
/**
 * Equal to the organisation's `portal_revision` of the state it was made from.
 */
revision: string, 
/**
 * Accounts, A-Z.
 */
accounts: Array<UiAccount>, 
/**
 * Applications.
 */
apps: UiApps, 
/**
 * What the last sync gained and lost.
 */
changes: Array<UiChange>, };

/**
 * A failure for people: what happened, what it means, what to do.
 */
export type UiProblem = { 
/**
 * What happened.
 */
title: string, 
/**
 * What it means; may be empty.
 */
meaning: string, 
/**
 * What to do next.
 */
next: string, 
/**
 * Buttons; the first is the main one and gets the focus.
 */
buttons: Array<UiButton>, 
/**
 * Technical, for "Details" and "Copy details".
 */
details: string, };

/**
 * One kept profile. Moments in epoch milliseconds.
 */
export type UiProfile = { 
/**
 * The profile's name.
 */
name: string, 
/**
 * Whose credentials.
 */
grant: UiGrant, 
/**
 * The account's name.
 */
account_name: string, 
/**
 * Its environment.
 */
environment: UiEnvironment, 
/**
 * How sensitive the role is.
 */
sensitivity: UiSensitivity, 
/**
 * How its credentials get to programs.
 */
delivery: UiDelivery, 
/**
 * `On demand`, for the table.
 */
delivery_word: string, 
/**
 * When a program asked last.
 */
asked: number | null, 
/**
 * Which.
 */
asked_by: string | null, 
/**
 * The shape.
 */
status: UiStatus, 
/**
 * The word beside it.
 */
status_word: string, 
/**
 * For a chip, before the time left where `expires` is set: `fresh`, `expired`.
 */
chip: string, 
/**
 * When the credentials in the file expire.
 */
expires: number | null, 
/**
 * Their whole lifetime in milliseconds, for the bar.
 */
lifetime: number | null, 
/**
 * When they were written.
 */
written: number | null, 
/**
 * The next refresh.
 */
next_refresh: number | null, 
/**
 * The next try of a failed refresh.
 */
retry: number | null, 
/**
 * Paused by the person.
 */
paused: boolean, 
/**
 * When it ends by itself, where it was kept for a limited time.
 */
until: number | null, 
/**
 * The region written.
 */
region: string | null, 
/**
 * The last four characters of the access key id.
 */
key_tail: string | null, 
/**
 * The file that says how tools get its credentials.
 */
path: string | null, 
/**
 * Who wrote what stands under its name; `null` where nothing does.
 */
writer: UiWriter | null, 
/**
 * Its last refreshes, newest first, at most 5.
 */
refreshes: Array<UiRefresh>, 
/**
 * What is wrong and what to do.
 */
problem: UiProblem | null, 
/**
 * Something worth knowing, no problem.
 */
info: string | null, };

/**
 * What the window for PINs asks. It is made for one question and destroyed with the answer.
 */
export type UiPrompt = { 
/**
 * The number of the question.
 */
number: number, 
/**
 * `Enter the PIN of YubiKey 5C NFC`.
 */
title: string, 
/**
 * What for.
 */
body: string, 
/**
 * `8 attempts left`; empty where the key does not tell.
 */
tries: string, 
/**
 * Why the last answer was none.
 */
wrong: string | null, 
/**
 * The PIN there is is asked for.
 */
old: boolean, 
/**
 * A new one is.
 */
new: boolean, 
/**
 * The shortest new one, in characters.
 */
least: number, 
/**
 * The words of the button.
 */
confirm: string, 
/**
 * Colours.
 */
theme: UiTheme, 
/**
 * Size of the text in percent.
 */
text_size: number, 
/**
 * It is not a PIN that is asked for, but a touch.
 */
touch: UiTouch | null, };

/**
 * The times of quiet hours, local time.
 */
export type UiQuiet = { 
/**
 * From this minute of the day.
 */
from: number, 
/**
 * Until this one, of the next day where it is before `from`.
 */
until: number, 
/**
 * All of Saturday and Sunday too.
 */
weekends: boolean, };

/**
 * What quitting stops, for the window's dialog.
 */
export type UiQuit = { 
/**
 * Heading.
 */
title: string, 
/**
 * What stops.
 */
body: string, 
/**
 * The button that quits.
 */
confirm: string, 
/**
 * False: nothing is kept fresh, quit without asking.
 */
ask: boolean, };

/**
 * Whether Activity is what was written.
 */
export type UiRecord = { 
/**
 * `Record chain intact`, `Checking the record`; the window appends `, checked 2 min ago`.
 */
text: string, 
/**
 * When it was checked, epoch milliseconds.
 */
checked: number | null, 
/**
 * It is being checked.
 */
checking: boolean, 
/**
 * What the check does not cover; empty if that is nothing.
 */
note: string, 
/**
 * It was changed outside, or could not be checked.
 */
problem: UiProblem | null, };

/**
 * What became of one refresh.
 */
export type UiRefresh = { 
/**
 * The number of its line in Activity.
 */
id: number, 
/**
 * When, epoch milliseconds.
 */
at: number, 
/**
 * `refreshed, valid until 14:46`, `failed: The disk is full`; the window has the time before it.
 */
text: string, 
/**
 * It was refreshed.
 */
ok: boolean, };

/**
 * An organisation at which a key can be registered.
 */
export type UiRegisterAt = { 
/**
 * Its id.
 */
org: string, 
/**
 * Its name.
 */
name: string, };

/**
 * The answer.
 */
export type UiReply = { "reply": "done" } | { "reply": "copied", 
/**
 * When they expire, epoch milliseconds.
 */
until: number, } | { "reply": "confirm", 
/**
 * What to ask.
 */
dialog: UiConfirm, } | { "reply": "checked", 
/**
 * What was found.
 */
found: UiDiscovered, } | { "reply": "added", 
/**
 * The organisation's id.
 */
org: string, } | { "reply": "config", 
/**
 * All of it.
 */
import: UiImport, } | { "reply": "conversion", 
/**
 * All of it.
 */
plan: UiConversion, } | { "reply": "browsers", 
/**
 * By name.
 */
browsers: Array<UiBrowser>, } | { "reply": "activity", 
/**
 * Newest first.
 */
lines: Array<UiActivity>, 
/**
 * There are older ones that fit.
 */
more: boolean, 
/**
 * The accounts that Activity names, with the first lines.
 */
accounts: Array<UiActivityAccount> | null, } | { "reply": "entry", 
/**
 * As JSON; empty where the line is gone.
 */
json: string, } | { "reply": "exported", 
/**
 * Where it is.
 */
path: string, 
/**
 * `Saved to /home/sam/Downloads/… Only you can read it.`
 */
text: string, } | { "reply": "fits", 
/**
 * `Matches 14 accounts: a, b, c and 11 more`.
 */
text: string, } | { "reply": "diagnostics", 
/**
 * Lines.
 */
text: string, } | { "reply": "show", 
/**
 * Which, and what of it.
 */
show: UiShow, } | { "reply": "failed", 
/**
 * Why and what to do.
 */
problem: UiProblem, 
/**
 * The field it is about: `start_url`, `region`, `profile` and so on.
 */
field: string | null, };

/**
 * What the window may ask.
 */
export type UiRequest = { "ask": "check_start_url", 
/**
 * As typed.
 */
typed: string, 
/**
 * If it was asked for.
 */
region: string | null, 
/**
 * Custom endpoints.
 */
endpoints: UiEndpoints | null, } | { "ask": "add_organisation", 
/**
 * As typed.
 */
typed: string, 
/**
 * The name to show; `null` takes the one found.
 */
name: string | null, 
/**
 * If it was asked for.
 */
region: string | null, 
/**
 * Custom endpoints.
 */
endpoints: UiEndpoints | null, } | { "ask": "choose_organisation", 
/**
 * Its id.
 */
org: string, } | { "ask": "look_at_config" } | { "ask": "add_from_config" } | { "ask": "plan_conversion", 
/**
 * Their names.
 */
profiles: Array<string>, } | { "ask": "convert", 
/**
 * Their names.
 */
profiles: Array<string>, 
/**
 * The plan's `seen`.
 */
seen: string, } | { "ask": "undo_conversion", 
/**
 * Its number in Activity.
 */
entry: number, } | { "ask": "remove_organisation", 
/**
 * Which.
 */
org: string, } | { "ask": "add_user", 
/**
 * Which.
 */
org: string, } | { "ask": "start_sandbox" } | { "ask": "delete_sandbox" } | { "ask": "sign_in", 
/**
 * Where.
 */
org: string, 
/**
 * `null` lets the engine choose.
 */
method: UiMethod | null, } | { "ask": "in_app", 
/**
 * Where.
 */
org: string, 
/**
 * Which.
 */
step: UiInAppStep, } | { "ask": "open_sign_in_again", 
/**
 * Where.
 */
org: string, } | { "ask": "cancel_sign_in", 
/**
 * Where.
 */
org: string, } | { "ask": "sign_out", 
/**
 * Where.
 */
org: string, } | { "ask": "sync", 
/**
 * Which.
 */
org: string, } | { "ask": "pause_sync", 
/**
 * Which.
 */
org: string, } | { "ask": "open_console", 
/**
 * Which role.
 */
grant: UiGrant, 
/**
 * A service or a console address.
 */
destination: string | null, 
/**
 * The region to land in.
 */
region: string | null, 
/**
 * In a private window.
 */
private?: boolean, 
/**
 * The person confirmed.
 */
confirmed: boolean, } | { "ask": "open_app", 
/**
 * Which.
 */
app: UiAppRef, } | { "ask": "open_portal", 
/**
 * Whose.
 */
org: string, } | { "ask": "copy_environment", 
/**
 * Which role.
 */
grant: UiGrant, 
/**
 * Whose syntax.
 */
shell: UiShell, 
/**
 * The person confirmed.
 */
confirmed: boolean, } | { "ask": "copy_credentials", 
/**
 * Which role.
 */
grant: UiGrant, 
/**
 * Which part.
 */
part: UiPart, 
/**
 * The person confirmed.
 */
confirmed: boolean, } | { "ask": "keep_fresh", 
/**
 * Whose credentials.
 */
grant: UiGrant, 
/**
 * The profile's name.
 */
profile: string, 
/**
 * How they get to programs.
 */
delivery: UiDelivery, 
/**
 * The region to write.
 */
region: string | null, 
/**
 * Replace a foreign profile, with a backup.
 */
replace_foreign: boolean, 
/**
 * The person confirmed.
 */
confirmed: boolean, } | { "ask": "change_delivery", 
/**
 * Which.
 */
profile: string, 
/**
 * How.
 */
delivery: UiDelivery, 
/**
 * Replace what is in the way, with a backup.
 */
replace_foreign: boolean, } | { "ask": "keep_many", 
/**
 * Which.
 */
wanted: Array<UiWanted>, 
/**
 * The person confirmed.
 */
confirmed: boolean, } | { "ask": "stop_keeping", 
/**
 * Which.
 */
profile: string, 
/**
 * Take the keys out of the file.
 */
remove: boolean, } | { "ask": "refresh_profile", 
/**
 * Which.
 */
profile: string, } | { "ask": "refresh_all" } | { "ask": "pause_profile", 
/**
 * Which.
 */
profile: string, 
/**
 * Pause or resume.
 */
paused: boolean, } | { "ask": "take_back", 
/**
 * Which.
 */
profile: string, } | { "ask": "pause", 
/**
 * How long.
 */
lasting: UiPauseFor, } | { "ask": "resume" } | { "ask": "set_favourite", 
/**
 * Which role.
 */
grant: UiGrant, 
/**
 * On or off.
 */
on: boolean, } | { "ask": "set_favourite_app", 
/**
 * Which.
 */
app: UiAppRef, 
/**
 * On or off.
 */
on: boolean, } | { "ask": "move_favourite", 
/**
 * Which role.
 */
grant: UiGrant, 
/**
 * Up, or down.
 */
up: boolean, } | { "ask": "move_favourite_app", 
/**
 * Which.
 */
app: UiAppRef, 
/**
 * Up, or down.
 */
up: boolean, } | { "ask": "set_environment", 
/**
 * Where.
 */
org: string, 
/**
 * Which account.
 */
account: string, 
/**
 * The label.
 */
environment: UiClass | null, } | { "ask": "look_at_browsers" } | { "ask": "set_settings", 
/**
 * All of them.
 */
settings: UiSettings, } | { "ask": "set_network", 
/**
 * `http://proxy.acme.test:3128`.
 */
proxy: string, 
/**
 * Hosts that are reached without it.
 */
no_proxy: string, 
/**
 * A PEM file, by its whole path.
 */
ca_file: string, } | { "ask": "make_file_private" } | { "ask": "undo_file_changes" } | { "ask": "test_notification" } | { "ask": "restart" } | { "ask": "update_later" } | { "ask": "retry_keyring" } | { "ask": "confirmed", 
/**
 * What.
 */
request: UiRequest, 
/**
 * Why, for Activity.
 */
why: string | null, 
/**
 * Not to be asked again for this role for a while.
 */
quiet: boolean, 
/**
 * For how many minutes a profile is kept, where that is limited.
 */
minutes: number | null, } | { "ask": "allow_default", 
/**
 * The account's number.
 */
account: string, 
/**
 * Whether it may.
 */
allowed: boolean, } | { "ask": "try_rule", 
/**
 * What it looks at.
 */
field: UiField, 
/**
 * Its pattern.
 */
pattern: string, } | { "ask": "history", 
/**
 * Which.
 */
filter: UiActivityFilter, 
/**
 * Before this row; `null` for the newest.
 */
before: number | null, 
/**
 * At most so many, up to 500.
 */
limit: number, } | { "ask": "reset_settings" } | { "ask": "diagnostics" } | { "ask": "save_diagnostics" } | { "ask": "show_logs" } | { "ask": "show_file", 
/**
 * Whose.
 */
profile: string, } | { "ask": "activity_entry", 
/**
 * The row's number.
 */
id: number, } | { "ask": "export_activity", 
/**
 * Which.
 */
filter: UiActivityFilter, 
/**
 * How.
 */
format: UiExportFormat, } | { "ask": "check_record" } | { "ask": "clear_history" } | { "ask": "keys", 
/**
 * What.
 */
keys: UiKeyWish, } | { "ask": "step_up", 
/**
 * What.
 */
step_up: UiStepUpWish, } | { "ask": "quit" };

/**
 * A step of the wizard.
 */
export type UiResetStep = "lost" | "unplug" | "plug" | "touch" | "done";

/**
 * One role of one account.
 */
export type UiRole = { 
/**
 * The role's name.
 */
name: string, 
/**
 * How sensitive it is.
 */
sensitivity: UiSensitivity, 
/**
 * Opening a console asks first.
 */
confirm_console: boolean, 
/**
 * Copying keys asks first.
 */
confirm_copy: boolean, 
/**
 * Keeping it fresh asks first.
 */
confirm_keep: boolean, 
/**
 * A profile name to prefill: `payments-dev-poweruser`.
 */
suggested_profile: string, };

/**
 * Roles that fit ask for a touch. Regular expressions.
 */
export type UiRolePattern = { 
/**
 * On the role's name.
 */
role: string, 
/**
 * On the account's name or number; empty for every account.
 */
account: string, };

/**
 * A role among the favourites or the recent ones.
 */
export type UiRoleShortcut = { 
/**
 * Which role.
 */
grant: UiGrant, 
/**
 * The account's name.
 */
account_name: string, 
/**
 * Its environment.
 */
environment: UiEnvironment, 
/**
 * How sensitive the role is.
 */
sensitivity: UiSensitivity, 
/**
 * Opening asks first.
 */
confirm_console: boolean, 
/**
 * False when the portal does not list it any more.
 */
listed: boolean, };

/**
 * Accounts that fit belong to the environment.
 */
export type UiRule = { 
/**
 * What it looks at.
 */
field: UiField, 
/**
 * A regular expression.
 */
pattern: string, 
/**
 * The environment.
 */
environment: UiClass, };

/**
 * Environments, and what they ask for.
 */
export type UiSafety = { 
/**
 * Numbers of accounts in production whose profile may be named `default`.
 */
default_allowed: Array<string>, 
/**
 * The first that fits wins.
 */
rules: Array<UiRule>, 
/**
 * For so many minutes a touch of a security key opens a role.
 */
step_up_minutes: number, 
/**
 * PIN or fingerprint besides the touch.
 */
step_up_verify: boolean, 
/**
 * What a touch opened is closed when the screen is locked.
 */
step_up_lock_ends: boolean, 
/**
 * Roles that ask for a touch besides the privileged ones of production.
 */
step_up_marked: Array<UiMarked>, 
/**
 * Rules by which roles ask for one as if each of them were marked.
 */
step_up_patterns: Array<UiRolePattern>, };

/**
 * A user of the sample organisation.
 */
export type UiSampleUser = { 
/**
 * For people.
 */
display_name: string, 
/**
 * For the sign-in page.
 */
username: string, 
/**
 * For the sign-in page; opens nothing but the sample.
 */
password: string, };

/**
 * The sample organisation's server.
 */
export type UiSandbox = { 
/**
 * Runs.
 */
running: boolean, 
/**
 * Is being started.
 */
starting: boolean, 
/**
 * Sample users.
 */
users: Array<UiSampleUser>, 
/**
 * Lines for the shell.
 */
exports: Array<string>, };

/**
 * What a role may do, as far as its name tells.
 */
export type UiSensitivity = "privileged" | "read_only" | "normal";

/**
 * What a person can set.
 */
export type UiSettings = { 
/**
 * Start with the desktop session.
 */
autostart: boolean, 
/**
 * Closing the window leaves the app running.
 */
keep_running: boolean, 
/**
 * Colours.
 */
theme: UiTheme, 
/**
 * Compact rows.
 */
compact: boolean, 
/**
 * Size of the text in percent, 90 to 150.
 */
text_size: number, 
/**
 * Nothing moves.
 */
reduce_motion: boolean, 
/**
 * `/` goes to the search field.
 */
search_key: boolean, 
/**
 * Notifications at all.
 */
notifications: boolean, 
/**
 * Say only "Latchkey needs you".
 */
hide_details: boolean, 
/**
 * The system's sound for what cannot wait.
 */
sound: boolean, 
/**
 * Quiet at the times that `quiet` says.
 */
quiet_hours: boolean, 
/**
 * On quit, take our credentials out of the file.
 */
remove_on_quit: boolean, 
/**
 * Minutes before the end at which a profile's credentials are replaced, from 10 to 45.
 */
refresh_lead: number, 
/**
 * How a new profile is delivered unless the person says otherwise.
 */
default_delivery: UiDelivery, 
/**
 * The tray's icon and menu.
 */
tray: UiTray, 
/**
 * Which kinds of notification.
 */
told: UiTold, 
/**
 * When it is quiet.
 */
quiet: UiQuiet, 
/**
 * Environments, and what they ask for.
 */
safety: UiSafety, 
/**
 * In which browser an organisation's pages open, by its id; the desktop's own where none is named.
 */
browsers: { [key in string]: UiBrowserChoice }, };

/**
 * The shell whose syntax "Copy environment" uses.
 */
export type UiShell = "posix" | "fish" | "power_shell" | "cmd";

/**
 * A favourite or a recent one, with all that its row shows.
 */
export type UiShortcut = { "kind": "role" } & UiRoleShortcut | { "kind": "app" } & UiAppShortcut;

/**
 * Where to go; the payload of the event `show`.
 */
export type UiShow = { 
/**
 * The view.
 */
view: UiView, 
/**
 * What of it.
 */
target: UiTarget | null, };

/**
 * The sign-in of an organisation. Moments in epoch milliseconds.
 */
export type UiSignIn = { "state": "signed_out", 
/**
 * Why the last try failed.
 */
failure: UiProblem | null, 
/**
 * From when the next one can be begun, in milliseconds since 1970, where there were too many.
 */
wait?: number, } | { "state": "in_progress", 
/**
 * Which way.
 */
method: UiMethod, 
/**
 * Heading.
 */
title: string, 
/**
 * What to do.
 */
body: string, 
/**
 * Since.
 */
started: number, 
/**
 * Waiting ends.
 */
deadline: number, 
/**
 * For [Copy link]; holds no secret.
 */
link: string | null, 
/**
 * The code to compare, `XXXX-XXXX`.
 */
user_code: string | null, 
/**
 * How far a sign-in in the app is.
 */
in_app: UiInApp | null, 
/**
 * What went wrong without ending it: the browser did not open, so the person copies the link.
 */
failure: UiProblem | null, } | { "state": "signed_in", 
/**
 * Since.
 */
since: number, 
/**
 * When the person must sign in again, where known.
 */
ends: number | null, 
/**
 * False: in memory only, gone when the app ends.
 */
stored: boolean, } | { "state": "ended", 
/**
 * When it ended.
 */
at: number, 
/**
 * Heading.
 */
title: string, 
/**
 * What it means.
 */
body: string, 
/**
 * Why the last try to sign in again failed.
 */
failure: UiProblem | null, 
/**
 * From when the next one can be begun, in milliseconds since 1970, where there were too many.
 */
wait?: number, };

/**
 * Everything. Sent when it changed, never each second.
 */
export type UiState = { 
/**
 * When the snapshot was made, epoch milliseconds. Not part of any comparison by the window.
 */
at: number, 
/**
 * False until the stored state was read: show nothing yet.
 */
loaded: boolean, 
/**
 * The first run's cards while there is no organisation.
 */
first_run: UiFirstRun | null, 
/**
 * The AWS config file has profiles that sign in by themselves.
 */
import: UiImportNote | null, 
/**
 * Conversions of that file that can be undone, newest first.
 */
converted: Array<UiConverted>, 
/**
 * Organisations in the order they were added.
 */
organisations: Array<UiOrganisation>, 
/**
 * The id of the one to show; `null` while there is none.
 */
chosen: string | null, 
/**
 * Favourites in the person's order.
 */
favourites: Array<UiShortcut>, 
/**
 * Launched lately, newest first, without favourites, at most 5 for each organisation.
 */
recents: Array<UiShortcut>, 
/**
 * Launches under way or just over.
 */
launches: Array<UiLaunch>, 
/**
 * As `launches`, of applications.
 */
app_launches: Array<UiAppLaunch>, 
/**
 * Kept profiles by name.
 */
profiles: Array<UiProfile>, 
/**
 * `Next refresh 14:31. Sign-in lasts until 17:30, so everything can refresh until then.`
 */
credentials_line: string, 
/**
 * For the navigation's badge: `2 need attention`, empty when none does.
 */
attention: string, 
/**
 * Privileged production profiles that are fresh, and roles that a touch opened.
 */
strips: Array<UiStrip>, 
/**
 * The credentials file.
 */
file: UiFile, 
/**
 * How a profile can be delivered, the usual way first.
 */
deliveries: Array<UiDeliveryChoice>, 
/**
 * A pause of all refreshing.
 */
pause: UiPause | null, 
/**
 * False when the network is thought to be gone.
 */
online: boolean, 
/**
 * There are tray icons on this desktop; where there are none, nothing of them can be set.
 */
tray_host: UiTrayHost | null, 
/**
 * A panel shows our tray icon. Where it is false, nothing in the window speaks of the tray.
 */
tray: boolean, 
/**
 * What goes on after the window is closed, and the way back: for "Keep running in the background".
 */
closed_text: string, 
/**
 * The sign-in lives in memory only, and why.
 */
keyring: UiProblem | null, 
/**
 * The clock is off.
 */
clock: UiProblem | null, 
/**
 * The newest lines of Activity, newest first, at most 50; ask `history` for more.
 */
activity: Array<UiActivity>, 
/**
 * Whether Activity is what was written.
 */
record: UiRecord, 
/**
 * Settings.
 */
settings: UiSettings, 
/**
 * What the organisation decided of them.
 */
policy: UiPolicy, 
/**
 * The way to servers.
 */
network: UiNetwork, 
/**
 * Where Latchkey keeps its files; the app knows.
 */
places: Array<UiPlace>, 
/**
 * Roles launched lately, newest first, favourites among them: for sorting.
 */
used: Array<UiGrant>, 
/**
 * Apps opened lately, newest first, favourites among them: for sorting.
 */
used_apps: Array<UiAppRef>, 
/**
 * Accounts whose consoles are opened often and lately, the most used first.
 */
most_used: Array<UiUsedAccount>, 
/**
 * Apps that are, the most used first.
 */
most_used_apps: Array<UiAppRef>, 
/**
 * Latchkey's own record is not written or was lost; also while there is no organisation.
 */
store_problem: UiProblem | null, 
/**
 * The desktop's autostart entry could not be changed: for the switch.
 */
autostart_problem: UiProblem | null, 
/**
 * A settings file that cannot be read.
 */
settings_problem: UiProblem | null, 
/**
 * The sample organisation, when it runs or starts.
 */
sandbox: UiSandbox | null, 
/**
 * Security keys.
 */
keys: UiKeys, 
/**
 * Touches that roles ask for.
 */
step_up: UiStepUp, 
/**
 * What quitting stops.
 */
quit: UiQuit, };

/**
 * The status of a kept profile: a shape and a word.
 */
export type UiStatus = "checking" | "fresh" | "ready" | "refreshing" | "due_soon" | "retrying" | "paused" | "sign_in_needed" | "expired" | "access_removed" | "conflict" | "not_writable" | "touch_needed";

/**
 * Step-up for Settings, and for what waits.
 */
export type UiStepUp = { 
/**
 * `payments-prod, Administrator`: a touch for it is waited for.
 */
waiting: string | null, 
/**
 * Keys that are known here.
 */
keys: Array<UiStepUpKey>, 
/**
 * Roles that the person marked.
 */
marked: Array<UiStepUpMark>, };

/**
 * A key that is known here.
 */
export type UiStepUpKey = { 
/**
 * Its credential's id.
 */
id: string, 
/**
 * What people call it.
 */
name: string, 
/**
 * `Touched 5 min ago`.
 */
used: string, 
/**
 * It was touched for a role.
 */
touched: boolean, };

/**
 * A role that the person marked.
 */
export type UiStepUpMark = { 
/**
 * The account's number.
 */
account: string, 
/**
 * Its name, where it is known.
 */
account_name: string, 
/**
 * The role.
 */
role: string, };

/**
 * What is wished of step-up.
 */
export type UiStepUpWish = { "wish": "add_key" } | { "wish": "forget_key", 
/**
 * Its credential's id.
 */
id: string, } | { "wish": "mark", 
/**
 * Which.
 */
grant: UiGrant, 
/**
 * Whether it asks.
 */
on: boolean, } | { "wish": "stop", 
/**
 * Which role.
 */
grant: UiGrant, } | { "wish": "show" } | { "wish": "try", 
/**
 * The rule.
 */
pattern: UiRolePattern, };

/**
 * A privileged production profile that is fresh: always visible.
 */
export type UiStrip = { 
/**
 * `pay-admin is active in production`; the window appends `, 48 min left`.
 */
text: string, 
/**
 * When it ends or, if it does not by itself, expires; epoch milliseconds.
 */
expires: number | null, 
/**
 * "Stop now".
 */
button: UiButton, };

/**
 * How the sync of a portal goes.
 */
export type UiSync = { "state": "idle" } | { "state": "running", 
/**
 * Accounts done.
 */
done: number, 
/**
 * Of so many; 0 until known.
 */
total: number, } | { "state": "throttled", 
/**
 * When it goes on, epoch milliseconds.
 */
until: number, 
/**
 * Accounts done.
 */
done: number, 
/**
 * Of so many.
 */
total: number, } | { "state": "paused", 
/**
 * Accounts done.
 */
done: number, 
/**
 * Of so many; 0 until known.
 */
total: number, } | { "state": "failed", 
/**
 * Why.
 */
problem: UiProblem, 
/**
 * When, epoch milliseconds.
 */
at: number, 
/**
 * The next try by itself, epoch milliseconds.
 */
retry: number | null, };

/**
 * What of a view is wanted.
 */
export type UiTarget = { "target": "search", 
/**
 * What stands in it.
 */
query: string, } | { "target": "apps" } | { "target": "profile", 
/**
 * Its name.
 */
name: string, } | { "target": "stop", 
/**
 * Its name.
 */
name: string, } | { "target": "keep" } | { "target": "section", 
/**
 * `general`, `organisations` and so on, as the window calls it.
 */
section: string, } | { "target": "add_organisation", 
/**
 * What stands in it; nothing where it is empty.
 */
start_url: string, };

/**
 * Colours of the window.
 */
export type UiTheme = "system" | "light" | "dark" | "high_contrast_light" | "high_contrast_dark";

/**
 * Which kinds of notification are shown.
 */
export type UiTold = { 
/**
 * A sign-in ends soon.
 */
sign_in_ending: boolean, 
/**
 * A sign-in ended.
 */
sign_in_ended: boolean, 
/**
 * Profiles expired.
 */
expired: boolean, 
/**
 * Refreshing fails and little time is left.
 */
failing: boolean, 
/**
 * A role of a profile is gone.
 */
access_removed: boolean, 
/**
 * Another program changed a profile.
 */
conflict: boolean, 
/**
 * The clock is off.
 */
clock: boolean, 
/**
 * A console could not be opened.
 */
launch_failed: boolean, 
/**
 * A profile that was kept for a limited time ended.
 */
time_over: boolean, 
/**
 * Credentials were copied from the tray.
 */
copied: boolean, 
/**
 * A role or an app was assigned.
 */
new_access: boolean, 
/**
 * A security key has few PIN attempts left.
 */
pin_low: boolean, 
/**
 * Another version of Latchkey was installed.
 */
update_ready: boolean, };

/**
 * A touch that is asked for, in the window for it.
 */
export type UiTouch = { 
/**
 * How far it is.
 */
step: UiTouchStep, 
/**
 * What to do now: `Touch Solo 2 now.`
 */
instruction: string, 
/**
 * Account, role, program.
 */
facts: Array<UiFact>, 
/**
 * Where it is used.
 */
environment: UiEnvironment | null, 
/**
 * It is given up then.
 */
until: number, 
/**
 * The whole of its time, in milliseconds.
 */
lasts: number, 
/**
 * Another key can be asked.
 */
another: boolean, 
/**
 * The words of the button that says yes, where a word is enough.
 */
allow: string | null, 
/**
 * The words of the button that gives it up.
 */
deny: string, 
/**
 * So often the person asked to see it.
 */
raised: number, };

/**
 * How far a touch is.
 */
export type UiTouchStep = "insert" | "working" | "touch" | "word";

/**
 * The tray's icon and menu.
 */
export type UiTray = { 
/**
 * There is an icon.
 */
icon: boolean, 
/**
 * What a left click does.
 */
left_click: UiLeftClick, 
/**
 * The time left beside the icon.
 */
time_beside: boolean, 
/**
 * Favourites in the menu, 0 to 6.
 */
favourites: number, 
/**
 * Recents in the menu, 0 to 3.
 */
recents: number, 
/**
 * Rows of accounts in the menu, 5 to 20.
 */
accounts: number, };

/**
 * What can be set of the tray on this computer.
 */
export type UiTrayHost = { 
/**
 * It tells clicks.
 */
clicks: boolean, 
/**
 * It has room for text beside the icon.
 */
text: boolean, };

/**
 * An account that was used.
 */
export type UiUsedAccount = { 
/**
 * The organisation's id.
 */
org: string, 
/**
 * The account's number.
 */
account: string, };

/**
 * A view of the window.
 */
export type UiView = "portal" | "credentials" | "keys" | "activity" | "settings";

/**
 * One of several profiles to keep fresh together.
 */
export type UiWanted = { 
/**
 * Whose credentials.
 */
grant: UiGrant, 
/**
 * Under which name.
 */
profile: string, 
/**
 * The region to write.
 */
region: string | null, };

/**
 * Who wrote a profile.
 */
export type UiWriter = { 
/**
 * Latchkey itself.
 */
ours: boolean, 
/**
 * `Latchkey`, `Another program`.
 */
name: string, 
/**
 * When we wrote it, or noticed that another did; epoch milliseconds.
 */
at: number | null, };

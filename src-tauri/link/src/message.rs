//! What is said. Unknown members are ignored, so that a version can grow members; a change of meaning
//! takes a new [`PROTOCOL`].

use crate::told::{
    Confirm, Credentials, Line, Listing, Lowered, Overview, Problem, SignInWaits, Team, TouchWaits,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The version of this protocol.
pub const PROTOCOL: u32 = 1;

/// The first frame of each side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`] of the sender.
    pub protocol: u32,
    /// The program's name, such as `latchkey`.
    pub program: String,
    /// The program's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
}

impl Hello {
    /// Of this process.
    #[must_use]
    pub fn of(program: &str, version: &str) -> Self {
        Self {
            protocol: PROTOCOL,
            program: program.to_owned(),
            version: version.to_owned(),
            pid: std::process::id(),
        }
    }
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// Is an engine there, and which? Answered by [`Reply::Status`].
    Status,
    /// Show the window. Answered by [`Reply::Done`].
    ShowWindow,
    /// Start the sample organisation and bring up the window; answered as [`Request::ShowWindow`] is.
    ShowSandbox,
    /// Give up the engine's lock, because the app wants to be the engine. Answered by
    /// [`Reply::HandOver`].
    HandOver,
    /// Credentials for a program. Answered by [`Reply::Credentials`] or [`Reply::Confirm`]; waits for a
    /// renewal or, where that is allowed, for the person's sign-in.
    Credentials {
        /// Whose.
        of: Wanted,
        /// Whether the browser may be opened for a sign-in that has ended.
        sign_in: bool,
        /// The person confirmed what has to be confirmed.
        confirmed: bool,
    },
    /// As [`Request::Credentials`], then those of a role that is assumed with them. A request of its own: an
    /// engine that does not know it must not hand out the first ones instead.
    Assume {
        /// Whose credentials assume it.
        of: Wanted,
        /// Which role, and how.
        assume: Assume,
        /// As in [`Request::Credentials`].
        sign_in: bool,
        /// As in [`Request::Credentials`].
        confirmed: bool,
    },
    /// Check a start URL and add its organisation. Answered by [`Reply::Added`], also when it is there
    /// already.
    AddOrganisation {
        /// As typed: a URL, or the name before `.awsapps.com`.
        typed: String,
        /// The region, where the server does not tell.
        region: Option<String>,
        /// Where the services of a server of one's own answer.
        endpoints: Option<Endpoints>,
        /// The name to show; without it the one that is found.
        #[serde(default)]
        name: Option<String>,
    },
    /// Organisations and profiles as they stand. Answered by [`Reply::Overview`].
    Overview,
    /// Ask an organisation's server for its list anew. Answered by [`Reply::Done`] when it is complete.
    Sync {
        /// Its id.
        org: String,
    },
    /// What is shared with a team, or was taken over from one. Answered by [`Reply::Team`].
    Team,
    /// Which accounts would be asked about less with a team's rules. Answered by [`Reply::Lowered`].
    Lowered {
        /// Field, pattern, environment.
        rules: Vec<[String; 3]>,
    },
    /// Take over what a team shares. Answered by [`Reply::Done`].
    AdoptTeam(Team),
    /// Remember the template by which profiles are named. Answered by [`Reply::Done`].
    SetNaming {
        /// The template; `None` for the usual one.
        template: Option<String>,
    },
    /// Every role and application that the organisations list. Answered by [`Reply::Listing`].
    List,
    /// Begin to sign in to an organisation. Answered by [`Reply::SignInWaits`] when the browser has the
    /// word, by [`Reply::Done`] when the sign-in stands already.
    SignIn {
        /// Its id, from the overview.
        org: String,
        /// With a code to compare, for a browser on another machine.
        code: bool,
    },
    /// Wait until the sign-in under way has ended. Answered by [`Reply::Done`] or [`Reply::Failed`].
    AwaitSignIn {
        /// Its id.
        org: String,
    },
    /// Sign out. Answered by [`Reply::Done`].
    SignOut {
        /// Its id.
        org: String,
    },
    /// Open a role's console in the default browser. Answered by [`Reply::Done`] when it is open, or by
    /// [`Reply::Confirm`].
    OpenConsole {
        /// Which role.
        role: Role,
        /// A service or a console address to land on.
        destination: Option<String>,
        /// The region to land in.
        region: Option<String>,
        /// The person confirmed what has to be confirmed.
        confirmed: bool,
    },
    /// Open an application in the default browser. Answered by [`Reply::Done`].
    OpenApp {
        /// Its organisation's id.
        org: String,
        /// Its id.
        app: String,
    },
    /// As the request within; but where it waits for a touch of a security key, that is told at once
    /// ([`Reply::TouchWaits`]), and [`Request::AwaitTouch`] brings its answer.
    TellOfTouch {
        /// Which.
        request: Box<Request>,
    },
    /// As [`Request::Credentials`] or [`Request::Assume`] within; but what the person has to confirm is asked in
    /// Latchkey's window, since nobody can be asked where this runs. Not answered by [`Reply::Confirm`].
    AskInWindow {
        /// Which.
        request: Box<Request>,
    },
    /// The answer of a request that waits for a touch. Once.
    AwaitTouch {
        /// Which, from [`Reply::TouchWaits`].
        id: u64,
    },
    /// The newest lines of Activity. Answered by [`Reply::History`].
    History {
        /// At most so many.
        limit: u32,
    },
}

/// Where the services of an organisation answer, for a server that is not AWS's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// SSO-OIDC.
    pub oidc: String,
    /// The portal API.
    pub portal: String,
    /// The federation endpoint.
    pub federation: String,
    /// STS.
    pub sts: String,
}

/// Whose credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Those of a profile: one that Latchkey keeps, or one with SSO settings in the AWS config file.
    Profile(String),
    /// Those of a role.
    Role(Role),
}

/// A role that is assumed (STS API, AssumeRole).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assume {
    /// `arn:aws:iam::111122223333:role/Deploy`.
    pub role_arn: String,
    /// What the session is called; else as the person is.
    pub session_name: Option<String>,
    /// What the role's owner demands.
    pub external_id: Option<String>,
    /// Its life in seconds; else as STS has it.
    pub seconds: Option<u32>,
    /// Session tags.
    pub tags: BTreeMap<String, String>,
    /// The keys of those that go on to the next role.
    pub transitive: BTreeSet<String>,
}

/// One role in one account of one organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The organisation's id.
    pub org: String,
    /// The account's number, twelve digits.
    pub account: String,
    /// The role's name.
    pub role: String,
}

/// What the engine answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "content", rename_all = "snake_case")]
pub enum Reply {
    /// To [`Request::Status`].
    Status(Status),
    /// It was done.
    Done,
    /// To [`Request::HandOver`].
    HandOver(HandOver),
    /// To [`Request::Credentials`].
    Credentials(Credentials),
    /// To [`Request::AddOrganisation`]: the organisation's id.
    Added(String),
    /// To [`Request::Overview`].
    Overview(Overview),
    /// To [`Request::List`].
    Listing(Listing),
    /// To [`Request::Team`].
    Team(Team),
    /// To [`Request::Lowered`].
    Lowered(Vec<Lowered>),
    /// To [`Request::SignIn`].
    SignInWaits(SignInWaits),
    /// To [`Request::TellOfTouch`]: a touch is waited for, or that the person allows it.
    TouchWaits(TouchWaits),
    /// To [`Request::History`].
    History(Vec<Line>),
    /// The person has to confirm first; ask again with `confirmed`.
    Confirm(Confirm),
    /// It went wrong, in the words for people.
    Failed(Problem),
    /// It was not done.
    Refused(Refusal),
}

/// The engine's own account of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The program's name.
    pub program: String,
    /// The program's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
}

/// The answer to a request for the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lock", rename_all = "snake_case")]
pub enum HandOver {
    /// The lock is given up as soon as this answer is sent.
    Accepted,
    /// Something must be finished first, such as a sign-in: ask again.
    Busy,
}

/// Why a request was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The engine does not know this request.
    UnknownRequest,
    /// It cannot be done by this program, for instance one without a window.
    Impossible,
    /// The engine is about to end; the next one does it.
    Ending,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownRequest => "it does not know this request",
            Self::Impossible => "the running program cannot do this",
            Self::Ending => "the running program is about to end",
        })
    }
}

//! Where a request came from, for the audit trail. It travels with the request's task instead of through every
//! operation, so that no event can be without it.

use tokio::task_local;

/// What an event says about a request's origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// An IP address, or the name of this program for what it does by itself.
    pub source_ip: String,
    /// As the client sent it, shortened.
    pub user_agent: Option<String>,
}

/// A user agent's length in an event; AWS's own is longer than any browser's.
const LONGEST_USER_AGENT: usize = 1000;

task_local! {
    static CURRENT: Origin;
}

impl Origin {
    /// What this program does by itself.
    pub fn own() -> Self {
        Self { source_ip: "latchkey-server".to_owned(), user_agent: None }
    }

    /// A request of this client.
    pub fn of(source_ip: String, user_agent: Option<&str>) -> Self {
        let user_agent = user_agent.map(|text| text.chars().take(LONGEST_USER_AGENT).collect());
        Self { source_ip, user_agent }
    }

    /// That of the request being answered.
    pub fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_else(|_| Self::own())
    }

    /// Answers a request that came from here.
    pub async fn around<F: Future>(self, answer: F) -> F::Output {
        CURRENT.scope(self, answer).await
    }

    /// The same for work on a thread of its own.
    pub fn around_blocking<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }
}

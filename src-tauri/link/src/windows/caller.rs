//! Which program asks, for the record.

/// The program behind a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Its name; not looked for here.
    pub program: Option<String>,
    /// Its process id; 0 where the system does not tell.
    pub pid: u32,
    /// Where its file is; not looked for here.
    pub path: Option<String>,
}

impl Caller {
    /// The process of that id.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        Self { program: None, pid, path: None }
    }
}

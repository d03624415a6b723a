//! How much a role may do, as far as its name tells (ux.md, 5.1). The app reads names in the same way.

/// Words in names of roles that can break things.
const PRIVILEGED: [&str; 6] = ["admin", "poweruser", "owner", "root", "super", "billing"];
/// Words in names of roles that only look.
const READ_ONLY: [&str; 3] = ["read", "view", "audit"];

/// Whether a role of this name can break things. The stricter reading wins.
pub fn is_privileged(role: &str) -> bool {
    let role = role.to_lowercase();
    let after = |word: &str| role.find(word).map(|at| &role[at + word.len()..]);
    // `break.?glass`: at most one character between the two.
    let breaks_glass = role.match_indices("break").any(|(at, word)| {
        let rest = &role[at + word.len()..];
        let mut later = rest.chars();
        later.next();
        rest.starts_with("glass") || later.as_str().starts_with("glass")
    });
    PRIVILEGED.iter().any(|word| role.contains(word))
        || breaks_glass
        || after("security").is_some_and(|rest| rest.contains("write"))
}

/// Whether a role of this name only looks.
pub fn is_read_only(role: &str) -> bool {
    let lower = role.to_lowercase();
    !is_privileged(role) && READ_ONLY.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_how_much_a_role_may_do() {
        for role in [
            "Administrator",
            "AWSAdministratorAccess",
            "PowerUser",
            "account-owner",
            "Billing",
            "BreakGlass",
            "break-glass",
            "SuperUser",
            "SecurityTeamWrite",
            "AdminReadOnly",
        ] {
            assert!(is_privileged(role) && !is_read_only(role), "{role}");
        }
        for role in ["ReadOnly", "ViewOnlyAccess", "SecurityAudit"] {
            assert!(!is_privileged(role) && is_read_only(role), "{role}");
        }
        for role in ["Developer", "Incident15", "break the glass", "WriteSecurity"] {
            assert!(!is_privileged(role) && !is_read_only(role), "{role}");
        }
    }
}

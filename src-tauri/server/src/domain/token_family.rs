//! The tokens that grew from one approval: one access token at a time and a chain of refresh tokens, each
//! replacing the one before (RFC 9700 §4.14.2).

use jiff::{SignedDuration, Timestamp};

/// The longest an access token with scopes lives (AWS SDKs reference, SSO credentials).
const ACCESS_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// For how long the refresh token before the newest is still taken though the newest generation is in use: two
/// programs that share one may refresh at the same moment.
const RACE_GRACE: SignedDuration = SignedDuration::from_secs(60);

/// What a presented refresh token leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// It is the newest: the next generation begins.
    Rotate,
    /// It is the one before the newest, and the answer with the newest may have been lost: hand out another token
    /// of this generation.
    Reissue,
    /// Its successor arrived where it should: somebody holds a copy, the family ends.
    Reused,
}

/// The newest generation of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    /// Its place in the chain.
    pub generation: i64,
    /// When it began; `None` for the first, which no refresh began.
    pub began: Option<Timestamp>,
    /// Whether a token of it was ever presented. Until then nobody can say that its answer arrived: a machine
    /// may sleep, or its network be gone, for hours between asking and asking again.
    pub seen: bool,
}

/// Judges a refresh token by its generation.
pub fn judge_refresh(generation: i64, newest: Newest, now: Timestamp) -> Refresh {
    let previous = generation + 1 == newest.generation;
    let recent = newest.began.is_some_and(|moment| now.duration_since(moment) <= RACE_GRACE);
    if generation == newest.generation {
        Refresh::Rotate
    } else if previous && (recent || !newest.seen) {
        Refresh::Reissue
    } else {
        Refresh::Reused
    }
}

/// When an access token issued now ends. With scopes: after an hour at most and never after the session; a
/// registration without scopes gets the whole session and no refresh token (AWS SDKs reference, SSO
/// credentials).
pub fn access_token_ends(scopes: &[String], session_ends: Timestamp, now: Timestamp) -> Timestamp {
    if scopes.is_empty() {
        return session_ends;
    }
    now.checked_add(ACCESS_TOKEN_LIFETIME).unwrap_or(session_ends).min(session_ends)
}

/// Whether tokens with these scopes come with a refresh token.
pub fn is_refreshable(scopes: &[String]) -> bool {
    scopes.iter().any(|scope| scope == ACCOUNT_ACCESS)
}

/// Whether tokens with these scopes may call the portal. No scopes is the legacy registration, which may.
pub fn may_use_portal(scopes: &[String]) -> bool {
    scopes.is_empty() || is_refreshable(scopes)
}

/// The scope of the portal and of refresh tokens.
pub const ACCOUNT_ACCESS: &str = "sso:account:access";

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    #[test]
    fn refresh_tokens_are_judged_by_generation() {
        let family = |generation, seen| Newest { generation, began: Some(at(0)), seen };
        assert_eq!(judge_refresh(3, family(3, true), at(5000)), Refresh::Rotate);
        assert_eq!(
            judge_refresh(0, Newest { generation: 0, began: None, seen: false }, at(0)),
            Refresh::Rotate
        );
        assert_eq!(judge_refresh(2, family(3, true), at(60)), Refresh::Reissue, "two at the same moment");
        assert_eq!(judge_refresh(2, family(3, true), at(61)), Refresh::Reused);
        assert_eq!(judge_refresh(2, family(3, false), at(61)), Refresh::Reissue, "the answer was lost");
        assert_eq!(judge_refresh(1, family(3, false), at(1)), Refresh::Reused);
    }

    #[test]
    fn access_tokens_end_with_the_session() {
        let scoped = [ACCOUNT_ACCESS.to_owned()];
        assert_eq!(access_token_ends(&scoped, at(8 * 3600), at(0)), at(3600));
        assert_eq!(access_token_ends(&scoped, at(960), at(0)), at(960));
        assert_eq!(access_token_ends(&[], at(8 * 3600), at(0)), at(8 * 3600));
        assert!(!is_refreshable(&[]));
        assert!(may_use_portal(&[]));
        assert!(!may_use_portal(&["openid".to_owned()]));
    }
}

//! Authenticator apps (RFC 6238): six digits, 30 seconds, SHA-1, as every app knows them.

use jiff::Timestamp;
use qrcode::{QrCode, render::svg};
use totp_rs::{Builder, Secret, Totp, TotpError};

/// Seconds for which an app shows one code.
const STEP: i64 = 30;
/// How far an app's clock may be off, next to what is known of it, in steps.
const SKEW: i64 = 1;
/// How far off a clock may come to be, one step after another.
const MOST_DRIFT: i64 = 10;
/// 160 bits, as RFC 4226 §4 recommends.
pub const SECRET_LENGTH: usize = 20;

/// A code that was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Its time step; no code of this or an earlier one is taken again.
    pub step: i64,
    /// By how many steps the app's clock is ahead of ours.
    pub drift: i64,
}

/// Whether a code is right now, and later than the last one that was taken. A clock that is a step off is
/// forgiven and remembered (RFC 6238 §6).
pub fn check(secret: &[u8], code: &str, now: Timestamp, last_step: Option<i64>, drift: i64) -> Option<Taken> {
    let totp = Builder::new().with_secret(secret.to_vec()).with_skew(0).build().ok()?;
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let here = now.as_second().div_euclid(STEP);
    let center = here + drift;
    (center - SKEW..=center + SKEW)
        .filter(|step| last_step.is_none_or(|last| *step > last))
        .filter(|step| (step - here).abs() <= MOST_DRIFT)
        .find(|step| u64::try_from(step * STEP).is_ok_and(|seconds| totp.check(&digits, seconds).is_some()))
        .map(|step| Taken { step, drift: step - here })
}

/// How an app gets to know its secret.
#[derive(Debug)]
pub struct Invitation {
    /// The secret in groups of four letters, for typing.
    pub typed: String,
    /// `otpauth://…`, for a device whose app opens such links.
    pub link: String,
    /// The same as a QR code: an SVG element without script or style.
    pub picture: String,
}

/// Makes an invitation; colons, which the format reserves, are taken out of names.
///
/// # Errors
/// The library's, for names it cannot write.
pub fn invitation(secret: &[u8], issuer: &str, account: &str) -> Result<Invitation, TotpError> {
    let plain = |name: &str| name.replace(':', " ");
    let totp: Totp = Builder::new()
        .with_secret(secret.to_vec())
        .with_issuer(Some(plain(issuer)))
        .with_account_name(plain(account))
        .build()?;
    let link = totp.to_url()?;
    let letters: Vec<char> = Secret::from(secret.to_vec()).to_base32().chars().collect();
    let typed: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(Invitation { typed: typed.join(" "), picture: picture(&link), link })
}

/// Empty if the text is too long for a code; the secret can be typed then.
fn picture(text: &str) -> String {
    let Ok(code) = QrCode::new(text) else { return String::new() };
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(200, 200)
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .build();
    // A page takes the element, not the declaration before it.
    drawn.find("<svg").map(|at| drawn[at..].to_owned()).unwrap_or_default()
}

/// The code an app shows at a moment.
#[cfg(test)]
pub fn code(secret: &[u8], at: Timestamp) -> String {
    let totp = Builder::new().with_secret(secret.to_vec()).build().expect("a secret of our length");
    totp.generate(u64::try_from(at.as_second()).expect("after 1970")).to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    /// RFC 6238, appendix B.
    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn codes_are_the_ones_of_the_rfc() {
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert!(check(SECRET, code, at(seconds), None, 0).is_some(), "{seconds}");
            assert_eq!(check(SECRET, "000000", at(seconds), None, 0), None);
        }
        assert!(check(SECRET, " 287 082 ", at(59), None, 0).is_some(), "as people copy it");
        for bad in ["", "28708", "2870822", "28708x", "٢٨٧٠٨٢"] {
            assert_eq!(check(SECRET, bad, at(59), None, 0), None, "{bad}");
        }
    }

    #[test]
    fn a_code_is_taken_once_and_no_older_one_after_it() {
        let now = at(1_800_000_000);
        let shown = code(SECRET, now);
        let taken = check(SECRET, &shown, now, None, 0).unwrap();
        assert_eq!(check(SECRET, &shown, now, Some(taken.step), taken.drift), None);
        let before = code(SECRET, at(1_800_000_000 - 30));
        assert!(check(SECRET, &before, now, None, 0).is_some());
        assert_eq!(check(SECRET, &before, now, Some(taken.step), 0), None);
        let next = at(1_800_000_030);
        assert!(check(SECRET, &code(SECRET, next), next, Some(taken.step), 0).is_some());
    }

    #[test]
    fn a_clock_that_is_off_is_followed_step_by_step_but_not_for_ever() {
        let now = at(1_800_000_000);
        let ahead = |steps: i64| code(SECRET, at(1_800_000_000 + 30 * steps));
        assert_eq!(check(SECRET, &ahead(2), now, None, 0), None);
        let one = check(SECRET, &ahead(1), now, None, 0).unwrap();
        assert_eq!(one.drift, 1);
        assert_eq!(check(SECRET, &ahead(2), now, Some(one.step), one.drift).unwrap().drift, 2);
        assert_eq!(check(SECRET, &ahead(-1), now, None, 0).unwrap().drift, -1);
        assert!(check(SECRET, &ahead(10), now, None, 9).is_some());
        assert_eq!(check(SECRET, &ahead(11), now, None, 10), None);
    }

    #[test]
    fn an_invitation_is_what_apps_read() {
        let invitation = invitation(SECRET, "Acme: Test", "sam").unwrap();
        assert!(invitation.link.starts_with("otpauth://totp/Acme"), "{}", invitation.link);
        assert!(invitation.link.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{}", invitation.link);
        assert_eq!(invitation.typed, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let picture = invitation.picture;
        assert!(picture.starts_with("<svg") && !picture.contains("style") && !picture.contains("<script"));
    }
}

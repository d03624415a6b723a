//! `latch env`: lines that a shell takes. Every value is quoted by that shell's own rules.

use super::keys;
use crate::{
    access::Access,
    args::{Named, Shell},
    find::Stop,
    out,
};
use link::{Caller, Credentials};
use zeroize::Zeroizing;

/// Variables that would lead a tool past these keys: SDKs that see a profile's name do not look at keys in
/// the environment.
pub const IN_THE_WAY: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

/// `latch env`.
pub fn environment(access: &mut Access, whose: &Named, shell: Option<Shell>, json: bool) -> Result<u8, Stop> {
    let keys = keys::named(access, whose)?;
    let variables = variables(&keys);
    let text = if json {
        let map: serde_json::Map<_, _> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        Zeroizing::new(format!("{}\n", serde_json::Value::Object(map)))
    } else {
        lines(&variables, shell.unwrap_or_else(ours)).ok_or_else(|| {
            let next = "Use another shell, or latch exec.";
            Stop::new("failed", "cmd.exe has no way to write these values", next)
        })?
    };
    if !out::secret(&text) {
        return Ok(crate::exit::FAILED);
    }
    if !json && out::is_seen() {
        out::tell("These lines do nothing by themselves: eval \"$(latch env NAME)\"");
    }
    Ok(0)
}

/// What AWS's tools read (AWS SDKs and Tools reference, "Environment variables").
pub fn variables(keys: &Credentials) -> [(&'static str, &str); 6] {
    [
        ("AWS_ACCESS_KEY_ID", keys.access_key_id.expose()),
        ("AWS_SECRET_ACCESS_KEY", keys.secret_access_key.expose()),
        ("AWS_SESSION_TOKEN", keys.session_token.expose()),
        ("AWS_CREDENTIAL_EXPIRATION", &keys.expires),
        ("AWS_REGION", &keys.region),
        ("AWS_DEFAULT_REGION", &keys.region),
    ]
}

/// The shell that `latch` was started from.
fn ours() -> Shell {
    let started_from = Caller::of(std::process::id()).program.unwrap_or_default();
    let login = std::env::var("SHELL").unwrap_or_default();
    for name in [started_from.as_str(), login.rsplit('/').next().unwrap_or_default()] {
        match name {
            "fish" => return Shell::Fish,
            "zsh" => return Shell::Zsh,
            "pwsh" | "powershell" | "powershell.exe" | "pwsh.exe" => return Shell::Power,
            "cmd.exe" => return Shell::Cmd,
            "bash" | "sh" | "dash" | "ksh" => return Shell::Bash,
            _ => {}
        }
    }
    if cfg!(windows) { Shell::Power } else { Shell::Bash }
}

/// The lines; `None` when the shell cannot be told such a value.
fn lines(variables: &[(&str, &str)], shell: Shell) -> Option<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(16 * 1024));
    for name in IN_THE_WAY {
        let line = match shell {
            Shell::Bash | Shell::Zsh => format!("unset {name}\n"),
            Shell::Fish => format!("set -e {name}\n"),
            Shell::Power => format!("Remove-Item Env:{name} -ErrorAction SilentlyContinue\n"),
            Shell::Cmd => format!("set \"{name}=\"\r\n"),
        };
        text.push_str(&line);
    }
    for (name, value) in variables {
        let value = quoted(value, shell)?;
        let parts: [&str; 4] = match shell {
            Shell::Bash | Shell::Zsh => ["export ", name, "=", &value],
            Shell::Fish => ["set -gx ", name, " ", &value],
            Shell::Power => ["$Env:", name, " = ", &value],
            Shell::Cmd => ["set \"", name, "=", &value],
        };
        parts.iter().for_each(|part| text.push_str(part));
        text.push_str(if shell == Shell::Cmd { "\"\r\n" } else { "\n" });
    }
    Some(text)
}

/// A value so that the shell takes it as it is.
fn quoted(value: &str, shell: Shell) -> Option<Zeroizing<String>> {
    let within = |quote: &str, escapes: &[(char, &str)]| {
        let mut text = Zeroizing::new(String::with_capacity(value.len() * 2 + 2));
        text.push_str(quote);
        for letter in value.chars() {
            match escapes.iter().find(|(from, _)| *from == letter) {
                Some((_, to)) => text.push_str(to),
                None => text.push(letter),
            }
        }
        text.push_str(quote);
        text
    };
    if value.contains('\0') {
        return None;
    }
    match shell {
        Shell::Bash | Shell::Zsh => Some(within("'", &[('\'', r"'\''")])),
        Shell::Fish => Some(within("'", &[('\'', r"\'"), ('\\', r"\\")])),
        // PowerShell takes typographic quotes for quotes too.
        Shell::Power => Some(within(
            "'",
            &[
                ('\'', "''"),
                ('\u{2018}', "\u{2018}\u{2018}"),
                ('\u{2019}', "\u{2019}\u{2019}"),
                ('\u{201a}', "\u{201a}\u{201a}"),
                ('\u{201b}', "\u{201b}\u{201b}"),
            ],
        )),
        // `set "A=b"` takes all but these.
        Shell::Cmd => (!value.contains(['"', '%', '!', '\r', '\n'])).then(|| within("", &[])),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use std::process::Command;

    const HARD: &str = "a'b\"c $HOME `id` $(id) \\ \\' !! %PATH% *?\nsecond\tline ü € 𝄞 \u{2019} ; & | > x #";

    /// What a real shell makes of it. A shell that is not there is named by the test that misses it.
    fn through(shell: Shell, program: &str, args: &[&str], print: &str) {
        let lines = lines(&[("LATCH_TRY", HARD)], shell).unwrap();
        let script = format!("{}{print}", lines.as_str());
        let output = Command::new(program).args(args).arg(&script).env("AWS_PROFILE", "x").output();
        let output = output.unwrap_or_else(|error| panic!("{program} is needed: {error}"));
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said, HARD, "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn real_shells_take_every_value_as_it_is() {
        through(Shell::Bash, "bash", &["--norc", "-c"], "printf %s \"$LATCH_TRY${AWS_PROFILE-}\"");
        through(Shell::Bash, "dash", &["-c"], "printf %s \"$LATCH_TRY${AWS_PROFILE-}\"");
        through(Shell::Zsh, "zsh", &["-f", "-c"], "printf %s \"$LATCH_TRY${AWS_PROFILE-}\"");
        through(Shell::Fish, "fish", &["--no-config", "-c"], "printf %s \"$LATCH_TRY$AWS_PROFILE\"");
    }

    #[test]
    fn cmd_is_told_only_what_it_takes() {
        let text = lines(&[("A", "x/y+z=")], Shell::Cmd).unwrap();
        assert!(text.ends_with("set \"A=x/y+z=\"\r\n"), "{}", text.as_str());
        for bad in ["a\"b", "a%b", "a\nb", "a!b"] {
            assert!(lines(&[("A", bad)], Shell::Cmd).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn power_shell_doubles_every_kind_of_quote() {
        let text = lines(&[("A", "it's $x \u{2019}")], Shell::Power).unwrap();
        assert!(text.ends_with("$Env:A = 'it''s $x \u{2019}\u{2019}'\n"), "{}", text.as_str());
    }
}

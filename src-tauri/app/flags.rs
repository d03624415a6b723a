//! The app's few flags. Parsed by hand: a desktop app is started by a launcher, not typed.

/// What the app was started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--hidden`: from autostart; no window, unless there is no tray to open one from.
    pub hidden: bool,
    /// `--window`: open the window, whatever there is to show.
    pub window: bool,
    /// `--sandbox`: start the sample organisation and show it.
    pub sandbox: bool,
    /// `latchkey://portal`: a link of ours that was opened somewhere. What it says is anybody's.
    pub link: Option<String>,
    /// `--after PROCESS`: what "Restart as administrator" starts waits until that process is gone.
    pub after: Option<u32>,
    /// `--version`: say it and end.
    pub version: bool,
    /// `--help`: say how to start it and end.
    pub help: bool,
}

/// What links of ours begin with.
const LINK: &str = "latchkey:";

/// What `--help` prints.
pub const HELP: &str = "Usage: latchkey [--hidden | --window] [--sandbox] [LINK]

  --hidden    start in the tray without a window (used at sign-in to the desktop)
  --window    open the window
  --sandbox   start the sample organisation, which needs no account and no internet
  LINK        latchkey://portal, apps, credentials, keys, activity, settings or add: opens that view
  --version   print the version

LATCHKEY_HOME=DIR keeps everything in DIR. A second start shows the window of the first.
";

impl Flags {
    /// Reads the arguments after the program's name; the first one that is not known is the error.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut flags = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--hidden" => flags.hidden = true,
                "--window" => flags.window = true,
                "--sandbox" => flags.sandbox = true,
                "--version" | "-V" => flags.version = true,
                "--help" | "-h" => flags.help = true,
                keys::system::AFTER => {
                    let process = arguments.next().and_then(|process| process.parse().ok());
                    flags.after = Some(process.ok_or(argument)?);
                }
                link if link.starts_with(LINK) => flags.link = Some(argument),
                _ => return Err(argument),
            }
        }
        Ok(flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Flags, String> {
        Flags::parse(arguments.iter().map(|&a| a.to_owned()))
    }

    #[test]
    fn known_flags_are_taken_and_others_named() {
        assert_eq!(parse(&[]), Ok(Flags::default()));
        assert_eq!(
            parse(&["--hidden", "--sandbox"]),
            Ok(Flags { hidden: true, sandbox: true, ..Flags::default() })
        );
        assert_eq!(parse(&["--hidden", "--hide"]), Err("--hide".to_owned()));
        assert_eq!(parse(&["--window"]), Ok(Flags { window: true, ..Flags::default() }));
        assert_eq!(parse(&["--after", "42"]), Ok(Flags { after: Some(42), ..Flags::default() }));
        let link = Some("latchkey://portal".to_owned());
        assert_eq!(parse(&["latchkey://portal"]), Ok(Flags { link, ..Flags::default() }));
        assert_eq!(parse(&["https://portal"]), Err("https://portal".to_owned()));
        assert_eq!(parse(&["--after"]), Err("--after".to_owned()));
        assert_eq!(parse(&["--after", "me"]), Err("--after".to_owned()));
    }
}

//! The two files, what stands beside them, and the programs that profiles name.

use super::{Finding, Places, Repair, What};
use aws_files::{ConfigFile, FileError, managed::ListedProfile, repair};
use std::{
    collections::BTreeMap,
    env::split_paths,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// Everything about the files themselves.
pub(super) fn look(places: &Places) -> Vec<Finding> {
    let mut found = Vec::new();
    for path in [&places.config, &places.credentials] {
        match repair::unreadable(path) {
            Ok(lines) => found.extend(lines.into_iter().map(|line| Finding {
                what: What::Unreadable {
                    path: path.clone(),
                    line: line.error.line,
                    why: line.error.kind.to_string(),
                },
                repair: Some(Repair::CommentOut(path.clone())),
            })),
            Err(error) => found.push(failed(&error)),
        }
    }
    // What cannot be read is told above.
    if let Ok(hidden) = repair::hidden(&places.config, &places.credentials) {
        found.extend(
            hidden
                .into_iter()
                .map(|it| Finding { what: What::Hidden { profile: it.profile, why: it.why }, repair: None }),
        );
    }
    found.extend(beside(places));
    found
}

fn failed(error: &FileError) -> Finding {
    Finding { what: What::Failed { why: error.to_string() }, repair: None }
}

/// Who else may read or change what is there, and what was left behind.
fn beside(places: &Places) -> Vec<Finding> {
    let mut found = Vec::new();
    // The folder may be read by others; whoever may write in it may put another file in the place of ours.
    found.extend(open(&places.folder, 0o022, Repair::FolderPrivate));
    found.extend(open(&places.credentials, 0o077, Repair::Private));
    // No secret belongs into it, so that only who may change it counts.
    found.extend(open(&places.config, 0o022, Repair::Private));
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    for path in names(&places.folder) {
        found.extend(unfinished(&path));
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ours = name.contains(".latchkey-") && (name.ends_with(".bak") || name.ends_with(".undone"));
        let leapps = name.ends_with(".leapp.bkp") || name == "credentials.bkp" || name == "config.bkp";
        if ours || leapps {
            found.extend(open(&path, 0o077, Repair::Private));
        }
        if leapps {
            found.push(Finding { what: What::Leftover { path, tool: "Leapp" }, repair: None });
        }
    }
    for path in names(&places.folder.join("sso/cache")) {
        found.extend(unfinished(&path));
        if path.extension().is_some_and(|it| it == "json") {
            found.extend(open(&path, 0o077, Repair::Private));
        }
    }
    found
}

fn unfinished(path: &Path) -> Option<Finding> {
    repair::unfinished(path)?;
    Some(Finding {
        what: What::OurTemp { path: path.to_owned() },
        repair: Some(Repair::Delete(path.to_owned())),
    })
}

#[cfg(unix)]
fn open(path: &Path, bits: u32, repair: fn(PathBuf) -> Repair) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o7777;
    // With the sticky bit only the owner of a file can replace it.
    let open = mode & bits != 0 && mode & 0o1000 == 0;
    open.then(|| Finding {
        what: What::OpenToOthers { path: path.to_owned(), mode },
        repair: Some(repair(path.to_owned())),
    })
}

#[cfg(not(unix))]
fn open(_: &Path, _: u32, _: fn(PathBuf) -> Repair) -> Option<Finding> {
    None
}

/// Programs that profiles name and that are not there; and whether `latch` is this one.
pub(super) fn programs(
    places: &Places,
    env: &dyn Fn(&str) -> Option<OsString>,
    us: Option<&Path>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let Ok(listing) = ConfigFile::at(&places.config).listing() else { return found };
    let mut asked: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ListedProfile { name, process, .. } in &listing.profiles {
        if let Some(program) = process.as_deref().and_then(first_word) {
            asked.entry(program).or_default().push(name.clone());
        }
    }
    let on_path = |name: &str| {
        let path = env("PATH").unwrap_or_default();
        split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
    };
    for (program, profiles) in &asked {
        let there = if Path::new(program).components().count() > 1 {
            Path::new(program).is_file()
        } else {
            on_path(program).is_some()
        };
        if !there {
            let what = What::NoProgram { program: program.clone(), profiles: profiles.clone() };
            found.push(Finding { what, repair: None });
        }
    }
    let same = |one: &Path, other: &Path| one.canonicalize().ok() == other.canonicalize().ok();
    if let (Some(path), Some(us)) = (on_path("latch"), us)
        && !same(&path, us)
    {
        found.push(Finding { what: What::OtherLatch { path }, repair: None });
    }
    found
}

/// The program of a `credential_process` line.
fn first_word(line: &str) -> Option<String> {
    aws_files::foreign::words(line)?.into_iter().next()
}

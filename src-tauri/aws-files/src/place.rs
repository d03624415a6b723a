//! Where a path leads, and what is there.

use crate::{
    error::{Doing, FileError, NotPlain},
    platform::{self, Identity},
};
use jiff::Timestamp;
use std::{
    fs::{self, File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

/// A credentials file of 5,000 profiles with long session tokens has 6 MB.
const LIMIT: u64 = 64 * 1024 * 1024;
/// How much is compared at a time.
const BLOCK: usize = 64 * 1024;
/// How often a file that changes while it is read is read again.
const TRIES: u32 = 3;

/// Whether another program read a file since we wrote it. The profiles in it are read together: which of
/// them a program wanted is nowhere to be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reads {
    /// Nobody can tell: the file system keeps no access times, or not we wrote the file last.
    #[default]
    Unknown,
    /// Not yet.
    NotYet,
    /// Last at this moment; many file systems note no more than one read a day.
    At(Timestamp),
}

/// What a file is like, for what a person should know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The path as the person knows it.
    pub path: PathBuf,
    /// Where the path leads, when it is a link.
    pub target: Option<PathBuf>,
    /// Whether there is a file.
    pub exists: bool,
    /// The permission bits, when group or others have any: 0o644 for instance.
    pub open_to_others: Option<u32>,
    /// Others may put another file in its place: the folder's mode allows it.
    pub folder_open_to_others: bool,
    /// Whether another program read it, or one that we replaced since.
    pub reads: Reads,
}

/// A path with its links followed.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// As it was asked for.
    pub path: PathBuf,
    /// The file itself, which is read and replaced.
    pub target: PathBuf,
    /// The folder of `target`.
    pub folder: PathBuf,
}

/// A file that was read.
pub(crate) struct Loaded {
    pub bytes: Arc<Zeroizing<Vec<u8>>>,
    pub identity: Identity,
    pub metadata: Metadata,
    pub file: File,
}

impl Place {
    pub(crate) fn find(path: &Path) -> Result<Self, FileError> {
        if path.file_name().is_none() {
            return Err(FileError::NoFile { path: path.to_path_buf() });
        }
        let target = match fs::symlink_metadata(path) {
            Ok(found) if found.is_symlink() => fs::canonicalize(path).map_err(|error| {
                if error.kind() == io::ErrorKind::NotFound {
                    FileError::NotPlain { path: path.to_path_buf(), what: NotPlain::DanglingLink }
                } else {
                    FileError::io(path, Doing::Find, error)
                }
            })?,
            Ok(_) => path.to_path_buf(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_path_buf(),
            Err(error) => return Err(FileError::io(path, Doing::Find, error)),
        };
        let folder = folder_of(&target);
        Ok(Self { path: path.to_path_buf(), target, folder })
    }

    /// A file of ours beside the target.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        self.folder.join(format!(".{}.latchkey-{suffix}", name_of(&self.target)))
    }

    pub(crate) fn make_folder(&self) -> Result<(), FileError> {
        let fail = |error| FileError::io(&self.folder, Doing::MakeFolder, error);
        match fs::metadata(&self.folder) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                platform::create_private_folder(&self.folder).map_err(fail)?;
                platform::sync_folder(&folder_of(&self.folder)).map_err(fail)
            }
            Err(error) => Err(fail(error)),
        }
    }

    pub(crate) fn condition(&self) -> Result<Condition, FileError> {
        let open = |path: &Path, bits: u32| match fs::metadata(path) {
            Ok(found) => Ok((true, platform::mode(&found).filter(|mode| mode & bits != 0))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((false, None)),
            Err(error) => Err(FileError::io(path, Doing::Find, error)),
        };
        let (exists, open_to_others) = open(&self.target, 0o077)?;
        // With the sticky bit only the owner of a file can replace it.
        let (_, folder) = open(&self.folder, 0o022)?;
        Ok(Condition {
            path: self.path.clone(),
            target: (self.path != self.target).then(|| self.target.clone()),
            exists,
            open_to_others,
            folder_open_to_others: folder.is_some_and(|mode| mode & 0o1000 == 0),
            reads: self.open().ok().flatten().map_or(Reads::Unknown, |(file, _)| platform::reads(&file)),
        })
    }

    /// Reads the file; `None` when there is none.
    pub(crate) fn load(&self) -> Result<Option<Loaded>, FileError> {
        let path = &self.target;
        let fail = |error| FileError::io(path, Doing::Read, error);
        for _ in 0..TRIES {
            let Some((mut file, before)) = self.open()? else { return Ok(None) };
            let room = usize::try_from(before.len()).unwrap_or_default() + 1;
            let mut bytes = Zeroizing::new(Vec::with_capacity(room));
            (&mut file).take(LIMIT).read_to_end(&mut bytes).map_err(fail)?;
            let after = file.metadata().map_err(fail)?;
            let identity = platform::identity(&after);
            if identity == platform::identity(&before) && u64::try_from(bytes.len()).ok() == Some(after.len())
            {
                return Ok(Some(Loaded { bytes: Arc::new(bytes), identity, metadata: after, file }));
            }
        }
        Err(FileError::BeingWritten { path: path.clone() })
    }

    /// Reads the file and tells whether it is this one, unchanged: no other, and the same bytes.
    pub(crate) fn still_holds(&self, identity: &Identity, bytes: &[u8]) -> Result<bool, FileError> {
        let fail = |error| FileError::io(&self.target, Doing::Read, error);
        let Some((mut file, before)) = self.open()? else { return Ok(false) };
        if platform::identity(&before) != *identity || !holds(&mut file, &[bytes]).map_err(fail)? {
            return Ok(false);
        }
        let after = file.metadata().map_err(fail)?;
        Ok(platform::identity(&after) == *identity)
    }

    /// Opens the file, if it is one that may be read and replaced; `None` when there is none.
    fn open(&self) -> Result<Option<(File, Metadata)>, FileError> {
        let path = &self.target;
        let fail = |error| FileError::io(path, Doing::Read, error);
        let not_plain = |what| Err(FileError::NotPlain { path: path.clone(), what });
        for _ in 0..TRIES {
            let found = match fs::symlink_metadata(path) {
                Ok(found) => found,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(fail(error)),
            };
            if found.is_dir() {
                return not_plain(NotPlain::Folder);
            }
            // Asked before opening, because opening a pipe or a device may do something.
            if !found.is_file() {
                return not_plain(NotPlain::Special);
            }
            if platform::names(&found) > 1 {
                return not_plain(NotPlain::HardLinked);
            }
            let file = match platform::open_plain(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.map_err(fail)?,
            };
            let opened = file.metadata().map_err(fail)?;
            if opened.len() > LIMIT {
                return Err(FileError::TooLarge { path: path.clone(), limit: LIMIT });
            }
            return Ok(Some((file, opened)));
        }
        Err(FileError::BeingWritten { path: path.clone() })
    }
}

/// Whether the file, read from its beginning, holds these pieces and no more.
pub(crate) fn holds(file: &mut File, pieces: &[&[u8]]) -> io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let mut block = Zeroizing::new(vec![0; BLOCK]);
    let mut pieces = pieces.iter().copied().filter(|piece| !piece.is_empty());
    let mut rest: &[u8] = &[];
    loop {
        if rest.is_empty() {
            rest = pieces.next().unwrap_or_default();
        }
        // No further than the piece, or one byte more than there should be.
        let most = rest.len().clamp(1, BLOCK);
        match file.read(&mut block[..most]) {
            Ok(0) => return Ok(rest.is_empty()),
            Ok(length) => match rest.strip_prefix(&block[..length]) {
                Some(after) => rest = after,
                None => return Ok(false),
            },
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

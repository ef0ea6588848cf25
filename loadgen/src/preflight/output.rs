//! A file that is written at the end: that it can be written is found out before an hour of measuring, not after.
//! It must not write it.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a file could not be written where it was asked for.
#[derive(Debug, Error)]
pub enum OutputError {
    /// The file is replaced as a whole, and a directory or a device must not be.
    #[error("{0} {1}: exists and is no regular file; name another")]
    NotAFile(&'static str, PathBuf),
    /// The path has no name at its end.
    #[error("{0} {1}: names no file; add one, such as run.json")]
    NoName(&'static str, PathBuf),
    /// A file cannot be made beside it.
    #[error("{option} {path}: cannot write to {directory}: {source}")]
    Directory {
        /// The option that names it.
        option: &'static str,
        /// The file asked for.
        path: PathBuf,
        /// Where it would be.
        directory: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Makes a file beside `path`, which `option` names, and takes it away again: it is written beside its place and then moved.
pub(super) fn check(option: &'static str, path: &Path) -> Result<(), OutputError> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(OutputError::NotAFile(option, path.to_owned()));
    }
    let name = path
        .file_name()
        .ok_or_else(|| OutputError::NoName(option, path.to_owned()))?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut probe = name.to_owned();
    probe.push(format!(".{}.probe", std::process::id()));
    let probe = directory.join(probe);
    let made = OpenOptions::new().write(true).create_new(true).open(&probe);
    made.and_then(|_| fs::remove_file(&probe))
        .map_err(|source| OutputError::Directory {
            option,
            path: path.to_owned(),
            directory: directory.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writable_place_is_left_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.json");
        check("--out", &path).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        fs::write(&path, "old").unwrap();
        check("--out", &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(
            check("--out", directory.path()),
            Err(OutputError::NotAFile(..))
        ));
        assert!(matches!(
            check("--out", Path::new("/dev/null")),
            Err(OutputError::NotAFile(..))
        ));
        assert!(matches!(
            check("--out", Path::new("")),
            Err(OutputError::NoName(..))
        ));
        let missing = directory.path().join("missing/run.json");
        let error = check("--out", &missing).unwrap_err();
        assert!(matches!(&error, OutputError::Directory { .. }), "{error}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("--out {}: cannot write", missing.display()))
        );
        fs::write(directory.path().join("file"), "").unwrap();
        let below_a_file = directory.path().join("file/run.json");
        assert!(matches!(
            check("--out", &below_a_file),
            Err(OutputError::Directory { .. })
        ));
    }
}

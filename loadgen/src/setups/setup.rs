//! Which setups a directory holds, and what each says about itself.
//! It must not start one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::commands;
use super::description::{Description, DescriptionError, Plan};
use super::versions;

/// The program of a setup, in its directory.
const START: &str = "start";

/// The file beside it that says what it is.
const DESCRIPTION: &str = "setup.toml";

/// A server, configured and ready to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The name of its directory.
    pub name: String,
    /// What it is and what is expected of it, as its file says.
    pub description: Description,
    directory: PathBuf,
}

/// Why there is no such setup.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The directory of all setups cannot be read.
    #[error("cannot list the setups in {}: {error}; name their directory with --setups DIR", path.display())]
    NoDirectory {
        /// The directory asked for.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// No directory of that name has a program `start`.
    #[error("no setup `{name}` in {}; there are: {}", directory.display(), known.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
        /// The directory of all setups.
        directory: PathBuf,
        /// The names that there are, sorted.
        known: Vec<String>,
    },
    /// It does not say what it is.
    #[error("cannot read {}: {error}; a setup says there what to ask it for", path.display())]
    NoDescription {
        /// The missing file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// What it says cannot be understood.
    #[error("{}:\n{error}", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        error: DescriptionError,
    },
}

/// The names of all setups in `directory`, sorted: of each directory with a program `start`.
pub fn names(directory: &Path) -> Result<Vec<String>, SetupError> {
    let failed = |error| SetupError::NoDirectory {
        path: directory.to_owned(),
        error,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.path().join(START).is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

impl Setup {
    /// The setup of this name in `directory`.
    pub fn read(directory: &Path, name: &str) -> Result<Self, SetupError> {
        let known = names(directory)?;
        if !known.iter().any(|known| known == name) {
            return Err(SetupError::Unknown {
                name: name.to_owned(),
                directory: directory.to_owned(),
                known,
            });
        }
        let path = directory.join(name).join(DESCRIPTION);
        let text = fs::read_to_string(&path).map_err(|error| SetupError::NoDescription {
            path: path.clone(),
            error,
        })?;
        let description = text
            .parse()
            .map_err(|error| SetupError::Description { path, error })?;
        Ok(Self {
            name: name.to_owned(),
            description,
            directory: directory.join(name),
        })
    }

    /// The setup that must be running before this one, if there is one.
    pub fn origin(&self) -> Result<Option<Self>, SetupError> {
        let all = self.directory.parent().unwrap_or(Path::new("."));
        let name = self.description.origin.as_deref();
        name.map(|name| Self::read(all, name)).transpose()
    }

    /// The first command or file that it needs and that is not on this machine.
    pub fn missing(&self) -> Option<&str> {
        let is_there = |need: &&str| {
            if need.contains('/') {
                self.directory.join(need).is_file()
            } else {
                commands::is_there(need)
            }
        };
        let mut needs = self.description.needs.iter().map(String::as_str);
        needs.find(|need| !is_there(need))
    }

    /// Path and query of a plan; `None` where it has no such stream. `origin` is [`Self::origin`].
    pub fn path(&self, plan: Plan, origin: Option<&Self>) -> Option<String> {
        let origin = origin.map(|origin| &origin.description);
        self.description.path(plan, origin)
    }

    /// The programs whose versions matter, with the version that is on this machine where it can be told, and whether
    /// what is expected was measured with it.
    pub fn versions(&self) -> Vec<(String, Option<String>, bool)> {
        let all = self.description.versions.iter();
        all.map(|(program, version)| {
            let found = versions::of(&version.ask, &self.directory);
            let is_measured = found
                .as_deref()
                .is_some_and(|found| version.is_measured(found));
            (program.clone(), found, is_measured)
        })
        .collect()
    }

    /// The program that starts it.
    pub(super) fn program(&self) -> PathBuf {
        self.directory.join(START)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_up(setups: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, description) in setups {
            let setup = directory.path().join(name);
            fs::create_dir(&setup).unwrap();
            fs::write(setup.join(START), "#!/bin/sh\n").unwrap();
            fs::write(setup.join(DESCRIPTION), description).unwrap();
        }
        directory
    }

    const LIVE: &str = "about = 'x'\nfamily = 'y'\npath = '/'\nexpect.verdict = 'live'\n";

    #[test]
    fn directories_without_a_program_are_no_setups() {
        let directory = made_up(&[("b", LIVE), ("a", LIVE)]);
        fs::create_dir(directory.path().join("shared")).unwrap();
        fs::write(directory.path().join("README.md"), "").unwrap();
        assert_eq!(names(directory.path()).unwrap(), ["a", "b"]);
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is() {
        let directory = made_up(&[("a", LIVE), ("b", &LIVE.replace("live", "wet"))]);
        let error = |name| {
            let error = Setup::read(directory.path(), name).unwrap_err();
            error.to_string()
        };
        assert!(error("c").starts_with("no setup `c` in "), "{}", error("c"));
        assert!(error("c").ends_with("; there are: a, b"), "{}", error("c"));
        assert!(error("../a").contains("no setup"), "{}", error("../a"));
        assert!(error("b").contains("b/setup.toml:"), "{}", error("b"));
        assert!(error("b").contains("line 4"), "{}", error("b"));
        let nowhere = names(Path::new("/proc/no-setups")).unwrap_err();
        assert!(nowhere.to_string().contains("/proc/no-setups"));
    }

    #[test]
    fn the_first_missing_command_or_file_is_named() {
        let expect = |needs: &str| format!("{LIVE}needs = [{needs}]\n");
        let directory = made_up(&[
            ("fine", &expect("'sh', '../not/start'")),
            ("not", &expect("'sh', 'no-such-server', 'neither'")),
            ("file", &expect("'sh', 'modules/start', 'neither'")),
        ]);
        let setup = |name| Setup::read(directory.path(), name).unwrap();
        assert_eq!(setup("fine").missing(), None);
        assert_eq!(setup("not").missing(), Some("no-such-server"));
        assert_eq!(setup("file").missing(), Some("modules/start"));
    }

    #[test]
    fn every_setup_of_this_repository_can_be_read() {
        let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/setups");
        let names = names(&all).unwrap();
        assert!(names.len() > 40, "{names:?}");
        for name in names {
            let setup = Setup::read(&all, &name).unwrap_or_else(|error| panic!("{error}"));
            setup.origin().unwrap_or_else(|error| panic!("{error}"));
            let cure = setup.description.cure.as_ref();
            if let Some(file) = cure.and_then(|cure| cure.file.as_ref()) {
                let text = fs::read_to_string(setup.directory.join(file)).unwrap();
                assert!(
                    text.contains("cure"),
                    "{name}: no place is marked in {file}"
                );
            }
        }
    }
}

//! The text files of the repository, or made-up ones; it knows paths and contents, no rules.

use std::fs;
use std::path::{Path, PathBuf};

/// The files that the rules are about, sorted by path.
pub(crate) struct Repository {
    /// All text files, by their path from the root with `/` between the parts.
    pub(crate) files: Vec<File>,
}

/// One text file.
pub(crate) struct File {
    /// The path from the root of the repository.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
}

impl Repository {
    /// Reads the work tree, without build output and hidden directories other than those of CI.
    pub(crate) fn read() -> Self {
        let root = root();
        let mut files = Vec::new();
        read_directory(&root, &root, &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        // A wrong root would make every check silent.
        assert!(
            files
                .iter()
                .any(|file| file.path == "loadgen/tests/tidy/repository.rs")
        );
        Self { files }
    }

    /// A repository of made-up files, for the proof that a check can fail.
    pub(crate) fn made_up(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        Self {
            files: files.iter().map(file).collect(),
        }
    }

    /// The Rust sources.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }
}

/// The directory of the workspace.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize()
        .expect("the workspace is above this crate")
}

/// Directories that others write: build output, and what `scripts/setups/install` brings.
const INSTALLED: [&str; 4] = ["target", "node_modules", "venv", "__pycache__"];

fn read_directory(root: &Path, directory: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(directory).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        let name = path
            .file_name()
            .expect("an entry has a name")
            .to_string_lossy();
        let hidden = name.starts_with('.') && name != ".ci" && name != ".github";
        if hidden || INSTALLED.contains(&&*name) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            read_directory(root, &path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).expect("below the root");
            files.push(File {
                path: path.to_string_lossy().into_owned(),
                text,
            });
        }
    }
}

//! Finds files that checks name, inside of the project only. Reading them is whoever needs them's.

use std::path::{Component, Path, PathBuf};

/// Why a file of a check cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfineError {
    /// It leads out of the project, by itself or by a link.
    #[error("it is outside of the project")]
    Outside,
    /// It is a folder or something else that has no bytes.
    #[error("it is not a file")]
    NotAFile,
    /// The operating system does not find it.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// The real path of a file inside of a folder. Links are followed first, so that none leads out.
pub(crate) fn confined(root: &Path, path: &str) -> Result<PathBuf, ConfineError> {
    let relative = Path::new(path);
    if relative.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(ConfineError::Outside);
    }
    let root = root.canonicalize()?;
    let found = root.join(relative).canonicalize()?;
    if !found.starts_with(&root) {
        return Err(ConfineError::Outside);
    }
    if found.is_file() { Ok(found) } else { Err(ConfineError::NotAFile) }
}

/// The same for a file that may not be there yet, in a folder that may not be there yet: then it is `None`.
pub(crate) fn confined_or_new(root: &Path, path: &str) -> Result<Option<PathBuf>, ConfineError> {
    match confined(root, path) {
        Ok(found) => Ok(Some(found)),
        Err(ConfineError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_outside_of_the_project_are_refused_even_behind_links() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("project");
        std::fs::create_dir_all(root.join("fixtures")).expect("folders");
        std::fs::write(root.join("fixtures/a.json"), "{}").expect("a file");
        std::fs::write(folder.path().join("secret"), "s").expect("a file");
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).expect("a link");
        std::os::unix::fs::symlink(root.join("fixtures/a.json"), root.join("inside")).expect("a link");
        assert!(confined(&root, "fixtures/a.json").is_ok() && confined(&root, "./inside").is_ok());
        for (path, why) in [
            ("../secret", "it is outside of the project"),
            ("fixtures/../../secret", "it is outside of the project"),
            ("/etc/passwd", "it is outside of the project"),
            ("link", "it is outside of the project"),
            ("fixtures", "it is not a file"),
        ] {
            assert_eq!(confined(&root, path).expect_err("not for checks").to_string(), why, "{path}");
        }
        assert!(matches!(confined_or_new(&root, "logs/not/yet.log"), Ok(None)));
        assert!(confined_or_new(&root, "../not-yet.log").is_err());
    }
}

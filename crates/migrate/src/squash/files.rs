//! The files of a baseline: where it goes, what it takes the place of, and a folder beside the old one in which it is proven
//! before it takes that one's place. What is in the baseline is `baseline`'s.

use std::path::{Path, PathBuf};

use super::{SquashError, refused};
use crate::source::{Layout, Migration, MigrationSet};

/// A new folder beside the old one. Dropping it removes it, unless it has taken the place.
#[derive(Debug)]
pub(super) struct Stage {
    path: PathBuf,
    target: PathBuf,
}

/// The file of the baseline: that of the last migration, with another name behind the version.
pub(super) fn baseline(set: &MigrationSet, last: &Migration, name: &str) -> Result<PathBuf, SquashError> {
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_plain {
        return Err(refused(format!("`{name}` is no name for a migration: use letters, digits and `_`")));
    }
    let file_name = last.file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match set.layout {
        Layout::Embedded => {
            Err(refused("embedded migrations have no folder: fold the files they are made from".to_owned()))
        }
        Layout::Sqitch => {
            Err(refused("the plan of Sqitch has to be edited by hand, changes depend on each other there".to_owned()))
        }
        // The name of the folder is the version.
        Layout::Prisma => Ok(last.file.clone()),
        Layout::Diesel => {
            let folder = last.file.parent().unwrap_or(&set.path);
            let old = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let version = old.split('_').next().unwrap_or_default();
            Ok(folder.with_file_name(format!("{version}_{name}")).join(file_name))
        }
        Layout::Flyway => {
            let version = file_name.split("__").next().unwrap_or_default();
            Ok(last.file.with_file_name(format!("{version}__{name}.sql")))
        }
        Layout::Flat | Layout::Sqlx | Layout::GolangMigrate | Layout::Dbmate | Layout::Goose => {
            let ending = if file_name.ends_with(".up.sql") { ".up.sql" } else { ".sql" };
            let version =
                file_name.trim_end_matches(".sql").trim_end_matches(".up").split('_').next().unwrap_or_default();
            Ok(last.file.with_file_name(format!("{version}_{name}{ending}")))
        }
    }
}

/// The files, or the folders where each migration has one, that a baseline replaces.
pub(super) fn removed(set: &MigrationSet, folded: &[&Migration]) -> Vec<PathBuf> {
    let mut removed = Vec::new();
    for migration in folded {
        match set.layout {
            Layout::Diesel | Layout::Prisma => removed.extend(migration.file.parent().map(Path::to_owned)),
            _ => {
                removed.push(migration.file.clone());
                removed.extend(migration.down.as_ref().map(|down| down.file.clone()));
            }
        }
    }
    removed.dedup();
    removed
}

/// Makes the new folder: everything of the old one but what is removed, and the baseline.
pub(super) fn stage(set: &MigrationSet, removed: &[PathBuf], file: &Path, sql: &str) -> Result<Stage, SquashError> {
    let stage = Stage { path: beside(&set.path, "squashing"), target: set.path.clone() };
    if stage.path.exists() {
        // What a killed run left is only a copy.
        std::fs::remove_dir_all(&stage.path).map_err(at(&stage.path))?;
    }
    copy(&set.path, &stage.path, removed)?;
    let relative =
        file.strip_prefix(&set.path).map_err(|_| refused(format!("`{}` is not in the folder", file.display())))?;
    let new = stage.path.join(relative);
    if let Some(folder) = new.parent() {
        std::fs::create_dir_all(folder).map_err(at(folder))?;
    }
    std::fs::write(&new, sql).map_err(at(&new))?;
    Ok(stage)
}

impl Stage {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the new folder where the old one is. Between two renames there is none; both are then beside it.
    pub(super) fn take_the_place(self) -> Result<(), SquashError> {
        let old = beside(&self.target, "before-squash");
        std::fs::rename(&self.target, &old).map_err(at(&old))?;
        if let Err(error) = std::fs::rename(&self.path, &self.target) {
            std::fs::rename(&old, &self.target).map_err(at(&self.target))?;
            return Err(at(&self.target)(error));
        }
        std::fs::remove_dir_all(&old).map_err(at(&old))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Where it has taken the place there is nothing any more; what stays is removed by the next run.
        drop(std::fs::remove_dir_all(&self.path));
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("migrations");
    path.with_file_name(format!(".{name}.{ending}"))
}

fn copy(from: &Path, to: &Path, without: &[PathBuf]) -> Result<(), SquashError> {
    std::fs::create_dir_all(to).map_err(at(to))?;
    for entry in std::fs::read_dir(from).map_err(at(from))? {
        let entry = entry.map_err(at(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if without.contains(&source) {
            continue;
        }
        if entry.file_type().map_err(at(&source))?.is_dir() {
            copy(&source, &target, without)?;
        } else {
            std::fs::copy(&source, &target).map_err(at(&target))?;
        }
    }
    Ok(())
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> SquashError + use<> {
    let path = path.to_owned();
    move |source| SquashError::File { path: path.clone(), source }
}

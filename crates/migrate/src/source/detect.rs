//! Reads a folder of migrations and finds out which layout it has. Order and versions as a set are checked by `MigrationSet`.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

use super::files::{Listing, is_ignored, list, read_text, stray, text_name};
use super::flyway::{self, Script};
use super::{Down, Layout, Migration, MigrationSet, folders, name, prisma, sections, sqitch};
use crate::error::{Problem, ProblemKind};

/// How many threads read a large folder. Opening its files is what takes the time.
const READERS: usize = 4;

/// Below this, one thread is done before others have begun.
const LARGE: usize = 100;

/// What was found so far.
struct Found {
    set: MigrationSet,
    /// What each file or folder is by itself, to see whether all are of one kind.
    layouts: Vec<(Layout, PathBuf)>,
    /// Scripts that take back, by the name of what they take back.
    downs: Vec<(String, Down)>,
    /// The same by version, as Flyway has it.
    undos: Vec<(String, Down)>,
    /// Scripts that Flyway would look for placeholders in, and the text of each.
    replaced: Vec<(PathBuf, String)>,
    /// Whether flat files are all in pairs by their names, and whether one says `-- no-transaction`.
    pairs: bool,
    no_transaction: bool,
}

pub(super) fn read(path: &Path, problems: &mut Vec<Problem>) -> Option<MigrationSet> {
    if !path.is_dir() {
        let message = format!("the migrations folder `{}` does not exist", path.display());
        problems.push(Problem::new(ProblemKind::Empty, message));
        return None;
    }
    if path.join(sqitch::PLAN).is_file() {
        return sqitch::read(path, problems);
    }
    let listing = list(path, problems)?;
    let mut found = Found::new(path);
    found.read_each(&listing.folders, Found::read_folder, problems);
    found.read_each(&listing.files, Found::read_file, problems);
    Some(found.finish(problems))
}

impl Found {
    fn new(path: &Path) -> Self {
        Self {
            set: MigrationSet::new(Layout::Flat, path),
            layouts: Vec::new(),
            downs: Vec::new(),
            undos: Vec::new(),
            replaced: Vec::new(),
            pairs: true,
            no_transaction: false,
        }
    }

    /// Reads folders or files, many of them at once. What is found is in their order all the same.
    fn read_each(
        &mut self,
        paths: &[PathBuf],
        read: fn(&mut Self, &Path, &mut Vec<Problem>),
        problems: &mut Vec<Problem>,
    ) {
        if paths.len() < LARGE {
            paths.iter().for_each(|path| read(self, path, problems));
            return;
        }
        let folder = self.set.path.as_path();
        let parts: Vec<_> = std::thread::scope(|scope| {
            let readers: Vec<_> = paths
                .chunks(paths.len().div_ceil(READERS))
                .map(|chunk| {
                    scope.spawn(move || {
                        let (mut part, mut problems) = (Self::new(folder), Vec::new());
                        chunk.iter().for_each(|path| read(&mut part, path, &mut problems));
                        (part, problems)
                    })
                })
                .collect();
            readers.into_iter().map(|reader| reader.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        for (part, found) in parts {
            self.append(part);
            problems.extend(found);
        }
    }

    fn append(&mut self, part: Self) {
        let Self { set, layouts, downs, undos, replaced, pairs, no_transaction } = part;
        self.set.migrations.extend(set.migrations);
        self.set.strays.extend(set.strays);
        self.set.provider = set.provider.or(self.set.provider.take());
        self.layouts.extend(layouts);
        self.downs.extend(downs);
        self.undos.extend(undos);
        self.replaced.extend(replaced);
        self.pairs &= pairs;
        self.no_transaction |= no_transaction;
    }

    fn read_folder(&mut self, folder: &Path, problems: &mut Vec<Problem>) {
        if text_name(folder).starts_with('.') {
            self.set.strays.push(folder.to_owned());
            return;
        }
        let Some(listing) = list(folder, problems) else { return };
        if holds_flyway(folder, &listing) {
            // Flyway looks into folders.
            for inner in &listing.folders {
                self.read_folder(inner, problems);
            }
            for file in &listing.files {
                self.read_file(file, problems);
            }
        } else if let Some(layout) = folders::read(folder, listing, &mut self.set, problems) {
            self.layouts.push((layout, folder.to_owned()));
        }
    }

    fn read_file(&mut self, file: &Path, problems: &mut Vec<Problem>) {
        let file_name = text_name(file);
        if let Some(stem) = file_name.strip_suffix(".sql") {
            self.read_sql(file, stem, problems);
        } else if file_name == prisma::LOCK {
            self.set.provider = prisma::provider(file, problems);
        } else if is_ignored(&file_name) {
            self.set.strays.push(file.to_owned());
        } else if file_name.ends_with(".sql.conf") && file.with_extension("").is_file() {
            // Read together with its script.
        } else if file_name.ends_with(".go") && name::leading_digits(&file_name).is_some() {
            let message = format!("`{}` is a migration written in Go, which only goose can run", file.display());
            problems.push(Problem::new(ProblemKind::Layout, message));
        } else {
            problems.push(stray(file));
        }
    }

    fn read_sql(&mut self, file: &Path, stem: &str, problems: &mut Vec<Problem>) {
        if let Some(script) = flyway::script(stem) {
            self.read_flyway(file, stem, script, problems);
        } else if let Some(stem) = stem.strip_suffix(".down") {
            self.downs.extend(folders::read_down(file, problems).map(|down| (stem.to_owned(), down)));
        } else if let Some((bytes, text)) = read_text(file, problems) {
            match sections::layout(&text) {
                Some(layout) => {
                    self.layouts.push((layout, file.to_owned()));
                    match sections::read(layout, file, stem, &bytes, &text) {
                        Ok(migration) => self.set.migrations.push(migration),
                        Err(problem) => problems.push(problem),
                    }
                }
                None => self.read_flat(file, stem, &bytes, &text, problems),
            }
        }
    }

    fn read_flat(&mut self, file: &Path, stem: &str, bytes: &[u8], text: &str, problems: &mut Vec<Problem>) {
        self.layouts.push((Layout::Flat, file.to_owned()));
        let short = stem.strip_suffix(".up");
        self.pairs &= short.is_some();
        let stem = short.unwrap_or(stem);
        let Some(version) = name::flat_version(stem) else {
            problems.push(name::problem(file));
            return;
        };
        let mut migration = Migration::new(version, stem, file.to_owned(), bytes, text);
        if says_no_transaction(&migration.sql) {
            self.no_transaction = true;
            migration.declared_transaction = Some(false);
        }
        self.set.migrations.push(migration);
    }

    fn read_flyway(&mut self, file: &Path, stem: &str, script: Script, problems: &mut Vec<Problem>) {
        if script == Script::Baseline {
            let message = format!(
                "`{}` is a baseline, which Flyway runs instead of what comes before it: keep the migrations themselves",
                file.display()
            );
            problems.push(Problem::new(ProblemKind::Layout, message));
            return;
        }
        let Some((bytes, text)) = read_text(file, problems) else { return };
        let conf = file.with_extension("sql.conf");
        let settings = if conf.is_file() { flyway::settings(&conf, problems) } else { flyway::Settings::default() };
        if script != Script::Repeatable {
            self.layouts.push((Layout::Flyway, file.to_owned()));
        }
        let sql = match script {
            Script::Undo(version) => {
                let mut down = Down::new(file.to_owned(), &text);
                down.declared_transaction = down.declared_transaction.or(settings.transaction);
                let sql = down.sql.clone();
                self.undos.push((version, down));
                sql
            }
            Script::Versioned(_) | Script::Repeatable | Script::Baseline => {
                let mut migration = match script {
                    Script::Versioned(version) => Migration::new(version, stem, file.to_owned(), &bytes, &text),
                    _ => Migration::repeatable(stem, file.to_owned(), &bytes, &text),
                };
                migration.declared_transaction = migration.declared_transaction.or(settings.transaction);
                let sql = migration.sql.clone();
                self.set.migrations.push(migration);
                sql
            }
        };
        if settings.placeholders.unwrap_or(true) {
            self.replaced.push((file.to_owned(), sql));
        }
    }

    fn finish(self, problems: &mut Vec<Problem>) -> MigrationSet {
        let Self { mut set, layouts, downs, undos, replaced, pairs, no_transaction } = self;
        set.take_downs(downs, problems);
        set.take_downs_by(undos, |migration| migration.version.as_str(), problems);
        // Repeatable files alone are Flyway's.
        set.layout = layouts.first().map_or(Layout::Flyway, |(layout, _)| *layout);
        if set.layout == Layout::Flat {
            set.layout = match (no_transaction, pairs) {
                (true, _) => Layout::Sqlx,
                (false, true) => Layout::GolangMigrate,
                (false, false) => Layout::Flat,
            };
        }
        // Repeatable scripts among flat files are not Flyway's.
        for (file, sql) in replaced.iter().filter(|_| set.layout == Layout::Flyway) {
            problems.extend(flyway::check_placeholders(file, sql).err());
        }
        let Some((first, one)) = layouts.first() else { return set };
        if let Some((second, other)) = layouts.iter().find(|(layout, _)| layout != first) {
            let (one, other) = (one.display(), other.display());
            let message = format!("the folder mixes layouts: `{one}` is {first}, `{other}` is {second}");
            problems.push(Problem::new(ProblemKind::Layout, message));
        } else if let Some(repeatable) = set.repeatable_in_folders(*first) {
            let message = format!(
                "the folder mixes layouts: `{}` is {first}, `{}` is {}",
                one.display(),
                repeatable.display(),
                Layout::Flyway
            );
            problems.push(Problem::new(ProblemKind::Layout, message));
        }
        set
    }
}

impl MigrationSet {
    /// A repeatable file beside folders, whose tools would never run it.
    fn repeatable_in_folders(&self, layout: Layout) -> Option<&Path> {
        let folders = matches!(layout, Layout::Diesel | Layout::Prisma);
        let mut repeatable =
            self.migrations.iter().filter(|migration| migration.kind == super::MigrationKind::Repeatable);
        repeatable.next().filter(|_| folders).map(|migration| migration.file.as_path())
    }
}

/// sqlx's comment. sqlx itself wants it to be the first bytes of the file, and silently ignores it anywhere else.
fn says_no_transaction(sql: &str) -> bool {
    sql.lines()
        .map(str::trim)
        .take_while(|line| line.is_empty() || line.starts_with("--"))
        .any(|line| line.trim_start_matches('-').trim() == "no-transaction")
}

/// Whether a folder that is no migration itself holds scripts of Flyway, in whatever depth.
fn holds_flyway(folder: &Path, listing: &Listing) -> bool {
    if ["up.sql", "migration.sql"].iter().any(|name| listing.files.contains(&folder.join(name))) {
        return false;
    }
    let named =
        |file: &PathBuf| text_name(file).strip_suffix(".sql").is_some_and(|stem| flyway::script(stem).is_some());
    let inside = |folder: &PathBuf| list(folder, &mut Vec::new()).is_some_and(|inner| holds_flyway(folder, &inner));
    listing.files.iter().any(named) || listing.folders.iter().any(inside)
}

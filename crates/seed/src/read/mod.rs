//! Loading: dataset files and documents become staged rows, without a database. What a database makes of them is `plan`'s.

pub(crate) mod document;
pub(crate) mod model;
pub(crate) mod source;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_core::toml_file::{self, nearest};
use plimsoll_core::{ErrorCode, template};

use crate::error::{Problem, SeedError};
use crate::generate::stage::{self, Found};
use crate::lifecycle::{Lifecycle, declare};
use crate::map::expression;
use crate::map::{CompiledBlock, Staging};
use crate::read::document::Document;
use crate::read::model::{DatasetFile, Mode, TableBlock};
use crate::read::source::SourceFile;
use crate::staged::{self, order};
use crate::staged::{Block, References, StagedTable};
use crate::stream::{self, BulkTable};

/// Where the datasets are and what they may do.
#[derive(Debug, Clone)]
pub struct SeedOptions {
    /// The project's root; all paths in dataset files are relative to it.
    pub root: PathBuf,
    /// The folder of the dataset files, relative to the root.
    pub path: PathBuf,
    /// Optional datasets to include.
    pub with: Vec<String>,
    /// Tables that hold user data.
    pub user_data: Vec<String>,
    /// The profile that says how many rows are generated; only needed where counts differ between profiles.
    pub profile: Option<String>,
    /// Whether rows that exist are left alone, whatever their datasets say: only missing ones are created.
    pub top_up: bool,
    /// The names that templates and expressions see: the project's variables, `engine`, `environment`, `project`.
    pub names: minijinja::Value,
}

/// Everything the files declare: ordered, validated, with every reference connected. Not tied to a database.
#[derive(Debug, Clone)]
pub struct Seeds {
    pub(crate) datasets: Vec<String>,
    pub(crate) titles: Vec<Option<String>>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) tables: Vec<StagedTable>,
    pub(crate) references: References,
    /// Datasets of which something was left out, so that a row they do not declare may be there all the same.
    pub(crate) incomplete: BTreeSet<usize>,
    /// The tables of user data.
    pub(crate) user_data: Vec<String>,
    pub(crate) bulk: Vec<BulkTable>,
    /// Of all datasets, also those that are not seeded: a row is as immutable without them.
    pub(crate) lifecycles: Vec<Lifecycle>,
    documents: usize,
}

impl Seeds {
    /// The names of the datasets, in their order.
    #[must_use]
    pub fn datasets(&self) -> &[String] {
        &self.datasets
    }

    /// What each dataset is, in the words of its file; in the same order.
    #[must_use]
    pub fn titles(&self) -> &[Option<String>] {
        &self.titles
    }

    /// The tables and how many rows are declared for each, in an order in which they could be written.
    pub fn tables(&self) -> impl Iterator<Item = (&str, usize)> {
        self.tables.iter().map(|table| (table.name.as_str(), table.rows.len()))
    }

    /// Whether any table has a life cycle.
    #[must_use]
    pub fn has_lifecycles(&self) -> bool {
        !self.lifecycles.is_empty()
    }

    /// The life cycle of a table's rows, if one is declared.
    pub(crate) fn lifecycle(&self, table: &str) -> Option<&Lifecycle> {
        self.lifecycles.iter().find(|lifecycle| lifecycle.table == table)
    }

    /// Streamed tables and nothing else, of a dataset without a name.
    pub(crate) fn streamed(bulk: Vec<BulkTable>, user_data: Vec<String>) -> Self {
        Self {
            datasets: vec![String::new()],
            titles: Vec::new(),
            blocks: Vec::new(),
            tables: Vec::new(),
            references: References::default(),
            incomplete: BTreeSet::new(),
            user_data,
            bulk,
            lifecycles: Vec::new(),
            documents: 0,
        }
    }

    /// How many documents were read.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.documents
    }
}

/// A dataset file that was read and whose references to other datasets are known.
struct Read {
    name: String,
    file: Arc<SourceFile>,
    parsed: DatasetFile,
}

/// Reads all dataset files and their documents, validates them and evaluates every expression.
///
/// # Errors
/// [`SeedError::Problems`] with everything that is wrong in any file.
pub fn load(options: &SeedOptions) -> Result<Seeds, SeedError> {
    load_only(options, &[])
}

/// As [`load`], some datasets only; all of them when none is named. What they refer to in others has to be in the database.
///
/// # Errors
/// As [`load`].
pub fn load_only(options: &SeedOptions, only: &[String]) -> Result<Seeds, SeedError> {
    let mut problems = Vec::new();
    let mut lifecycles = Vec::new();
    let read = read_datasets(options, only, &mut lifecycles, &mut problems);
    let (read, others): (Vec<Read>, Vec<Read>) =
        read.into_iter().partition(|dataset| only.is_empty() || only.contains(&dataset.name));
    let read = order_datasets(read, &mut problems);
    let env = expression::environment();
    let mut staging = Staging::default();
    let mut blocks = Vec::new();
    let mut cache = HashMap::new();
    let mut datasets = Vec::new();
    let mut bulk = Vec::new();
    let mut titles = Vec::new();
    let mut generated = Vec::new();
    let mut broken = false;
    for Read { name, file, parsed } in read {
        let may_insert: Vec<&str> =
            parsed.dataset.inserts_user_data.iter().map(|table| table.get_ref().as_str()).collect();
        let compiled: Vec<CompiledBlock<'_>> = parsed
            .table
            .into_iter()
            .filter_map(|block| {
                let before = problems.len();
                let offset = block.span().start;
                let block = block.into_inner();
                check(&block, &file, options, &may_insert, &blocks, &mut problems);
                if block.bulk {
                    bulk.extend(bulk_table(options, &block, datasets.len(), &file, &mut problems));
                    return None;
                }
                check_mode(&block, &file, datasets.len(), &blocks, &mut problems);
                blocks.push(describe(&block, datasets.len(), &file, offset));
                let compiled = CompiledBlock::compile(&env, blocks.len() - 1, &file, offset, block, &mut problems);
                // A block that is wrong in itself would only add follow-up errors, one per row.
                (problems.len() == before).then_some(compiled)
            })
            .collect();
        for block in parsed.generate {
            let before = problems.len();
            let offset = block.span().start;
            let block = block.into_inner();
            let table = block.as_table();
            check(&table, &file, options, &may_insert, &blocks, &mut problems);
            check_mode(&table, &file, datasets.len(), &blocks, &mut problems);
            blocks.push(describe(&table, datasets.len(), &file, offset));
            if problems.len() == before {
                let (index, file, seed) = (blocks.len() - 1, Arc::clone(&file), parsed.dataset.seed);
                generated.push(Found { index, file, offset, seed, block });
            } else {
                broken = true;
            }
        }
        datasets.push(name);
        titles.push(parsed.dataset.title);
        let Some(documents) = &parsed.documents else {
            compiled.iter().for_each(|block| block.stage(&options.names, None, &mut staging));
            continue;
        };
        let documents = read_documents(options, &file, documents, &mut cache, &mut problems);
        for block in &compiled {
            documents.iter().for_each(|document| block.stage(&options.names, Some(document), &mut staging));
        }
    }
    let seeded = generated.len();
    if seeded > 0 {
        generated.extend(others.into_iter().flat_map(needed));
    }
    // A block that is wrong in itself is missing to the others, which would only add follow-up errors.
    if !broken {
        let sources = stage::sources(&generated, &options.names, options.profile.as_deref(), &mut problems);
        for (found, rows) in generated.iter().zip(sources).take(seeded) {
            if stage::is_bulk(found, &options.names, &mut problems) {
                bulk.push(stage::bulk(found, rows, &blocks[found.index]));
                // What is gone from a streamed table is found inside the database, and not by its staged rows.
                blocks[found.index].mode = Mode::Insert;
            } else {
                stage::stage(found, &rows, &mut staging);
            }
        }
    }
    if options.top_up {
        blocks.iter_mut().for_each(|block| block.mode = Mode::Insert);
        bulk.iter_mut().for_each(|table| table.mode = Mode::Insert);
    }
    problems.append(&mut staging.problems);
    let documents = cache.values().filter(|document| document.is_some()).count();
    let mut tables = staged::tables(staging.rows, &blocks, &mut problems);
    let mut references = staging.references;
    references.connect(&tables);
    tables = order::tables(tables, &mut references, &blocks, &mut problems);
    order::levels(&mut tables, &references, &mut problems);
    declared_otherwise(&bulk, &tables, &lifecycles, &mut problems);
    SeedError::unless_empty(problems)?;
    let (incomplete, user_data) = (BTreeSet::new(), options.user_data.clone());
    Ok(Seeds { datasets, titles, blocks, tables, references, bulk, incomplete, user_data, lifecycles, documents })
}

fn read_datasets(
    options: &SeedOptions,
    only: &[String],
    lifecycles: &mut Vec<Lifecycle>,
    problems: &mut Vec<Problem>,
) -> Vec<Read> {
    let folder = options.root.join(&options.path);
    let shown = options.path.display();
    let mut files: Vec<PathBuf> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(error) => {
            problems.push(Problem::new(ErrorCode::FileUnreadable, None, format!("cannot read `{shown}`: {error}")));
            return Vec::new();
        }
    };
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    if files.is_empty() {
        problems.push(Problem::new(
            ErrorCode::FileUnreadable,
            None,
            format!("`{shown}` holds no dataset, a file `*.toml`"),
        ));
    }
    let names: Vec<String> = files.iter().filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect();
    for wanted in options.with.iter().chain(only).filter(|wanted| !names.contains(wanted)) {
        problems.push(Problem::new(ErrorCode::InvalidValue, None, unknown_dataset(wanted, &names)));
    }
    let mut datasets = Vec::new();
    for (file, name) in files.iter().zip(&names) {
        let shown = shown_path(&options.root, file);
        let parsed =
            toml_file::read_text(file).and_then(|text| Ok((toml_file::parse::<DatasetFile>(&shown, &text)?, text)));
        match parsed {
            Ok((mut parsed, text)) => {
                let file = Arc::new(SourceFile::new(&shown, text));
                let blocks = std::mem::take(&mut parsed.lifecycle);
                declare::declare(blocks, &file, &options.user_data, lifecycles, problems);
                for after in parsed.dataset.after.iter().filter(|after| !names.contains(after.get_ref())) {
                    let at = file.location(after.span().start);
                    problems.push(Problem::new(
                        ErrorCode::InvalidValue,
                        Some(at),
                        unknown_dataset(after.get_ref(), &names),
                    ));
                }
                if !parsed.dataset.optional || options.with.contains(name) || only.contains(name) {
                    datasets.push(Read { name: name.clone(), file, parsed });
                }
            }
            Err(error) => problems.push(error.into()),
        }
    }
    datasets
}

fn unknown_dataset(name: &str, names: &[String]) -> String {
    let near = nearest(name, names.iter().map(String::as_str));
    let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    format!("there is no dataset `{name}`{hint}")
}

/// Datasets named in `after` go first; otherwise the order of the names stands.
fn order_datasets(datasets: Vec<Read>, problems: &mut Vec<Problem>) -> Vec<Read> {
    let positions: HashMap<&str, usize> =
        datasets.iter().enumerate().map(|(position, read)| (read.name.as_str(), position)).collect();
    let edges: Vec<Vec<usize>> = datasets
        .iter()
        .map(|read| {
            read.parsed
                .dataset
                .after
                .iter()
                .filter_map(|after| positions.get(after.get_ref().as_str()).copied())
                .collect()
        })
        .collect();
    match order::topological(&edges) {
        Ok(sorted) => {
            let mut slots: Vec<Option<Read>> = datasets.into_iter().map(Some).collect();
            sorted.into_iter().filter_map(|position| slots[position].take()).collect()
        }
        Err(circle) => {
            let names: Vec<&str> = circle.iter().map(|position| datasets[*position].name.as_str()).collect();
            let first = &datasets[circle[0]];
            let at = first.parsed.dataset.after.first().map(|after| first.file.location(after.span().start));
            problems.push(Problem::new(
                ErrorCode::SeedCycle,
                at,
                format!("datasets wait for each other in a circle: {} -> {}", names.join(" -> "), names[0]),
            ));
            datasets
        }
    }
}

fn check(
    block: &TableBlock,
    file: &Arc<SourceFile>,
    options: &SeedOptions,
    may_insert: &[&str],
    earlier: &[Block],
    problems: &mut Vec<Problem>,
) {
    let name = block.name.get_ref();
    let at = block.name.span().start;
    let mut report = |offset: usize, code: ErrorCode, message: String| {
        problems.push(Problem::new(code, Some(file.location(offset)), message));
    };
    if options.user_data.contains(name) {
        if !may_insert.contains(&name.as_str()) {
            report(at, ErrorCode::UserDataTarget, format!("`{name}` holds user data and is not seeded"));
        } else if block.mode != Mode::Insert {
            let message = format!("`{name}` holds user data, so its rows may only be added: mode = \"insert\"");
            report(at, ErrorCode::UserDataTarget, message);
        }
    }
    let key = block.key.get_ref();
    let key_at = block.key.span().start;
    if key.is_empty() {
        report(key_at, ErrorCode::InvalidValue, format!("`{name}` needs at least one key column"));
    }
    if block.file.is_some() && !block.bulk {
        report(at, ErrorCode::InvalidValue, "`file` needs `bulk = true`".to_owned());
    }
    for column in block.secret.iter().filter(|column| key.contains(column.get_ref())) {
        let message =
            format!("`{}` is part of the key, which is shown everywhere, and cannot be secret", column.get_ref());
        report(column.span().start, ErrorCode::InvalidValue, message);
    }
    match &block.rows {
        _ if block.bulk => {}
        Some(_)
            if block.each.is_some()
                || block.when.is_some()
                || !block.columns.0.is_empty()
                || !block.lets.0.is_empty() =>
        {
            let message = "`rows` are literal and stand in place of `columns`, `each`, `let` and `when`".to_owned();
            report(at, ErrorCode::InvalidValue, message);
        }
        Some(_) => {}
        None if block.columns.0.is_empty() => {
            report(at, ErrorCode::InvalidValue, format!("`{name}` has neither `columns` nor `rows`"));
        }
        None => {
            let columns = || block.columns.0.iter().map(|(column, _)| column.as_str());
            for missing in key.iter().filter(|column| !columns().any(|name| name == column.as_str())) {
                let hint =
                    nearest(missing, columns()).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
                report(
                    key_at,
                    ErrorCode::InvalidValue,
                    format!("the key column `{missing}` is not among the columns{hint}"),
                );
            }
        }
    }
    if let Some(other) = earlier.iter().find(|other| other.table == *name && other.key != *key) {
        let place = other.file.location(other.offset);
        report(key_at, ErrorCode::InvalidValue, format!("`{name}` has another key at {place}, a table has one"));
    }
}

/// Whether a row is gone can only be said where all blocks of a dataset for a table mean the same.
fn check_mode(
    block: &TableBlock,
    file: &Arc<SourceFile>,
    dataset: usize,
    earlier: &[Block],
    problems: &mut Vec<Problem>,
) {
    let name = block.name.get_ref();
    let other =
        earlier.iter().find(|other| other.table == *name && other.dataset == dataset && other.mode != block.mode);
    if let Some(other) = other.filter(|other| [other.mode, block.mode].contains(&Mode::Sync)) {
        let place = other.file.location(other.offset);
        let message = format!(
            "`{name}` has another mode at {place}; with mode = \"sync\" all blocks of a dataset for a table have it"
        );
        let at = file.location(block.name.span().start);
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(at), message));
    }
    let declared = |column: &str| match &block.rows {
        Some(rows) => rows.iter().any(|row| row.get_ref().0.iter().any(|(name, _)| name == column)),
        None => block.columns.0.iter().any(|(name, _)| name == column),
    };
    if block.rows.as_ref().is_some_and(Vec::is_empty) {
        return;
    }
    for column in block.on_edit.columns().filter(|column| !declared(column)) {
        let message = format!("`on_edit` names `{column}`, which is not among the columns of `{name}`");
        let at = file.location(block.name.span().start);
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(at), message));
    }
}

/// What a block with `bulk = true` declares.
fn bulk_table(
    options: &SeedOptions,
    block: &TableBlock,
    dataset: usize,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Problem>,
) -> Option<BulkTable> {
    let Some(named) = &block.file else {
        let message = format!("`{}` has `bulk = true` and no `file` that its rows are in", block.name.get_ref());
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(file.location(block.name.span().start)), message));
        return None;
    };
    match template::render(&template::environment(), named.get_ref(), &options.names) {
        Ok(rendered) => {
            let path = options.root.join(rendered);
            stream::declare(block, dataset, file, (&path, &shown_path(&options.root, &path)), problems)
        }
        Err(error) => {
            let message = expression::explain(&error, named.get_ref());
            problems.push(Problem::new(ErrorCode::Template, Some(file.location(named.span().start)), message));
            None
        }
    }
}

/// The generators of a dataset that is not asked for itself: rows of those that are may be made of its rows.
fn needed(dataset: Read) -> impl Iterator<Item = Found> {
    let Read { file, parsed, .. } = dataset;
    let seed = parsed.dataset.seed;
    parsed.generate.into_iter().map(move |block| {
        let offset = block.span().start;
        // Its rows are not staged, so that it has no place among the blocks.
        Found { index: usize::MAX, file: Arc::clone(&file), offset, seed, block: block.into_inner() }
    })
}

/// A very large table is declared once, by itself.
pub(crate) fn declared_otherwise(
    bulk: &[BulkTable],
    tables: &[StagedTable],
    lifecycles: &[Lifecycle],
    problems: &mut Vec<Problem>,
) {
    for (index, table) in bulk.iter().enumerate() {
        let name = &table.name;
        let twice = bulk[..index].iter().any(|other| other.name == *name);
        let message = if twice || tables.iter().any(|other| other.name == *name) {
            format!("`{name}` is declared elsewhere as well; with `bulk = true` all its rows are in one file")
        } else if let Some(lifecycle) = lifecycles.iter().find(|lifecycle| lifecycle.table == *name) {
            format!(
                "the rows of `{name}` have a life cycle ({}), and with `bulk = true` nobody looks at each of them; \
                 leave `bulk` away",
                lifecycle.at()
            )
        } else {
            continue;
        };
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(table.at.clone()), message));
    }
}

fn describe(block: &TableBlock, dataset: usize, file: &Arc<SourceFile>, offset: usize) -> Block {
    let named = block.columns.0.iter().chain(&block.insert_only.0);
    Block {
        dataset,
        table: block.name.get_ref().clone(),
        key: block.key.get_ref().clone(),
        file: Arc::clone(file),
        offset,
        columns: named.map(|(name, value)| (name.clone(), value.span().start)).collect(),
        mode: block.mode,
        on_edit: block.on_edit.clone(),
        on_duplicate: block.on_duplicate,
        secret: block.secret.iter().map(|column| column.get_ref().clone()).collect(),
    }
}

/// Documents by path; `None` for one that could not be read, so that it is reported once.
type Cache = BTreeMap<PathBuf, Option<Arc<Document>>>;

fn read_documents(
    options: &SeedOptions,
    file: &Arc<SourceFile>,
    documents: &crate::read::model::Documents,
    cache: &mut HashMap<PathBuf, Option<Arc<Document>>>,
    problems: &mut Vec<Problem>,
) -> Vec<Arc<Document>> {
    let env = template::environment();
    let mut rendered = |text: &toml::Spanned<String>| match template::render(&env, text.get_ref(), &options.names) {
        Ok(rendered) => Some(rendered),
        Err(error) => {
            let message = expression::explain(&error, text.get_ref());
            problems.push(Problem::new(ErrorCode::Template, Some(file.location(text.span().start)), message));
            None
        }
    };
    let pattern = rendered(&documents.files);
    let schema = documents.schema.as_ref().and_then(&mut rendered);
    let mut found = Cache::new();
    if let Some(pattern) = &pattern {
        let at = Some(file.location(documents.files.span().start));
        match matches(&options.root, pattern) {
            Ok(files) if files.is_empty() => {
                problems.push(Problem::new(ErrorCode::FileUnreadable, at, format!("no file matches `{pattern}`")));
            }
            Ok(files) => {
                for path in files {
                    let document = cache.entry(path.clone()).or_insert_with(|| {
                        let read = Document::read(&path, &shown_path(&options.root, &path));
                        read.map(Arc::new).map_err(|problem| problems.push(problem)).ok()
                    });
                    found.insert(path, document.clone());
                }
            }
            Err(message) => problems.push(Problem::new(ErrorCode::InvalidValue, at, message.to_string())),
        }
    }
    let mut documents: Vec<Arc<Document>> = found.into_values().flatten().collect();
    if let Some(schema) = schema {
        let path = options.root.join(&schema);
        match document::schema(&path, &shown_path(&options.root, &path)) {
            Ok(schema) => documents.retain(|document| {
                let violations = document.violations(&schema);
                let fits = violations.is_empty();
                // A document that does not fit would only add follow-up errors of expressions.
                problems.extend(violations);
                fits
            }),
            Err(problem) => problems.push(problem),
        }
    }
    documents
}

fn matches(root: &Path, pattern: &str) -> Result<Vec<PathBuf>, glob::PatternError> {
    let full = if Path::new(pattern).is_absolute() {
        pattern.to_owned()
    } else {
        format!("{}/{pattern}", glob::Pattern::escape(&root.to_string_lossy()))
    };
    Ok(glob::glob(&full)?.filter_map(Result::ok).filter(|path| path.is_file()).collect())
}

/// A path as the project's files name it.
fn shown_path(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}

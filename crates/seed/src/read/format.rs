//! Which kind of file a document or a file of rows is: by its extension, or as the dataset says. Parsing is `parse`'s.

use std::path::Path;

use plimsoll_core::toml_file::nearest;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    Json,
    JsonLines,
    Yaml,
    Toml,
    Csv,
    Tsv,
    Markdown,
    Text,
}

/// Every format, with its name in dataset files and the extensions that mean it.
const FORMATS: [(Format, &str, &[&str]); 8] = [
    (Format::Json, "json", &["json"]),
    (Format::JsonLines, "jsonl", &["jsonl", "ndjson"]),
    (Format::Yaml, "yaml", &["yaml", "yml"]),
    (Format::Toml, "toml", &["toml"]),
    (Format::Csv, "csv", &["csv"]),
    (Format::Tsv, "tsv", &["tsv"]),
    (Format::Markdown, "markdown", &["md", "markdown"]),
    (Format::Text, "text", &["txt", "text"]),
];

impl Format {
    /// The format that an extension means, in any case of letters.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        FORMATS.iter().find(|(_, _, extensions)| extensions.contains(&extension.as_str())).map(|(format, ..)| *format)
    }

    /// The format of a name in a dataset file.
    pub(crate) fn named(name: &str) -> Option<Self> {
        FORMATS.iter().find(|(_, known, _)| *known == name).map(|(format, ..)| *format)
    }

    /// What to say about a name that no format has.
    pub(crate) fn unknown(name: &str) -> String {
        let known = || FORMATS.iter().map(|(_, name, _)| *name);
        match nearest(name, known()) {
            Some(near) => format!("unknown format `{name}`, did you mean `{near}`?"),
            None => format!("unknown format `{name}`, there are {}", known().collect::<Vec<_>>().join(", ")),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        FORMATS.iter().find(|(format, ..)| *format == self).map_or("", |(_, name, _)| *name)
    }

    /// Whether rows are told by their line: every record stands on lines of its own.
    pub(crate) fn has_lines_of_records(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv | Self::JsonLines)
    }

    /// Whether a file of this kind can be one document.
    pub(crate) fn is_document(self) -> bool {
        !self.has_lines_of_records()
    }

    /// Whether a file of this kind can hold rows.
    pub(crate) fn has_rows(self) -> bool {
        !matches!(self, Self::Markdown | Self::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_understood_in_any_case_and_names_are_corrected() {
        assert_eq!(Format::of(Path::new("a/B.YML")), Some(Format::Yaml));
        assert_eq!(Format::of(Path::new("a/README")), None);
        assert_eq!(Format::named("jsonl"), Some(Format::JsonLines));
        assert_eq!(Format::named("ymal"), None);
        assert_eq!(Format::unknown("ymal"), "unknown format `ymal`, did you mean `yaml`?");
    }
}

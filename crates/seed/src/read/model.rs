//! The shape of a dataset file, with the place of every expression. What the words mean is `load`'s and `mapping`'s.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::generate::block::GenerateBlock;
use crate::lifecycle::declare::LifecycleBlock;

/// One `seeds/<dataset>.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatasetFile {
    #[serde(default)]
    pub(crate) dataset: Dataset,
    pub(crate) documents: Option<Documents>,
    #[serde(default)]
    pub(crate) table: Vec<Spanned<TableBlock>>,
    #[serde(default)]
    pub(crate) generate: Vec<Spanned<GenerateBlock>>,
    #[serde(default)]
    pub(crate) lifecycle: Vec<Spanned<LifecycleBlock>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dataset {
    /// What the dataset is, for people; its name when there is none.
    pub(crate) title: Option<String>,
    /// Generated rows of the dataset differ from those of another seed.
    #[serde(default)]
    pub(crate) seed: u64,
    #[serde(default)]
    pub(crate) after: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) optional: bool,
    #[serde(default)]
    pub(crate) inserts_user_data: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) on_invalid: OnInvalid,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Documents {
    pub(crate) files: Option<Spanned<String>>,
    pub(crate) source: Option<Spanned<String>>,
    pub(crate) format: Option<Spanned<String>>,
    pub(crate) schema: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableBlock {
    pub(crate) name: Spanned<String>,
    pub(crate) file: Option<Spanned<String>>,
    pub(crate) source: Option<Spanned<String>>,
    pub(crate) format: Option<Spanned<String>>,
    pub(crate) schema: Option<Spanned<String>>,
    pub(crate) each: Option<Spanned<Each>>,
    #[serde(default, rename = "let")]
    pub(crate) lets: Ordered<Spanned<toml::Value>>,
    pub(crate) when: Option<Spanned<String>>,
    pub(crate) key: Spanned<Vec<String>>,
    #[serde(default)]
    pub(crate) columns: Ordered<Spanned<toml::Value>>,
    #[serde(default)]
    pub(crate) insert_only: Ordered<Spanned<toml::Value>>,
    #[serde(default)]
    pub(crate) was: Ordered<Spanned<toml::Value>>,
    #[serde(default)]
    pub(crate) mode: Mode,
    #[serde(default)]
    pub(crate) on_edit: EditPolicy,
    #[serde(default)]
    pub(crate) on_duplicate: OnDuplicate,
    #[serde(default)]
    pub(crate) key_nulls: KeyNulls,
    #[serde(default)]
    pub(crate) secret: Vec<Spanned<String>>,
    pub(crate) rows: Option<Vec<Spanned<Ordered<Spanned<toml::Value>>>>>,
    #[serde(default)]
    pub(crate) bulk: bool,
}

/// What happens to a document or record that does not fit.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnInvalid {
    #[default]
    Fail,
    Skip,
}

/// What happens to rows that exist.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    #[default]
    Upsert,
    Insert,
    /// As `upsert`, and rows that are gone from the files are deleted.
    Sync,
}

/// What happens to columns that were edited in the database.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnEdit {
    #[default]
    Keep,
    Overwrite,
    Fail,
}

/// `on_edit`: one word for all columns, or a word for each of some and one for the others.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct EditPolicy {
    /// Nothing when the dataset does not say it.
    default: Option<OnEdit>,
    columns: BTreeMap<String, OnEdit>,
}

impl EditPolicy {
    /// What holds for a column.
    pub(crate) fn of(&self, column: &str) -> OnEdit {
        self.columns.get(column).copied().or(self.default).unwrap_or_default()
    }

    /// The same, where edits that are errors are kept: for when they are what is asked about.
    pub(crate) fn keeping(&self) -> Self {
        let kept = |word: &OnEdit| if *word == OnEdit::Fail { OnEdit::Keep } else { *word };
        Self {
            default: self.default.as_ref().map(kept),
            columns: self.columns.iter().map(|(column, word)| (column.clone(), kept(word))).collect(),
        }
    }

    /// The columns that have a word of their own.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// What the dataset says about a column, as it says it: `on_edit.price = overwrite`. Nothing when it says nothing.
    pub(crate) fn stated(&self, column: &str) -> Option<String> {
        match self.columns.get(column) {
            Some(word) => Some(format!("on_edit.{column} = {}", word.as_str())),
            None => self.default.map(|word| format!("on_edit = {}", word.as_str())),
        }
    }
}

impl OnEdit {
    /// The word in the dataset.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Overwrite => "overwrite",
            Self::Fail => "fail",
        }
    }
}

/// What happens when the same key is staged twice.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnDuplicate {
    #[default]
    Error,
    First,
    Last,
}

/// What a NULL in a key means.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyNulls {
    /// Nothing: such a row could not be found again.
    #[default]
    Refuse,
    /// The row whose column is NULL as well.
    Equal,
}

/// One loop, or several nested ones.
#[derive(Debug)]
pub(crate) enum Each {
    One(String),
    Nested(Vec<Spanned<String>>),
}

/// A table whose keys keep the order of the file: later `let`s see earlier ones.
#[derive(Debug)]
pub(crate) struct Ordered<T>(pub(crate) Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de> Deserialize<'de> for EditPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PolicyVisitor;
        impl<'de> Visitor<'de> for PolicyVisitor {
            type Value = EditPolicy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`keep`, `overwrite` or `fail`, or a table of columns with one of them each, and `default`")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<EditPolicy, E> {
                let default = OnEdit::deserialize(serde::de::value::StrDeserializer::<E>::new(word))?;
                Ok(EditPolicy { default: Some(default), columns: BTreeMap::new() })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EditPolicy, A::Error> {
                let mut policy = EditPolicy::default();
                while let Some((column, word)) = map.next_entry::<String, OnEdit>()? {
                    if column == "default" {
                        policy.default = Some(word);
                    } else {
                        policy.columns.insert(column, word);
                    }
                }
                Ok(policy)
            }
        }
        deserializer.deserialize_any(PolicyVisitor)
    }
}

impl<'de> Deserialize<'de> for Each {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EachVisitor;
        impl<'de> Visitor<'de> for EachVisitor {
            type Value = Each;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`list as name`, or a list of such loops")
            }

            fn visit_str<E>(self, text: &str) -> Result<Each, E> {
                Ok(Each::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Each, A::Error> {
                let mut loops = Vec::new();
                while let Some(one) = list.next_element()? {
                    loops.push(one);
                }
                Ok(Each::Nested(loops))
            }
        }
        deserializer.deserialize_any(EachVisitor)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OrderedVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OrderedVisitor<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of names and values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(OrderedVisitor(PhantomData))
    }
}

//! How a value is compared, as data. Comparing is `expect/matcher.rs`'s.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Texts, Visitor};

/// How a value is compared. A JSONPath that can find several values always gives a list of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matcher {
    /// The same value; `1` and `1.0` are the same.
    Equals(Value),
    /// Anything for which this does not hold.
    Not(Box<Matcher>),
    /// Something is there (`true`), or nothing is (`false`).
    Exists(bool),
    /// A number not under this one.
    AtLeast(Value),
    /// A number not over this one.
    AtMost(Value),
    /// A list, object or text whose length is so.
    Length(Box<Matcher>),
    /// A text with this part, a list with this item, an object with these entries.
    Contains(Value),
    /// A text in which this regular expression finds something.
    Matches(String),
    /// One of these values.
    OneOf(Vec<Value>),
    /// A value of this type.
    Type(JsonType),
    /// A list in which this holds for each item, and which has one.
    Each(Box<Matcher>),
    /// A value for which all of these hold.
    All(Vec<Matcher>),
}

/// The types of JSON, with whole numbers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of JSON Schema")]
pub enum JsonType {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl JsonType {
    /// All of them, as they are written.
    pub(crate) const ALL: [(&'static str, Self); 7] = [
        ("null", Self::Null),
        ("boolean", Self::Boolean),
        ("integer", Self::Integer),
        ("number", Self::Number),
        ("string", Self::String),
        ("array", Self::Array),
        ("object", Self::Object),
    ];

    /// The name as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }

    /// The type of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(one, _)| *one == name).map(|(_, found)| *found)
    }
}

impl Texts for Matcher {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        match self {
            Self::Equals(value) | Self::AtLeast(value) | Self::AtMost(value) | Self::Contains(value) => {
                visitor.value(value);
            }
            Self::OneOf(values) => values.texts(visitor),
            Self::Matches(pattern) => visitor.text(pattern),
            Self::Not(inner) | Self::Length(inner) | Self::Each(inner) => inner.texts(visitor),
            Self::All(inner) => inner.texts(visitor),
            Self::Exists(_) | Self::Type(_) => {}
        }
    }
}

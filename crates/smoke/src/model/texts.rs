//! One walk over every text of a check that may hold a template. What is done with the texts is the visitor's.

use serde_json::Value;

/// What is done with each text.
pub(crate) trait Visitor {
    /// A text that stays one.
    fn text(&mut self, text: &mut String);

    /// A value in which a text that is one expression takes the type of what it names.
    fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(entries) => entries.values_mut().for_each(|entry| self.value(entry)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Anything with texts in it. One implementation for rendering and for finding names, so that neither forgets a text.
pub(crate) trait Texts {
    /// Shows the visitor every text that may be a template.
    fn texts(&mut self, visitor: &mut dyn Visitor);
}

impl Texts for String {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        visitor.text(self);
    }
}

impl Texts for Value {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        visitor.value(self);
    }
}

/// Pairs of a name and a value: names are never templates.
impl<T: Texts> Texts for (String, T) {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        self.1.texts(visitor);
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        self.iter_mut().for_each(|one| one.texts(visitor));
    }
}

impl<T: Texts> Texts for Option<T> {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        self.iter_mut().for_each(|one| one.texts(visitor));
    }
}

impl<T: Texts> Texts for Box<T> {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        self.as_mut().texts(visitor);
    }
}

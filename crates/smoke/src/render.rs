//! Fills in the templates of a check, before anything is sent. Which names have a value is `run`'s.

use minijinja::{Environment, Error, Value as Name};
use plimsoll_core::template;
use serde_json::Value;

use crate::model::{Texts, Visitor};

/// A copy with every template filled in.
pub(crate) fn rendered<T: Texts + Clone>(env: &Environment<'_>, of: &T, names: &Name) -> Result<T, Error> {
    let mut copy = of.clone();
    let mut renderer = Renderer { env, names, failed: None };
    copy.texts(&mut renderer);
    renderer.failed.map_or(Ok(copy), Err)
}

struct Renderer<'a> {
    env: &'a Environment<'a>,
    names: &'a Name,
    failed: Option<Error>,
}

impl Visitor for Renderer<'_> {
    fn text(&mut self, text: &mut String) {
        if self.failed.is_none() && template::is_template(text) {
            match template::render(self.env, text, self.names) {
                Ok(filled) => *text = filled,
                Err(error) => self.failed = Some(error),
            }
        }
    }

    fn value(&mut self, value: &mut Value) {
        if self.failed.is_none() {
            match value_of(self.env, value, self.names) {
                Ok(filled) => *value = filled,
                Err(error) => self.failed = Some(error),
            }
        }
    }
}

/// A text that is one `{{ expression }}` keeps the type of what it names.
fn value_of(env: &Environment<'_>, value: &Value, names: &Name) -> Result<Value, Error> {
    Ok(match value {
        Value::String(text) => {
            let rendered = template::render(env, text, names)?;
            match lone_expression(text).map(|inner| env.compile_expression(inner)) {
                Some(Ok(expression)) => {
                    serde_json::to_value(expression.eval(names.clone())?).unwrap_or(Value::String(rendered))
                }
                _ => Value::String(rendered),
            }
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| value_of(env, item, names)).collect::<Result<_, _>>()?)
        }
        Value::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, entry)| Ok((key.clone(), value_of(env, entry, names)?)))
                .collect::<Result<_, Error>>()?,
        ),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain.clone(),
    })
}

fn lone_expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let several = inner.contains("{{") || inner.contains("}}") || inner.contains("{%");
    (!several).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_lone_expression_keeps_its_type_and_text_around_it_does_not() {
        let env = template::environment();
        let names = minijinja::context! { n => 7 };
        let filled = rendered(&env, &json!(["{{ n }}", "n={{ n }}"]), &names).expect("renders");
        assert_eq!(filled, json!([7, "n=7"]));
        assert!(rendered(&env, &json!("{{ missing }}"), &names).is_err());
    }
}

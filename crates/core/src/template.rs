//! The one expression language: minijinja with typed values and a few pure functions. Which names exist is the caller's.

use std::borrow::Cow;

use minijinja::value::Rest;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The namespace of every `uuid5`: the same parts give the same id in every project and on every machine.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_1d0e_57a4_5d8b_9a3e_71c5_3b1f_6c2a);

/// A minijinja environment as every template, mapping and condition of a project sees it.
///
/// Undefined names may be tested (`x.y or 'z'`), using them is an error. Pure functions: `uuid5(part, ..)`, `slug(text)`,
/// `sha256(text)`. Nothing is escaped: the results are values, paths and commands, not HTML.
#[must_use]
pub fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.add_function("uuid5", |parts: Rest<Value>| uuid5(&parts));
    env.add_function("slug", |text: &str| slug(text));
    env.add_function("sha256", |text: &str| sha256_hex(text.as_bytes()));
    env
}

/// Renders `{{ .. }}` templates in a string. Text without `{{` or `{%` comes back as it is.
///
/// # Errors
/// When the template does not compile, or uses a name that has no value.
pub fn render(env: &Environment<'_>, text: &str, names: &Value) -> Result<String, Error> {
    if !is_template(text) {
        return Ok(text.to_owned());
    }
    env.render_str(text, names.clone()).map_err(|error| name_undefined(env, text, names, error))
}

/// Whether a string holds anything to render.
#[must_use]
pub fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// Lower case, with every run of other characters than letters and digits turned into one `-`.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            out.push(character);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// The SHA-256 of bytes in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(bytes);
    let halves = digest.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    halves.map(|half| char::from(DIGITS[usize::from(half)])).collect()
}

fn uuid5(parts: &[Value]) -> Result<String, Error> {
    if parts.is_empty() {
        return Err(Error::new(ErrorKind::MissingArgument, "uuid5 needs at least one part"));
    }
    let mut name = String::new();
    for part in parts {
        if part.is_undefined() {
            return Err(Error::new(ErrorKind::UndefinedError, "a part of uuid5 is undefined"));
        }
        // Lengths keep ('a', 'bc') and ('ab', 'c') apart.
        let text = part.as_str().map_or_else(|| Cow::Owned(part.to_string()), Cow::Borrowed);
        name.push_str(&text.len().to_string());
        name.push(':');
        name.push_str(&text);
    }
    Ok(Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string())
}

/// minijinja says that something is undefined, but not what; for plain names we can tell.
fn name_undefined(env: &Environment<'_>, text: &str, names: &Value, error: Error) -> Error {
    if error.kind() != ErrorKind::UndefinedError || error.detail().is_some() {
        return error;
    }
    let Ok(template) = env.template_from_str(text) else { return error };
    let mut missing: Vec<String> = template
        .undeclared_variables(false)
        .into_iter()
        .filter(|name| names.get_attr(name).is_ok_and(|value| value.is_undefined()))
        .collect();
    missing.sort();
    match missing.first() {
        Some(name) => Error::new(ErrorKind::UndefinedError, format!("`{name}` has no value")).with_source(error),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    #[test]
    fn undefined_names_may_be_tested_but_not_used() {
        let env = environment();
        let names = context! { a => "x" };
        assert_eq!(render(&env, "{{ b or a }}", &names).expect("renders"), "x");
        let error = render(&env, "{{ b }}", &names).expect_err("b has no value");
        assert!(error.to_string().contains("`b` has no value"), "{error}");
    }

    #[test]
    fn slugs_join_words_with_single_dashes() {
        assert_eq!(slug("ADAPT-PERS-001 / Tone & pace!"), "adapt-pers-001-tone-pace");
    }

    #[test]
    fn uuid5_keeps_its_parts_apart() {
        let env = environment();
        let id = |text: &str| render(&env, text, &context! {}).expect("renders");
        assert_eq!(id("{{ uuid5('a', 'bc') }}"), id("{{ uuid5('a', 'bc') }}"));
        assert_ne!(id("{{ uuid5('a', 'bc') }}"), id("{{ uuid5('ab', 'c') }}"));
    }
}

//! Texts of a source with its variables marked, until they are written as templates. Which marks there are is the readers' to say.

use crate::model::Visitor;

/// Characters that no text can hold, around the expression of a template.
const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

/// The source without the characters that mark templates.
pub(super) fn unmarked(source: &str) -> String {
    source.strip_prefix('\u{feff}').unwrap_or(source).replace([OPEN, CLOSE], "").replace("\r\n", "\n")
}

/// A mark for an expression.
pub(super) fn mark(expression: &str) -> String {
    format!("{OPEN}{expression}{CLOSE}")
}

pub(super) fn has_mark(text: &str) -> bool {
    text.contains(OPEN)
}

/// Whether a text is one mark and nothing else.
pub(super) fn is_mark(text: &str) -> bool {
    text.starts_with(OPEN) && text.find(CLOSE).is_some_and(|end| end + CLOSE.len_utf8() == text.len())
}

/// Where the mark at the beginning of a text ends.
pub(super) fn mark_end(text: &str) -> Option<usize> {
    text.starts_with(OPEN).then(|| text.find(CLOSE).map_or(text.len(), |end| end + CLOSE.len_utf8()))
}

/// A text whose value stays a text, also when it is one variable of another type.
pub(super) fn string(text: String) -> String {
    if is_mark(&text) { text.replace(CLOSE, &format!(" | string{CLOSE}")) } else { text }
}

/// The text for people.
pub(super) fn shown(text: &str) -> String {
    text.replace(OPEN, "{{").replace(CLOSE, "}}")
}

/// The text as a template. What would be one by accident is escaped.
pub(super) fn template(text: &str) -> String {
    if !has_mark(text) && !plimsoll_core::template::is_template(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match (character, rest.peek()) {
            (OPEN, _) => {
                inside = true;
                out.push_str("{{ ");
            }
            (CLOSE, _) => {
                inside = false;
                out.push_str(" }}");
            }
            ('{', Some('{' | '%' | '#' | &OPEN)) if !inside => out.push_str("{{ '{' }}"),
            (other, _) => out.push(other),
        }
    }
    // One line end at the end of a template is not kept.
    if out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// Turns marks into templates, everywhere in something that may hold some.
pub(super) struct Templates;

impl Visitor for Templates {
    fn text(&mut self, text: &mut String) {
        *text = template(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the checks would send for it.
    fn rendered(text: &str) -> String {
        let env = plimsoll_core::template::environment();
        let names = minijinja::context! { id => 7 };
        plimsoll_core::template::render(&env, &template(text), &names).expect("it renders")
    }

    #[test]
    fn text_that_looks_like_a_template_stays_what_it_is() {
        for text in ["plain", "{{ x }}", "{% if %}", "a {# b #} {{", "{{{", "{%{{", "}}{", "line {{\n"] {
            assert_eq!(rendered(text), text);
        }
        assert_eq!(rendered(&format!("{{{}}} {{{{x}}}} {{# #}}\n", mark("id"))), "{7} {{x}} {# #}\n");
        assert_eq!(template(&mark("id")), "{{ id }}");
        assert_eq!(template(&string(mark("id"))), "{{ id | string }}");
        assert!(is_mark(&mark("id")) && !is_mark(&format!("{0}{0}", mark("id"))));
    }
}

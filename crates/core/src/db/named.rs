//! `:name` in the text of a query: which there are, and values bound in their places, never written into the text. What a value
//! is, is the caller's.

use super::{Stmt, Value};

/// A name in a query that nothing is bound to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing is bound to `:{0}`")]
pub struct Unbound(pub String);

/// The names in a query, each once, in the order in which they come.
#[must_use]
pub fn names(sql: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in parts(sql) {
        if let Part::Name(name) = part
            && found.iter().all(|known| known != name)
        {
            found.push(name.to_owned());
        }
    }
    found
}

/// The query with a value bound wherever its name stands.
///
/// # Errors
/// The first name that nothing is bound to.
pub fn bound(sql: &str, binds: &[(&str, Value)]) -> Result<Stmt, Unbound> {
    let mut stmt = Stmt::default();
    for part in parts(sql) {
        match part {
            Part::Text(text) => stmt.push(text),
            Part::Name(name) => {
                let (_, value) =
                    binds.iter().find(|(known, _)| *known == name).ok_or_else(|| Unbound(name.to_owned()))?;
                stmt.push_bind(value.clone());
            }
        }
    }
    Ok(stmt)
}

#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Cuts a query at its names. What is quoted or a comment has none. A backslash is no escape here, whatever MySQL's settings
/// say: a quote is written twice inside of quotes.
fn parts(sql: &str) -> Vec<Part<'_>> {
    let (mut parts, mut text, mut at) = (Vec::new(), 0, 0);
    while let Some(letter) = sql[at..].chars().next() {
        let rest = &sql[at + letter.len_utf8()..];
        let skipped = match letter {
            '\'' | '"' | '`' => until(rest, &letter.to_string()),
            '-' if rest.starts_with('-') => until(rest, "\n"),
            '/' if rest.starts_with('*') => until(rest, "*/"),
            '$' => dollar(rest),
            ':' if rest.starts_with([':', '=']) => 1,
            ':' if !sql[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') => {
                let name = word(rest);
                if !name.is_empty() {
                    parts.extend([Part::Text(&sql[text..at]), Part::Name(name)]);
                    text = at + 1 + name.len();
                }
                name.len()
            }
            _ => 0,
        };
        at += letter.len_utf8() + skipped;
    }
    parts.push(Part::Text(&sql[text..]));
    parts
}

/// How much there is up to the end of something, and all of it where it does not end.
fn until(rest: &str, end: &str) -> usize {
    rest.find(end).map_or(rest.len(), |at| at + end.len())
}

/// PostgreSQL's `$tag$ .. $tag$`.
fn dollar(rest: &str) -> usize {
    let tag = word(rest);
    let Some(inner) = rest[tag.len()..].strip_prefix('$') else { return 0 };
    tag.len() + 1 + until(inner, &format!("${tag}$"))
}

fn word(rest: &str) -> &str {
    let first = rest.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    if first { &rest[..end] } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_outside_of_quotes_and_comments_only() {
        for (sql, wanted) in [
            ("SELECT * FROM a WHERE id = :id AND (:id > 1 OR b=:b)", "id b"),
            ("SELECT ':no', \":no\", `:no`, 'it''s :no', :yes", "yes"),
            ("SELECT 1 -- :no\n, :yes /* :no */", "yes"),
            ("SELECT $$ :no $$, $t$ :no $$ $t$, $1, :yes", "yes"),
            ("SELECT a::text, '1'::int, a[1:n], :yes::uuid", "yes"),
            ("SET @a := 1", ""),
            ("SELECT 'open :no", ""),
            ("SELECT :größe, ':", "größe"),
        ] {
            assert_eq!(names(sql).join(" "), wanted, "{sql}");
        }
    }

    #[test]
    fn values_are_bound_and_never_part_of_the_text() {
        let sql = "SELECT :a, ':a', :b::int";
        let stmt = bound(sql, &[("a", "x'; DROP".into()), ("b", 7_i64.into())]).expect("all are bound");
        assert_eq!(stmt, Stmt::new("SELECT ").bind("x'; DROP").sql(", ':a', ").bind(7_i64).sql("::int"));
        assert_eq!(stmt.text(), "SELECT ?, ':a', ?::int");
        assert_eq!(bound(sql, &[("a", Value::Null)]), Err(Unbound("b".to_owned())));
    }
}

//! A Rust file as the rules see it: code with comments and literals blanked out, and where its tests begin. What is
//! wrong with it is left to `rules`.

/// One file.
pub(crate) struct Source {
    /// From the workspace root, with slashes.
    pub(crate) path: String,
    /// As written.
    pub(crate) lines: Vec<String>,
    /// The same lines with spaces in place of comments and the contents of literals.
    pub(crate) code: Vec<String>,
    /// Index of the first line of the test module at the end; `lines.len()` without one, 0 in a file of tests.
    pub(crate) tests_from: usize,
}

impl Source {
    /// Reads `text`.
    pub(crate) fn new(path: impl Into<String>, text: &str) -> Self {
        let path = path.into();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let code: Vec<String> = blank(text).lines().map(str::to_owned).collect();
        let tests_from = if is_test_file(&path) { 0 } else { test_module(&code) };
        Self { path, lines, code, tests_from }
    }

    /// Numbered lines of code outside of tests.
    pub(crate) fn product_code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.numbered().take(self.tests_from)
    }

    /// Numbered lines of test code.
    pub(crate) fn test_code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.numbered().skip(self.tests_from)
    }

    /// All lines of code, counted from 1 as editors do.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.iter().enumerate().map(|(index, line)| (index + 1, line.as_str()))
    }
}

/// Whether `word` stands in `code` and is not the end of a longer name.
pub(crate) fn has_word(code: &str, word: &str) -> bool {
    let is_part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let goes_on_before = word.starts_with(is_part_of_name) && code[..at].ends_with(is_part_of_name);
        let goes_on_after = word.ends_with(is_part_of_name) && code[at + word.len()..].starts_with(is_part_of_name);
        !goes_on_before && !goes_on_after
    })
}

fn is_test_file(path: &str) -> bool {
    let in_tests = path.starts_with("tests/") || path.contains("/tests/");
    in_tests || path.ends_with("/tests.rs") || path.ends_with("_tests.rs")
}

/// Tests come last in a file; `#[cfg(test)]` on anything but a module with a body is no end of the product's code.
fn test_module(code: &[String]) -> usize {
    let is_start = |index: usize| {
        let next =
            code[index + 1..].iter().map(|line| line.trim()).find(|line| !line.is_empty() && !line.starts_with("#["));
        code[index].trim_start().starts_with("#[cfg(")
            && has_word(&code[index], "test")
            && next.is_some_and(|line| has_word(line, "mod") && line.ends_with('{'))
    };
    (0..code.len()).find(|index| is_start(*index)).unwrap_or(code.len())
}

/// Keeps length and line breaks, so that positions stay true.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => position(&chars, at, |rest| rest[0] == '\n'),
            '/' if chars.get(at + 1) == Some(&'*') => end_of_comment(&chars, at),
            'r' if !follows_a_name(&chars, at) && raw_quotes(&chars[at + 1..]).is_some() => {
                let hashes = raw_quotes(&chars[at + 1..]).unwrap_or(0);
                let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                let body = at + hashes + 2;
                position(&chars, body, |rest| rest.starts_with(&close)) + close.len()
            }
            '"' => end_of_string(&chars, at),
            '\'' => end_of_char(&chars, at),
            _ => at,
        };
        if end == at {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        let end = end.min(chars.len());
        out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

fn position(chars: &[char], from: usize, found: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len()).find(|at| found(&chars[*at..])).unwrap_or(chars.len())
}

fn end_of_comment(chars: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at < chars.len() {
        match chars[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn end_of_string(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The start itself where the quote begins a lifetime.
fn end_of_char(chars: &[char], start: usize) -> usize {
    match chars[start + 1..] {
        ['\\', _, ..] => position(chars, start + 3, |rest| rest[0] == '\'') + 1,
        [_, '\'', ..] => start + 3,
        _ => start,
    }
}

fn raw_quotes(rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().take_while(|c| **c == '#').count();
    (rest.get(hashes) == Some(&'"')).then_some(hashes)
}

/// `b` in front of `r` belongs to the literal, any other letter makes it the end of a name.
fn follows_a_name(chars: &[char], at: usize) -> bool {
    let name = |index: usize| chars.get(index).is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let Some(before) = at.checked_sub(1) else {
        return false;
    };
    let is_prefix = chars[before] == 'b' && !before.checked_sub(1).is_some_and(name);
    name(before) && !is_prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_code_is_kept() {
        assert_eq!(blank("let a = \"x\\\"y\"; // b"), "let a =       ;     ");
        assert_eq!(blank("a /* b /* c */ d */ e"), "a                   e");
        assert_eq!(blank("r#\"a\"b\"# + br\"c\" + bar\"d\""), "         + b     + bar   ");
        assert_eq!(blank("fn f<'a>(c: &'a str) -> char { '\\'' }").trim_end(), "fn f<'a>(c: &'a str) -> char {      }");
        assert_eq!(blank("'x' 'y 'z'"), "    'y    ");
    }

    #[test]
    fn lines_stay_where_they_are() {
        let text = "a\n\"b\nc\"\n// d\ne\n";
        assert_eq!(blank(text).lines().count(), text.lines().count());
        assert_eq!(blank(text).lines().last(), Some("e"));
    }

    #[test]
    fn the_test_module_at_the_end_is_no_product_code() {
        let text = "//! x\nfn a() {}\n#[cfg(test)]\nuse b::c;\n\n#[cfg(all(test, unix))]\nmod tests {\n}\n";
        let source = Source::new("crates/core/src/a.rs", text);
        assert_eq!(source.tests_from, 5);
        assert_eq!(source.product_code().count(), 5);
    }

    #[test]
    fn a_file_of_tests_has_no_product_code() {
        for path in ["tests/src/lib.rs", "crates/core/tests/a.rs", "crates/core/src/plan/tests.rs"] {
            assert_eq!(Source::new(path, "fn a() {}\n").product_code().count(), 0, "{path}");
        }
    }

    #[test]
    fn a_word_is_not_found_inside_another() {
        assert!(has_word("std::fs::read(x)", "fs::"));
        assert!(!has_word("diffs::read(x)", "fs::"));
        assert!(has_word("println!()", "print!") != has_word("print!()", "print!"));
        assert!(!has_word("eprintln!()", "println!"));
    }
}

//! The conditions of a `when`: those that do not wait for a loop are asked before it. Evaluating them is `stage`'s.

/// The parts of `a and b`, each of which has to hold; the whole when something binds looser than `and`.
pub(super) fn parts(source: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    // Behind a dot it is the name of a field.
    let operators = words(source).into_iter().filter(|(at, _)| !source[..*at].trim_end().ends_with('.'));
    for (at, word) in operators {
        match word {
            "and" => {
                parts.push(source[start..at].trim());
                start = at + word.len();
            }
            "or" | "if" | "else" => return vec![source],
            _ => {}
        }
    }
    parts.push(source[start..].trim());
    // What is no expression is told as it was written.
    if parts.iter().any(|part| part.is_empty()) { vec![source] } else { parts }
}

/// The words outside of quotes and brackets, with their places.
fn words(source: &str) -> Vec<(usize, &str)> {
    let (mut words, mut depth, mut quote, mut start) = (Vec::new(), 0_usize, None, None);
    let mut letters = source.char_indices();
    while let Some((at, letter)) = letters.next() {
        let is_word = quote.is_none() && depth == 0 && (letter.is_alphanumeric() || letter == '_');
        match (is_word, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push((from, &source[from..at]));
                start = None;
            }
            _ => {}
        }
        match (quote, letter) {
            (Some(_), '\\') => {
                letters.next();
            }
            (Some(open), _) if open == letter => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    words.extend(start.map(|from| (from, &source[from..])));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_to_hold_together_is_taken_apart() {
        assert_eq!(parts("scores and (high or low) and text"), ["scores", "(high or low)", "text"]);
        assert_eq!(parts("a == 'x and y' and not b"), ["a == 'x and y'", "not b"]);
        assert_eq!(parts("a['it\\'s and'] and sand.and_more"), ["a['it\\'s and']", "sand.and_more"]);
    }

    #[test]
    fn what_binds_looser_stays_whole() {
        for whole in ["a and b or c", "a and b if c else d", "a", "a and", "", "doc.and == 1 - doc. or"] {
            assert_eq!(parts(whole), [whole]);
        }
    }
}

//! Which texts mention which names, and what follows from that for the order of views. What is written is the engines'.

/// Whether a text has a name as a word of its own, in quotes or not. Case counts as it does for the text.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    places(text, name).next().is_some()
}

/// A text with another word in place of one.
pub(super) fn with_word(text: &str, old: &str, new: &str) -> String {
    let mut replaced = String::new();
    let mut from = 0;
    for at in places(text, old).collect::<Vec<_>>() {
        replaced.push_str(&text[from..at]);
        replaced.push_str(new);
        from = at + old.len();
    }
    replaced.push_str(&text[from..]);
    replaced
}

/// Names in an order in which each comes after those that its text mentions. What goes in a circle comes last, as it is.
pub(super) fn sorted<T: Clone>(mut items: Vec<T>, depends: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut done = Vec::new();
    while !items.is_empty() {
        let free =
            items.iter().position(|item| !items.iter().any(|other| !std::ptr::eq(item, other) && depends(item, other)));
        done.push(items.remove(free.unwrap_or(0)));
    }
    done
}

fn places<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$');
    let is_whole =
        move |at: &usize| !is_part(text[..*at].chars().next_back()) && !is_part(text[at + name.len()..].chars().next());
    let found = if name.is_empty() { Vec::new() } else { text.match_indices(name).map(|(at, _)| at).collect() };
    found.into_iter().filter(is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_whole_words_only() {
        assert!(mentions("select a from public.ship where x", "ship"));
        assert!(mentions("`ship`.`id`", "ship"));
        assert!(!mentions("select shipment, flagship, ship_id", "ship"));
        assert_eq!(with_word("ship ship_id \"ship\"", "ship", "boat"), "boat ship_id \"boat\"");
    }

    #[test]
    fn what_is_mentioned_comes_first() {
        let items = vec![("a", "from b"), ("b", "from c"), ("c", "from t")];
        let names: Vec<_> =
            sorted(items, |one, other| mentions(one.1, other.0)).iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["c", "b", "a"]);
    }
}

//! Versions as numbers, because tools that count write leading zeros in file names and none in tables. Order of files is not here.

/// The digits a version begins with, without leading zeros; none when there are no digits.
pub(super) fn number(version: &str) -> Option<u64> {
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..end].parse().ok()
}

/// The parts of a dotted version, without zeros at its end: `1.0` and `1` are the same version to Flyway.
pub(super) fn dotted(version: &str) -> Option<Vec<u64>> {
    let mut parts = version.split(['.', '_']).map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    while parts.len() > 1 && parts.last() == Some(&0) {
        parts.pop();
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_value() {
        assert_eq!(number("000010"), number("10"));
        assert_eq!(number("x1"), None);
        assert_eq!(dotted("1.02.0"), dotted("1.2"));
        assert!(dotted("1.9") < dotted("1.10"));
        assert_eq!(dotted("R__views"), None);
    }
}

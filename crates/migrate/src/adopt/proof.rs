//! Compares a file with a recorded checksum, whichever way its lines end. Which checksum a tool computes is its own file's.

use super::Compared;

/// Compares what `digest` computes of the bytes, as they are and with line ends of the two kinds.
pub(super) fn compare(bytes: &[u8], recorded: &str, digest: impl Fn(&[u8]) -> Vec<String>) -> Compared {
    let computed = digest(bytes);
    if computed.iter().any(|computed| computed == recorded) {
        return Compared::Equal;
    }
    let unix = with_line_feeds(bytes);
    let windows = with_carriage_returns(&unix);
    if [unix, windows].iter().any(|bytes| digest(bytes).iter().any(|computed| computed == recorded)) {
        return Compared::EqualLines;
    }
    Compared::Different { recorded: recorded.to_owned(), computed: computed.into_iter().next().unwrap_or_default() }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a string cannot fail");
        out
    })
}

fn with_line_feeds(bytes: &[u8]) -> Vec<u8> {
    let ends_line = |index: usize| bytes[index] == b'\r' && bytes.get(index + 1) == Some(&b'\n');
    (0..bytes.len()).filter(|index| !ends_line(*index)).map(|index| bytes[index]).collect()
}

fn with_carriage_returns(unix: &[u8]) -> Vec<u8> {
    unix.iter()
        .flat_map(|byte| if *byte == b'\n' { &b"\r\n"[..] } else { std::slice::from_ref(byte) })
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(bytes: &[u8]) -> Vec<String> {
        vec![hex(bytes)]
    }

    #[test]
    fn line_ends_of_either_kind_are_told_from_an_edit() {
        let unix = hex(b"a\nb\n");
        let windows = hex(b"a\r\nb\r\n");
        assert_eq!(compare(b"a\nb\n", &unix, same), Compared::Equal);
        assert_eq!(compare(b"a\r\nb\r\n", &unix, same), Compared::EqualLines);
        assert_eq!(compare(b"a\nb\n", &windows, same), Compared::EqualLines);
        assert_eq!(compare(b"a\nb\r\n", &windows, same), Compared::EqualLines);
        assert!(matches!(compare(b"a\nb", &unix, same), Compared::Different { .. }));
    }
}

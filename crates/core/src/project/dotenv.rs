//! Reading `.env.<environment>` files: names and values with their lines. No substitution, so no hidden inputs.

/// The assignments of a file as (name, value, line), and the lines that are none.
pub(super) fn parse(text: &str) -> (Vec<(String, String, u32)>, Vec<u32>) {
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let assignment = line.strip_prefix("export ").unwrap_or(line);
        match assignment.split_once('=') {
            Some((name, value)) if is_name(name.trim()) => {
                found.push((name.trim().to_owned(), unquote(value.trim()), number));
            }
            _ => wrong.push(number),
        }
    }
    (found, wrong)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Quoted values are taken literally (double quotes know `\n`, `\"` and `\\`); unquoted ones end at ` #`.
fn unquote(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) {
        return inner.0.to_owned();
    }
    let Some(rest) = value.strip_prefix('"') else {
        return value.split(" #").next().unwrap_or_default().trim_end().to_owned();
    };
    let mut out = String::new();
    let mut chars = rest.chars();
    while let Some(character) = chars.next() {
        match character {
            '"' => break,
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => break,
            },
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_comments_exports_and_crlf_are_read_as_shells_do() {
        let text = "\u{feff}# c\r\nexport A=1 # one\r\nB=\"x # y\\n\"\nC='$HOME'\nD=a=b\nnonsense\n9X=1\n";
        let (found, wrong) = parse(text);
        let pairs: Vec<_> = found.iter().map(|(name, value, line)| format!("{line}:{name}={value}")).collect();
        assert_eq!(pairs, ["2:A=1", "3:B=x # y\n", "4:C=$HOME", "5:D=a=b"]);
        assert_eq!(wrong, [6, 7]);
    }
}

//! The cookies that answers set. Which of them are expected is `expect`'s to say.

/// Names and values of all cookies that an answer sets, in its order.
pub(crate) fn set_by(headers: &[(String, String)]) -> Vec<(String, String)> {
    let set = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    set.filter_map(|(_, value)| {
        let (name, value) = value.split(';').next()?.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
    })
    .collect()
}

//! Judges whether a default differs from row to row, by the functions that it calls. What a default is, is `column`'s.

use super::cursor::Cursor;
use crate::lexer::TokenKind;
use crate::operation::Volatile;

/// Functions that give each row a value of its own, on any engine.
const EACH: &str = "random random_normal gen_random_uuid uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 uuidv4 \
    uuidv7 clock_timestamp timeofday nextval setval gen_random_bytes rand uuid uuid_short sysdate \
    random_bytes randomblob";

/// Functions that give one value to a whole statement, and words before parentheses that are no functions.
const ONCE: &str = "now transaction_timestamp statement_timestamp current_timestamp current_time current_date localtime \
    localtimestamp utc_timestamp utc_date unix_timestamp timezone date_trunc to_timestamp \
    current_setting current_database current_schema version array row lower upper concat md5 coalesce \
    nullif cast abs round floor length json_array json_object jsonb_build_object jsonb_build_array \
    json_build_object json_build_array datetime date time strftime julianday unixepoch in and or not \
    interval numeric decimal varchar char bit timestamp timestamptz varying character binary";

/// Judged by the functions that are called. Those that give one value to a whole statement are as good as constants.
pub(super) fn volatile(expression: &Cursor<'_>) -> Volatile {
    let mut found = Volatile::No;
    for at in 0..expression.tokens.len() {
        let next_value = expression.is_at(at, "NEXT") && expression.is_at(at + 1, "VALUE");
        let called = matches!(expression.kind(at), Some(TokenKind::Word | TokenKind::Quoted))
            && expression.piece(at + 1) == "("
            && (at == 0 || expression.piece(at - 1) != "::");
        let is = |names: &str| names.split(' ').any(|name| expression.piece(at).eq_ignore_ascii_case(name));
        if next_value || (called && is(EACH)) {
            return Volatile::Yes;
        }
        let own = expression.piece(at.wrapping_sub(1)) == "." && expression.piece(at.wrapping_sub(2)) != "pg_catalog";
        if called && (!is(ONCE) || own) {
            found = Volatile::Unknown;
        }
    }
    found
}

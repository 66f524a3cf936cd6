//! Reads `CREATE TABLE`. What an item of the list says is left to `column` and `constraint`.

use plimsoll_core::db::Engine;

use super::create::Prefix;
use super::cursor::Cursor;
use super::{column, constraint};
use crate::operation::{CreateTable, Operation};

/// `CREATE TABLE` from the word after `TABLE` on.
pub(super) fn create(cursor: &mut Cursor<'_>, prefix: &Prefix) -> Option<Operation> {
    let if_not_exists = cursor.if_not_exists();
    let mut table = CreateTable {
        name: cursor.name()?,
        if_not_exists,
        or_replace: prefix.or_replace,
        temporary: prefix.temporary,
        columns: Vec::new(),
        constraints: Vec::new(),
        indexes: Vec::new(),
        like: Vec::new(),
        partition_of: None,
        as_select: false,
        options: String::new(),
    };
    // Such a schema says the same as `TEMPORARY`.
    let temporary_schema = match cursor.engine {
        Engine::Sqlite => Some("temp"),
        Engine::Postgres => Some("pg_temp"),
        Engine::Mysql => None,
    };
    table.temporary |= temporary_schema
        .is_some_and(|schema| table.name.schema.as_ref().is_some_and(|found| found.eq_ignore_ascii_case(schema)));
    if cursor.eat_all(&["PARTITION", "OF"]) {
        table.partition_of = Some(cursor.name()?);
    }
    if cursor.eat("LIKE") {
        table.like.push(cursor.name()?);
    } else if cursor.is_symbol("(") {
        items(cursor.parens()?, &mut table)?;
    } else if table.partition_of.is_none() && !cursor.is_any(&["AS", "SELECT", "OF", "USING", "WITH"]) {
        // MySQL has its options there when the columns come from a query.
        if cursor.engine != Engine::Mysql || !cursor.has(&["SELECT"]) {
            return None;
        }
    }
    let options = match cursor.engine {
        Engine::Mysql => cursor.take_until(&["AS", "SELECT"]),
        Engine::Postgres | Engine::Sqlite => cursor.take_until(&["AS"]),
    };
    table.options = options.collapsed();
    table.as_select = !cursor.is_empty();
    // MySQL may put the query in parentheses.
    let only_a_query = table.columns.is_empty() && table.constraints.is_empty() && table.like.is_empty();
    let partition =
        table.partition_of.is_some() || table.options.get(..3).is_some_and(|of| of.eq_ignore_ascii_case("of "));
    let nothing = only_a_query && !table.as_select && !partition && cursor.engine != Engine::Postgres;
    if nothing { None } else { Some(Operation::CreateTable(Box::new(table))) }
}

fn items(list: Cursor<'_>, table: &mut CreateTable) -> Option<()> {
    if list.is("SELECT") && list.engine == Engine::Mysql {
        table.as_select = true;
        return Some(());
    }
    for mut item in list.commas() {
        if item.is("LIKE") && item.engine != Engine::Sqlite {
            item.eat("LIKE");
            table.like.push(item.name()?);
        } else if item.is("PERIOD") && item.is_at(1, "FOR") && item.engine == Engine::Mysql {
            // MariaDB's, for versions of rows; its columns are listed like any other.
        } else if constraint::is_index(&item) {
            table.indexes.push(constraint::index(&mut item)?);
        } else if constraint::begins(&item) {
            table.constraints.push(constraint::definition(&mut item)?);
        } else {
            table.columns.push(column::definition(&mut item)?);
        }
    }
    Some(())
}

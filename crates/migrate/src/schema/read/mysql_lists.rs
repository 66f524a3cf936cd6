//! What MySQL and MariaDB answer as several rows an object: keys, checks, partitions, parameters, privileges. Objects that are
//! one row each are `mysql`'s.

use plimsoll_core::db::{Db, DbError, DynRow, Engine, Stmt};

use super::{Object, ObjectKind, object_of, set, text};
use crate::schema::text::normalized;

pub(super) fn indexes(db: &mut dyn Db, mariadb: bool) -> Result<Vec<Object>, DbError> {
    let (column, hidden) = if mariadb {
        ("CONCAT('`', COLUMN_NAME, '`')", "IF(IGNORED = 'YES', 'ignored', NULL)")
    } else {
        (
            "IF(COLUMN_NAME IS NULL, CONCAT('(', EXPRESSION, ')'), CONCAT('`', COLUMN_NAME, '`'))",
            "IF(IS_VISIBLE = 'NO', 'invisible', NULL)",
        )
    };
    let sql = format!(
        "SELECT TABLE_NAME, INDEX_NAME, CONCAT({column}, IF(SUB_PART IS NULL, '', CONCAT('(', SUB_PART, ')')), \
         IF(COLLATION = 'D', ' DESC', '')), IF(NON_UNIQUE, 'not unique', 'unique'), INDEX_TYPE, {hidden}, \
         NULLIF(INDEX_COMMENT, '') FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() \
         ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"
    );
    let mut found = Vec::new();
    for rows in grouped(db.rows(&Stmt::new(sql))?) {
        let (columns, row) = (listed(&rows, 2), &rows[0]);
        let primary = row.text(1) == "PRIMARY";
        let mut object = if primary {
            object_of(ObjectKind::PrimaryKey, row.text(0), "")
        } else {
            object_of(ObjectKind::Index, row.text(0), row.text(1))
        };
        set(&mut object, "columns", Some(columns));
        if !primary {
            set(&mut object, "uniqueness", text(row.at(3)));
        }
        set(&mut object, "method", text(row.at(4)));
        set(&mut object, "visibility", text(row.at(5)));
        set(&mut object, "comment", text(row.at(6)));
        found.push(object);
    }
    Ok(found)
}

pub(super) fn foreign_keys(db: &mut dyn Db) -> Result<Vec<Object>, DbError> {
    let sql = "SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, CONCAT('`', k.COLUMN_NAME, '`'), CONCAT('`', k.REFERENCED_COLUMN_NAME, '`'), \
        CONCAT(IF(k.REFERENCED_TABLE_SCHEMA = DATABASE(), '', CONCAT('`', k.REFERENCED_TABLE_SCHEMA, '`.')), '`', \
        k.REFERENCED_TABLE_NAME, '`'), LOWER(r.DELETE_RULE), LOWER(r.UPDATE_RULE) \
        FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r \
        ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME \
        WHERE k.TABLE_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME IS NOT NULL \
        ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION";
    let mut found = Vec::new();
    for rows in grouped(db.rows(&Stmt::new(sql))?) {
        let (columns, row) = (listed(&rows, 2), &rows[0]);
        let name =
            if is_generated(row.text(1)) { format!("({})", columns.replace('`', "")) } else { row.text(1).to_owned() };
        let mut object = object_of(ObjectKind::ForeignKey, row.text(0), name);
        set(&mut object, "references", Some(format!("{} ({})", row.text(4), listed(&rows, 3))));
        set(&mut object, "columns", Some(columns));
        // The two are the same to InnoDB, and which one is shown depends on the version.
        let action = |at| Some(row.text(at).replace("no action", "restrict"));
        set(&mut object, "on delete", action(5));
        set(&mut object, "on update", action(6));
        found.push(object);
    }
    Ok(found)
}

pub(super) fn checks(db: &mut dyn Db, mariadb: bool) -> Result<Vec<Object>, DbError> {
    let sql = if mariadb {
        "SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, LEVEL, NULL FROM information_schema.CHECK_CONSTRAINTS \
         WHERE CONSTRAINT_SCHEMA = DATABASE() ORDER BY TABLE_NAME, CONSTRAINT_NAME"
    } else {
        "SELECT t.TABLE_NAME, t.CONSTRAINT_NAME, c.CHECK_CLAUSE, NULL, IF(t.ENFORCED = 'NO', 'not enforced', NULL) \
         FROM information_schema.TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c \
         ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME \
         WHERE t.TABLE_SCHEMA = DATABASE() AND t.CONSTRAINT_TYPE = 'CHECK' ORDER BY t.TABLE_NAME, t.CONSTRAINT_NAME"
    };
    let check = |row: &DynRow| {
        let (name, expression) = (row.text(1), normalized(Engine::Mysql, row.text(2)));
        let name = if row.text(3) == "Column" {
            // MariaDB names it after its column, which a constraint of the table may be called, too.
            format!("(of column {name})")
        } else if is_generated(name) {
            format!("({})", expression.replace('`', ""))
        } else {
            name.to_owned()
        };
        let mut object = object_of(ObjectKind::Check, row.text(0), name);
        set(&mut object, "expression", Some(expression));
        set(&mut object, "enforcement", text(row.at(4)));
        object
    };
    Ok(db.rows(&Stmt::new(sql))?.iter().map(check).collect())
}

/// Tells tables how they are partitioned.
pub(super) fn partitions(db: &mut dyn Db, tables: &mut [Object]) -> Result<(), DbError> {
    let sql = "SELECT TABLE_NAME, CONCAT_WS(' ', PARTITION_METHOD, PARTITION_EXPRESSION, SUBPARTITION_METHOD, SUBPARTITION_EXPRESSION), \
        CONCAT_WS(' ', PARTITION_NAME, SUBPARTITION_NAME, PARTITION_DESCRIPTION) FROM information_schema.PARTITIONS \
        WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME IS NOT NULL \
        ORDER BY TABLE_NAME, PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION";
    for rows in grouped(db.rows(&Stmt::new(sql))?) {
        let row = &rows[0];
        if let Some(table) = tables.iter_mut().find(|table| table.key.name == row.text(0)) {
            set(table, "partitioned by", text(row.at(1)));
            set(table, "partitions", Some(listed(&rows, 2)));
        }
    }
    Ok(())
}

/// Tells functions and procedures their parameters.
pub(super) fn parameters(db: &mut dyn Db, routines: &mut [Object]) -> Result<(), DbError> {
    let sql = "SELECT SPECIFIC_NAME, ROUTINE_TYPE, CONCAT_WS(' ', PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER) \
        FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = DATABASE() AND ORDINAL_POSITION > 0 \
        ORDER BY SPECIFIC_NAME, ROUTINE_TYPE, ORDINAL_POSITION";
    for rows in grouped(db.rows(&Stmt::new(sql))?) {
        let row = &rows[0];
        let kind = if row.text(1) == "FUNCTION" { ObjectKind::Function } else { ObjectKind::Procedure };
        if let Some(routine) =
            routines.iter_mut().find(|routine| routine.key.kind == kind && routine.key.name == row.text(0))
        {
            set(routine, "parameters", Some(listed(&rows, 2)));
        }
    }
    Ok(())
}

/// What accounts may do with tables and with columns of them.
pub(super) fn grants(db: &mut dyn Db) -> Result<Vec<Object>, DbError> {
    let privilege = "CONCAT(PRIVILEGE_TYPE, IF(IS_GRANTABLE = 'YES', ' with grant option', ''))";
    let sql = format!(
        "SELECT TABLE_NAME, GRANTEE, {privilege} FROM information_schema.TABLE_PRIVILEGES WHERE TABLE_SCHEMA = DATABASE() \
         UNION ALL SELECT TABLE_NAME, CONCAT(GRANTEE, ' (', COLUMN_NAME, ')'), {privilege} \
         FROM information_schema.COLUMN_PRIVILEGES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2, 3"
    );
    let grant = |rows: &Vec<DynRow>| {
        let mut object = object_of(ObjectKind::Grant, rows[0].text(0), rows[0].text(1));
        set(&mut object, "privileges", Some(listed(rows, 2)));
        object
    };
    Ok(grouped(db.rows(&Stmt::new(sql))?).iter().map(grant).collect())
}

/// Rows that begin with the same two texts, together and in their order. Never none.
fn grouped(mut rows: Vec<DynRow>) -> Vec<Vec<DynRow>> {
    let begins = |row: &DynRow| (row.text(0).to_owned(), row.text(1).to_owned());
    // The server sorts names that differ in case among each other.
    rows.sort_by_key(begins);
    rows.chunk_by(|one, other| begins(one) == begins(other)).map(<[DynRow]>::to_vec).collect()
}

fn listed(rows: &[DynRow], at: usize) -> String {
    rows.iter().map(|row| row.text(at)).collect::<Vec<_>>().join(", ")
}

/// Whether the server made up the name by counting: `orders_ibfk_1`, `orders_chk_1`, `CONSTRAINT_1`, and `1` on newer MariaDB.
fn is_generated(name: &str) -> bool {
    let counted = name.trim_end_matches(|c: char| c.is_ascii_digit());
    counted.len() < name.len()
        && (counted.is_empty() || counted == "CONSTRAINT_" || counted.ends_with("_ibfk_") || counted.ends_with("_chk_"))
}

#[cfg(test)]
mod tests {
    use super::is_generated;

    #[test]
    fn names_that_the_server_counts_are_told_from_those_that_people_chose() {
        for name in ["orders_ibfk_1", "orders_chk_12", "CONSTRAINT_1", "7"] {
            assert!(is_generated(name), "{name}");
        }
        for name in ["orders_ibfk_", "orders_user_1", "orders_fk", "chk_1x", ""] {
            assert!(!is_generated(name), "{name}");
        }
    }
}

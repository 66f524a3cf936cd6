//! Tests of MySQL's and MariaDB's forms. What holds everywhere is in the parent.

use super::*;

const MY: Engine = Engine::Mysql;

#[test]
fn tables_as_they_are_dumped_are_read() {
    let found = table(
        MY,
        "CREATE TABLE IF NOT EXISTS `app`.`T` (\n `id` int(11) unsigned NOT NULL AUTO_INCREMENT COMMENT 'a, (b',\n \
         `start` datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),\n `end` enum('a','b)') CHARACTER SET latin1 DEFAULT 'a',\n \
         g int GENERATED ALWAYS AS (`id` + 1) VIRTUAL,\n PRIMARY KEY (`id`),\n UNIQUE KEY `u` (`start`, `end`(10)),\n KEY k (g DESC) USING BTREE,\n \
         FULLTEXT KEY f (`end`),\n CONSTRAINT `fk` FOREIGN KEY (g) REFERENCES `o` (`id`) ON DELETE CASCADE,\n CONSTRAINT c CHECK (g > 0) NOT ENFORCED\n) \
         ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 /*!50100 PARTITION BY HASH (id) PARTITIONS 4 */",
    );
    assert_eq!(found.name, name("app.T"));
    let types: Vec<_> = found.columns.iter().map(|column| (column.name.as_str(), column.type_text.as_str())).collect();
    let expected = [("id", "int(11) unsigned"), ("start", "datetime(3)"), ("end", "enum('a','b)')"), ("g", "int")];
    assert_eq!(types, expected);
    assert!(found.columns[0].auto_increment && found.columns[0].not_null);
    assert_eq!(found.columns[0].other.as_deref(), Some("COMMENT 'a, (b'"));
    assert_eq!(found.columns[1].other.as_deref(), Some("ON UPDATE CURRENT_TIMESTAMP(3)"));
    assert_eq!(
        found.columns[1].default.as_ref().map(|d| (d.text.as_str(), d.volatile)),
        Some(("CURRENT_TIMESTAMP(3)", Volatile::No))
    );
    assert_eq!(found.columns[2].other.as_deref(), Some("CHARACTER SET latin1"));
    assert_eq!(found.columns[3].generated, Some(Generated::Virtual));
    let kinds: Vec<_> = found.constraints.iter().map(|c| (c.kind, c.name.as_deref(), c.columns.join(" "))).collect();
    let expected = [
        (ConstraintKind::PrimaryKey, None, "id".to_owned()),
        (ConstraintKind::Unique, Some("u"), "start end".to_owned()),
        (ConstraintKind::ForeignKey, Some("fk"), "g".to_owned()),
        (ConstraintKind::Check, Some("c"), String::new()),
    ];
    assert_eq!(kinds, expected);
    assert!(found.constraints[3].not_enforced);
    assert_eq!(found.indexes.len(), 2);
    assert_eq!(found.indexes[1].method.as_deref(), Some("fulltext"));
    assert_eq!(found.options, "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 PARTITION BY HASH (id) PARTITIONS 4");
    assert_eq!(table(MY, "CREATE TABLE a LIKE b.c").like, [name("b.c")]);
    assert!(table(MY, "CREATE TABLE a ENGINE=InnoDB SELECT * FROM b").as_select);
}

#[test]
fn every_action_of_a_list_is_read() {
    let sql = "ALTER TABLE t ADD COLUMN IF NOT EXISTS a decimal(10,2) DEFAULT (uuid()) AFTER `b c`, MODIFY COLUMN d varchar(10) NOT NULL FIRST, \
               CHANGE e f int, DROP PRIMARY KEY, DROP FOREIGN KEY g, DROP INDEX IF EXISTS h, DROP i, RENAME INDEX j TO k, \
               ADD UNIQUE KEY u (a, b), ADD INDEX IF NOT EXISTS l (m(5), n), ENGINE=InnoDB ROW_FORMAT=DYNAMIC, \
               CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, ALGORITHM=inplace, LOCK NONE";
    let found = actions(MY, sql);
    let kinds: Vec<_> = found
        .iter()
        .map(|action| match action {
            AlterAction::AddColumn { column, if_not_exists, position } => {
                let volatile = column.default.as_ref().map(|default| default.volatile);
                format!("add {} {if_not_exists} {position:?} {volatile:?}", column.type_text)
            }
            AlterAction::ModifyColumn { column, position } => {
                format!("modify {} {} {position:?}", column.name, column.not_null)
            }
            AlterAction::ChangeColumn { from, column, .. } => format!("change {from} {}", column.name),
            AlterAction::DropPrimaryKey => "drop key".to_owned(),
            AlterAction::DropForeignKey { name, .. } => format!("drop foreign {name}"),
            AlterAction::DropIndex { name, if_exists } => format!("drop index {name} {if_exists}"),
            AlterAction::DropColumn { column, .. } => format!("drop {column}"),
            AlterAction::RenameIndex { from, to } => format!("rename index {from} {to}"),
            AlterAction::AddConstraint(added) => format!("unique {:?}", added.constraint.columns),
            AlterAction::AddIndex(index) => format!("index {:?}", constraint_columns(index)),
            AlterAction::Engine { name } => format!("engine {name}"),
            AlterAction::ConvertCharset { charset, collate } => format!("convert {charset} {collate:?}"),
            AlterAction::Algorithm { value } => format!("algorithm {value}"),
            AlterAction::Lock { value } => format!("lock {value}"),
            AlterAction::Other { text } => text.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        "add decimal(10,2) true Some(After(\"b c\")) Some(Yes)",
        "modify d true Some(First)",
        "change e f",
        "drop key",
        "drop foreign g",
        "drop index h true",
        "drop i",
        "rename index j k",
        "unique [\"a\", \"b\"]",
        "index [\"m\", \"n\"]",
        "engine InnoDB",
        "ROW_FORMAT=DYNAMIC",
        "convert utf8mb4 Some(\"utf8mb4_bin\")",
        "algorithm INPLACE",
        "lock NONE",
    ];
    assert_eq!(kinds, expected);
}

fn constraint_columns(index: &IndexDef) -> Vec<&str> {
    index.columns.iter().filter_map(|part| part.column.as_deref()).collect()
}

#[test]
fn columns_in_parentheses_are_added_each() {
    let sql = "ALTER TABLE t ADD (a int, b decimal(4,2) NOT NULL, KEY k (a))";
    let found = placed(MY, sql);
    assert_eq!(found.len(), 3);
    assert_eq!(&sql[found[1].span.start..found[1].span.end], "b decimal(4,2) NOT NULL");
    assert!(matches!(&found[2].operation, Operation::AlterTable { action: AlterAction::AddIndex(_), .. }));
}

#[test]
fn commas_inside_of_an_action_do_not_end_it() {
    let other = |text: &str| AlterAction::Other { text: text.to_owned() };
    assert_eq!(actions(MY, "ALTER TABLE t DROP PARTITION p0, p1"), [other("DROP PARTITION p0, p1")]);
    assert_eq!(actions(MY, "ALTER TABLE t ORDER BY a, b DESC"), [other("ORDER BY a, b DESC")]);
}

#[test]
fn tables_are_renamed_in_pairs() {
    let found = all(MY, "RENAME TABLE a TO b, x.c TO y.`d`");
    let pair = |from, to| Operation::RenameTable { from: name(from), to: name(to) };
    assert_eq!(found, [pair("a", "b"), pair("x.c", "y.d")]);
}

#[test]
fn settings_in_executable_comments_are_read() {
    let set =
        |name: &str, value: &str, scope| Operation::Set { name: name.to_owned(), value: Some(value.to_owned()), scope };
    let sql = "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_ZERO' */";
    let expected = [set("@old_sql_mode", "@@SQL_MODE", Scope::Session), set("sql_mode", "'NO_ZERO'", Scope::Session)];
    assert_eq!(all(MY, sql), expected);
    assert_eq!(one(MY, "SET NAMES utf8mb4"), set("names", "utf8mb4", Scope::Session));
    assert_eq!(one(MY, "SET @@GLOBAL.max_x=-1"), set("max_x", "-1", Scope::Global));
    assert_eq!(one(MY, "SET GLOBAL a = 1"), set("a", "1", Scope::Global));
    let run = one(MY, "SET STATEMENT max_statement_time=1 FOR DELETE FROM t");
    assert_eq!(run, Operation::Delete { table: Some(name("t")), has_where: false });
}

#[test]
fn objects_with_a_definer_are_read() {
    let create = |object, key: &str, on: Option<&str>| Operation::Create {
        object,
        name: name(key),
        or_replace: false,
        if_not_exists: false,
        on: on.map(name),
    };
    let view = "CREATE ALGORITHM=MERGE DEFINER=`root`@`%` SQL SECURITY DEFINER VIEW `v` AS SELECT 1";
    assert_eq!(one(MY, view), create(Object::View, "v", None));
    let trigger = "CREATE DEFINER='root'@'localhost' TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1";
    assert_eq!(one(MY, trigger), create(Object::Trigger, "g", Some("t")));
    assert_eq!(one(MY, "CREATE SCHEMA s"), create(Object::Database, "s", None));
    let Operation::CreateIndex { index, .. } = one(MY, "CREATE INDEX i ON t (a(10)) ALGORITHM=INPLACE LOCK=NONE")
    else {
        panic!("an index")
    };
    assert_eq!((index.algorithm.as_deref(), index.lock.as_deref()), (Some("INPLACE"), Some("NONE")));
    let dropped = Operation::DropIndex {
        names: vec![name("i")],
        table: Some(name("t")),
        concurrently: false,
        if_exists: false,
        cascade: false,
    };
    assert_eq!(one(MY, "DROP INDEX i ON t"), dropped);
}

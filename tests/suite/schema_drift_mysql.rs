//! Every single change to a schema of MySQL and MariaDB is found, and said as one sentence. What a schema is, is in `schema_read`.
#![cfg(any(feature = "mysql", feature = "mysql-bundled"))]

use plimsoll_core::db::Engine;
use plimsoll_tests::TestDatabase;
use plimsoll_tests::schema::{drift, read, rich, script};

/// What somebody did behind everybody's back, how it is taken back, and what the comparison says.
const CHANGES: &[(&str, &str, &str)] = &[
    ("DROP INDEX ship_name ON ship", "CREATE INDEX ship_name ON ship (name(10), tons DESC)", ""),
    ("CREATE INDEX extra ON ship (tons)", "DROP INDEX extra ON ship", ""),
    (
        "ALTER TABLE ship DROP INDEX ship_name, ADD INDEX ship_name (name(12), tons DESC)",
        "ALTER TABLE ship DROP INDEX ship_name, ADD INDEX ship_name (name(10), tons DESC)",
        "",
    ),
    (
        "ALTER TABLE ship DROP INDEX ship_name, ADD INDEX ship_name (name(10), tons)",
        "ALTER TABLE ship DROP INDEX ship_name, ADD INDEX ship_name (name(10), tons DESC)",
        "",
    ),
    (
        "ALTER TABLE ship DROP INDEX ship_code, ADD INDEX ship_code (code)",
        "ALTER TABLE ship DROP INDEX ship_code, ADD UNIQUE INDEX ship_code (code)",
        "",
    ),
    ("ALTER TABLE ship ALTER INDEX ship_name IGNORED", "ALTER TABLE ship ALTER INDEX ship_name NOT IGNORED", ""),
    (
        "ALTER TABLE ship RENAME INDEX ship_name TO ship_title",
        "ALTER TABLE ship RENAME INDEX ship_title TO ship_name",
        "",
    ),
    ("ALTER TABLE ship DROP INDEX ship_note", "ALTER TABLE ship ADD FULLTEXT INDEX ship_note (note)", ""),
    ("ALTER TABLE ship ALTER name SET DEFAULT 'unnamed'", "ALTER TABLE ship ALTER name SET DEFAULT 'nameless'", ""),
    ("ALTER TABLE ship ALTER name DROP DEFAULT", "ALTER TABLE ship ALTER name SET DEFAULT 'nameless'", ""),
    ("ALTER TABLE ship MODIFY tons int NOT NULL", "ALTER TABLE ship MODIFY tons int", ""),
    ("ALTER TABLE ship MODIFY tons bigint", "ALTER TABLE ship MODIFY tons int", ""),
    ("ALTER TABLE ship MODIFY tons int unsigned", "ALTER TABLE ship MODIFY tons int", ""),
    ("ALTER TABLE ship MODIFY tons int DEFAULT 1", "ALTER TABLE ship MODIFY tons int", ""),
    ("ALTER TABLE ship MODIFY tons int COMMENT 'heavy'", "ALTER TABLE ship MODIFY tons int", ""),
    ("ALTER TABLE ship MODIFY tons int INVISIBLE", "ALTER TABLE ship MODIFY tons int", ""),
    ("ALTER TABLE ship MODIFY tons int AFTER id", "ALTER TABLE ship MODIFY tons int AFTER changed", ""),
    (
        "ALTER TABLE ship MODIFY mood enum('calm', 'rough', 'wild') NOT NULL DEFAULT 'calm'",
        "ALTER TABLE ship MODIFY mood enum('calm', 'rough') NOT NULL DEFAULT 'calm'",
        "",
    ),
    (
        "ALTER TABLE ship MODIFY changed timestamp NOT NULL DEFAULT current_timestamp()",
        "ALTER TABLE ship MODIFY changed timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()",
        "",
    ),
    (
        "ALTER TABLE ship MODIFY changed datetime NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()",
        "ALTER TABLE ship MODIFY changed timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()",
        "",
    ),
    (
        "ALTER TABLE ship MODIFY note text COLLATE utf8mb4_bin",
        "ALTER TABLE ship MODIFY note text COLLATE utf8mb4_unicode_ci",
        "",
    ),
    (
        "ALTER TABLE ship MODIFY data longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "ALTER TABLE ship MODIFY data json",
        "",
    ),
    (
        "ALTER TABLE ship MODIFY shout varchar(40) GENERATED ALWAYS AS (lower(name)) STORED",
        "ALTER TABLE ship MODIFY shout varchar(40) GENERATED ALWAYS AS (upper(name)) STORED",
        "",
    ),
    ("ALTER TABLE ship ADD extra int", "ALTER TABLE ship DROP extra", ""),
    ("ALTER TABLE log DROP line", "ALTER TABLE log ADD line text", ""),
    ("ALTER TABLE log RENAME COLUMN line TO text", "ALTER TABLE log RENAME COLUMN text TO line", ""),
    (
        "ALTER TABLE ship MODIFY id bigint unsigned NOT NULL",
        "ALTER TABLE ship MODIFY id bigint unsigned NOT NULL AUTO_INCREMENT",
        "",
    ),
    ("ALTER TABLE log ADD PRIMARY KEY (at)", "ALTER TABLE log DROP PRIMARY KEY", ""),
    (
        "ALTER TABLE ship DROP CONSTRAINT ship_named",
        "ALTER TABLE ship ADD CONSTRAINT ship_named CHECK (name <> '')",
        "",
    ),
    (
        "ALTER TABLE ship DROP CONSTRAINT ship_named, ADD CONSTRAINT ship_named CHECK (length(name) > 1)",
        "ALTER TABLE ship DROP CONSTRAINT ship_named, ADD CONSTRAINT ship_named CHECK (name <> '')",
        "",
    ),
    ("ALTER TABLE ship DROP CONSTRAINT CONSTRAINT_1", "ALTER TABLE ship ADD CHECK (tons > 0)", ""),
    (
        "ALTER TABLE ship MODIFY length decimal(8, 2) DEFAULT 0 CHECK (length >= 1)",
        "ALTER TABLE ship MODIFY length decimal(8, 2) DEFAULT 0 CHECK (length >= 0)",
        "",
    ),
    (
        "ALTER TABLE visit DROP FOREIGN KEY visit_ship",
        "ALTER TABLE visit ADD CONSTRAINT visit_ship FOREIGN KEY (ship_id) REFERENCES ship (id) ON DELETE CASCADE",
        "",
    ),
    (
        "ALTER TABLE visit DROP FOREIGN KEY visit_ship; ALTER TABLE visit ADD CONSTRAINT visit_ship FOREIGN KEY (ship_id) REFERENCES ship (id)",
        "ALTER TABLE visit DROP FOREIGN KEY visit_ship; ALTER TABLE visit ADD CONSTRAINT visit_ship FOREIGN KEY (ship_id) REFERENCES ship (id) ON DELETE CASCADE",
        "",
    ),
    (
        "ALTER TABLE visit DROP FOREIGN KEY visit_ibfk_1",
        "ALTER TABLE visit ADD FOREIGN KEY (previous) REFERENCES ship (id) ON DELETE SET NULL",
        "",
    ),
    (
        "ALTER TABLE visit DROP FOREIGN KEY visit_ibfk_1; ALTER TABLE visit ADD FOREIGN KEY (previous) REFERENCES ship (id) ON UPDATE CASCADE ON DELETE SET NULL",
        "ALTER TABLE visit DROP FOREIGN KEY visit_ibfk_1; ALTER TABLE visit ADD FOREIGN KEY (previous) REFERENCES ship (id) ON DELETE SET NULL",
        "",
    ),
    ("ALTER TABLE ship COMMENT = 'what sinks'", "ALTER TABLE ship COMMENT = 'what floats'", ""),
    ("ALTER TABLE log ENGINE = Aria", "ALTER TABLE log ENGINE = InnoDB", ""),
    ("ALTER TABLE visit DEFAULT COLLATE utf8mb4_bin", "ALTER TABLE visit DEFAULT COLLATE utf8mb4_general_ci", ""),
    ("ALTER TABLE visit ROW_FORMAT = COMPACT", "ALTER TABLE visit ROW_FORMAT = DEFAULT", ""),
    ("ALTER TABLE log ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))", "ALTER TABLE log DROP PARTITION p2", ""),
    (
        "ALTER TABLE log REMOVE PARTITIONING",
        "ALTER TABLE log PARTITION BY RANGE (at) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
        "",
    ),
    ("ALTER TABLE visit ADD SYSTEM VERSIONING", "ALTER TABLE visit DROP SYSTEM VERSIONING", ""),
    ("CREATE TABLE extra (id int PRIMARY KEY)", "DROP TABLE extra", ""),
    ("RENAME TABLE log TO diary", "RENAME TABLE diary TO log", ""),
    ("ALTER SEQUENCE ticket INCREMENT BY 2", "ALTER SEQUENCE ticket INCREMENT BY 5", ""),
    ("ALTER SEQUENCE ticket NOCYCLE", "ALTER SEQUENCE ticket CYCLE", ""),
    (
        "CREATE OR REPLACE VIEW named AS SELECT id, name FROM ship",
        "CREATE OR REPLACE VIEW named AS SELECT id, name FROM ship WHERE name <> 'nameless'",
        "",
    ),
    (
        "CREATE OR REPLACE SQL SECURITY INVOKER VIEW named AS SELECT id, name FROM ship WHERE name <> 'nameless'",
        "CREATE OR REPLACE SQL SECURITY DEFINER VIEW named AS SELECT id, name FROM ship WHERE name <> 'nameless'",
        "",
    ),
    ("DROP VIEW named", "CREATE VIEW named AS SELECT id, name FROM ship WHERE name <> 'nameless'", ""),
    (
        "CREATE OR REPLACE FUNCTION shout(t varchar(40)) RETURNS varchar(40) CHARSET utf8mb4 DETERMINISTIC RETURN lower(t)",
        "CREATE OR REPLACE FUNCTION shout(t varchar(40)) RETURNS varchar(40) CHARSET utf8mb4 DETERMINISTIC RETURN upper(t)",
        "",
    ),
    (
        "CREATE OR REPLACE FUNCTION shout(t varchar(50)) RETURNS varchar(40) CHARSET utf8mb4 DETERMINISTIC RETURN upper(t)",
        "CREATE OR REPLACE FUNCTION shout(t varchar(40)) RETURNS varchar(40) CHARSET utf8mb4 DETERMINISTIC RETURN upper(t)",
        "",
    ),
    ("ALTER PROCEDURE tidy SQL SECURITY INVOKER", "ALTER PROCEDURE tidy SQL SECURITY DEFINER", ""),
    (
        "DROP PROCEDURE tidy",
        "CREATE PROCEDURE tidy(IN days int) DELETE FROM visit WHERE day < current_date() - INTERVAL days DAY",
        "",
    ),
    (
        "DROP TRIGGER stamp_ship",
        "CREATE TRIGGER stamp_ship BEFORE INSERT ON ship FOR EACH ROW SET NEW.note = coalesce(NEW.note, 'new')",
        "",
    ),
    (
        "CREATE OR REPLACE TRIGGER stamp_ship BEFORE UPDATE ON ship FOR EACH ROW SET NEW.note = coalesce(NEW.note, 'new')",
        "CREATE OR REPLACE TRIGGER stamp_ship BEFORE INSERT ON ship FOR EACH ROW SET NEW.note = coalesce(NEW.note, 'new')",
        "",
    ),
    ("ALTER EVENT sweep DISABLE", "ALTER EVENT sweep ENABLE", ""),
    ("ALTER EVENT sweep ON SCHEDULE EVERY 2 DAY", "ALTER EVENT sweep ON SCHEDULE EVERY 1 DAY", ""),
    ("DROP EVENT sweep", "CREATE EVENT sweep ON SCHEDULE EVERY 1 DAY DO DELETE FROM log WHERE at < 5", ""),
];

#[test]
fn every_change_to_a_mysql_schema_is_one_difference_with_its_name() {
    let mut db = TestDatabase::new(Engine::Mysql);
    script(&mut db, rich(Engine::Mysql));
    let before = read(&mut db);
    let mut wrong = Vec::new();
    for (change, back, expected) in CHANGES {
        script(&mut db, change);
        let found = drift(&mut db, &before).join("\n");
        if found != *expected {
            wrong.push(format!("{change}\n{found}"));
        }
        script(&mut db, back);
        assert_eq!(drift(&mut db, &before), Vec::<String>::new(), "{back}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(drift(&mut db, &before).is_empty());
}

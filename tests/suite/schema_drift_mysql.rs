//! Every single change to a schema of MySQL and MariaDB is found, and said as one sentence. What a schema is, is in `schema_read`.
#![cfg(any(feature = "mysql", feature = "mysql-bundled"))]

use plimsoll_core::db::Engine;
use plimsoll_tests::TestDatabase;
use plimsoll_tests::schema::{drift, read, rich, script};

/// What somebody did behind everybody's back, how it is taken back, and what the comparison says.
pub(crate) const CHANGES: &[(&str, &str, &str)] = &[
    (
        "DROP INDEX ship_name ON ship",
        "CREATE INDEX ship_name ON ship (name(10), tons DESC)",
        "index `ship.ship_name`: is missing",
    ),
    ("CREATE INDEX extra ON ship (tons)", "DROP INDEX extra ON ship", "index `ship.extra`: should not be there"),
    (
        "ALTER TABLE ship DROP INDEX ship_name, ADD INDEX ship_name (name(12), tons DESC)",
        "ALTER TABLE ship DROP INDEX ship_name, ADD INDEX ship_name (name(10), tons DESC)",
        "index `ship.ship_name`: columns is `name`(12), `tons` DESC, should be `name`(10), `tons` DESC",
    ),
    (
        "ALTER TABLE ship DROP INDEX ship_name, ADD INDEX ship_name (name(10), tons)",
        "ALTER TABLE ship DROP INDEX ship_name, ADD INDEX ship_name (name(10), tons DESC)",
        "index `ship.ship_name`: columns is `name`(10), `tons`, should be `name`(10), `tons` DESC",
    ),
    (
        "ALTER TABLE ship DROP INDEX ship_code, ADD INDEX ship_code (code)",
        "ALTER TABLE ship DROP INDEX ship_code, ADD UNIQUE INDEX ship_code (code)",
        "index `ship.ship_code`: not unique, should be unique",
    ),
    (
        "ALTER TABLE ship ALTER INDEX ship_name IGNORED",
        "ALTER TABLE ship ALTER INDEX ship_name NOT IGNORED",
        "index `ship.ship_name`: visibility is `ignored`, should be none",
    ),
    (
        "ALTER TABLE ship RENAME INDEX ship_name TO ship_title",
        "ALTER TABLE ship RENAME INDEX ship_title TO ship_name",
        "index `ship.ship_name`: is missing\nindex `ship.ship_title`: should not be there",
    ),
    (
        "ALTER TABLE ship DROP INDEX ship_note",
        "ALTER TABLE ship ADD FULLTEXT INDEX ship_note (note)",
        "index `ship.ship_note`: is missing",
    ),
    (
        "ALTER TABLE ship ALTER name SET DEFAULT 'unnamed'",
        "ALTER TABLE ship ALTER name SET DEFAULT 'nameless'",
        "column `ship.name`: default is `'unnamed'`, should be `'nameless'`",
    ),
    (
        "ALTER TABLE ship ALTER name DROP DEFAULT",
        "ALTER TABLE ship ALTER name SET DEFAULT 'nameless'",
        "column `ship.name`: no default, should be `'nameless'`",
    ),
    (
        "ALTER TABLE ship MODIFY tons int NOT NULL",
        "ALTER TABLE ship MODIFY tons int",
        "column `ship.tons`: not null, should be nullable",
    ),
    (
        "ALTER TABLE ship MODIFY tons bigint",
        "ALTER TABLE ship MODIFY tons int",
        "column `ship.tons`: type is `bigint(20)`, should be `int(11)`",
    ),
    (
        "ALTER TABLE ship MODIFY tons int unsigned",
        "ALTER TABLE ship MODIFY tons int",
        "column `ship.tons`: type is `int(10) unsigned`, should be `int(11)`",
    ),
    (
        "ALTER TABLE ship MODIFY tons int DEFAULT 1",
        "ALTER TABLE ship MODIFY tons int",
        "column `ship.tons`: default is `1`, should be none",
    ),
    (
        "ALTER TABLE ship MODIFY tons int COMMENT 'heavy'",
        "ALTER TABLE ship MODIFY tons int",
        "column `ship.tons`: comment is `heavy`, should be none",
    ),
    (
        "ALTER TABLE ship MODIFY tons int INVISIBLE",
        "ALTER TABLE ship MODIFY tons int",
        "column `ship.tons`: extra is `INVISIBLE`, should be none",
    ),
    (
        "ALTER TABLE ship MODIFY tons int AFTER id",
        "ALTER TABLE ship MODIFY tons int AFTER changed",
        "table `ship`: column order is `id, tons, name, code, shout, length, mood, data, changed, note`, should be `id, name, code, shout, length, mood, data, changed, tons, note`",
    ),
    (
        "ALTER TABLE ship MODIFY mood enum('calm', 'rough', 'wild') NOT NULL DEFAULT 'calm'",
        "ALTER TABLE ship MODIFY mood enum('calm', 'rough') NOT NULL DEFAULT 'calm'",
        "column `ship.mood`: type is `enum('calm','rough','wild')`, should be `enum('calm','rough')`",
    ),
    (
        "ALTER TABLE ship MODIFY changed timestamp NOT NULL DEFAULT current_timestamp()",
        "ALTER TABLE ship MODIFY changed timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()",
        "column `ship.changed`: no extra, should be `on update current_timestamp()`",
    ),
    (
        "ALTER TABLE ship MODIFY changed datetime NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()",
        "ALTER TABLE ship MODIFY changed timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()",
        "column `ship.changed`: type is `datetime`, should be `timestamp`",
    ),
    (
        "ALTER TABLE ship MODIFY note text COLLATE utf8mb4_bin",
        "ALTER TABLE ship MODIFY note text COLLATE utf8mb4_unicode_ci",
        "column `ship.note`: collation is `utf8mb4_bin`, should be `utf8mb4_unicode_ci`",
    ),
    (
        "ALTER TABLE ship MODIFY data longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "ALTER TABLE ship MODIFY data json",
        "check `ship (of column data)`: is missing",
    ),
    (
        "ALTER TABLE ship MODIFY shout varchar(40) GENERATED ALWAYS AS (lower(name)) STORED",
        "ALTER TABLE ship MODIFY shout varchar(40) GENERATED ALWAYS AS (upper(name)) STORED",
        "column `ship.shout`: generated is lcase(`name`) stored, should be ucase(`name`) stored",
    ),
    ("ALTER TABLE ship ADD extra int", "ALTER TABLE ship DROP extra", "column `ship.extra`: should not be there"),
    ("ALTER TABLE log DROP line", "ALTER TABLE log ADD line text", "column `log.line`: is missing"),
    (
        "ALTER TABLE log RENAME COLUMN line TO text",
        "ALTER TABLE log RENAME COLUMN text TO line",
        "column `log.line`: is missing\ncolumn `log.text`: should not be there",
    ),
    (
        "ALTER TABLE ship MODIFY id bigint unsigned NOT NULL",
        "ALTER TABLE ship MODIFY id bigint unsigned NOT NULL AUTO_INCREMENT",
        "column `ship.id`: no extra, should be `auto_increment`",
    ),
    (
        "ALTER TABLE log ADD PRIMARY KEY (at)",
        "ALTER TABLE log DROP PRIMARY KEY",
        "primary key `log`: should not be there",
    ),
    (
        "ALTER TABLE ship DROP CONSTRAINT ship_named",
        "ALTER TABLE ship ADD CONSTRAINT ship_named CHECK (name <> '')",
        "check `ship.ship_named`: is missing",
    ),
    (
        "ALTER TABLE ship DROP CONSTRAINT ship_named, ADD CONSTRAINT ship_named CHECK (length(name) > 1)",
        "ALTER TABLE ship DROP CONSTRAINT ship_named, ADD CONSTRAINT ship_named CHECK (name <> '')",
        "check `ship.ship_named`: expression is octet_length(`name`) > 1, should be `name` <> ''",
    ),
    (
        "ALTER TABLE ship DROP CONSTRAINT CONSTRAINT_1",
        "ALTER TABLE ship ADD CHECK (tons > 0)",
        "check `ship (tons > 0)`: is missing",
    ),
    (
        "ALTER TABLE ship MODIFY length decimal(8, 2) DEFAULT 0 CHECK (length >= 1)",
        "ALTER TABLE ship MODIFY length decimal(8, 2) DEFAULT 0 CHECK (length >= 0)",
        "check `ship (of column length)`: expression is `length` >= 1, should be `length` >= 0",
    ),
    (
        "ALTER TABLE visit DROP FOREIGN KEY visit_ship",
        "ALTER TABLE visit ADD CONSTRAINT visit_ship FOREIGN KEY (ship_id) REFERENCES ship (id) ON DELETE CASCADE",
        "foreign key `visit.visit_ship`: is missing",
    ),
    (
        "ALTER TABLE visit DROP FOREIGN KEY visit_ship; ALTER TABLE visit ADD CONSTRAINT visit_ship FOREIGN KEY (ship_id) REFERENCES ship (id)",
        "ALTER TABLE visit DROP FOREIGN KEY visit_ship; ALTER TABLE visit ADD CONSTRAINT visit_ship FOREIGN KEY (ship_id) REFERENCES ship (id) ON DELETE CASCADE",
        "foreign key `visit.visit_ship`: on delete is `restrict`, should be `cascade`",
    ),
    (
        "ALTER TABLE visit DROP FOREIGN KEY visit_ibfk_1",
        "ALTER TABLE visit ADD FOREIGN KEY (previous) REFERENCES ship (id) ON DELETE SET NULL",
        "foreign key `visit (previous)`: is missing",
    ),
    (
        "ALTER TABLE visit DROP FOREIGN KEY visit_ibfk_1; ALTER TABLE visit ADD FOREIGN KEY (previous) REFERENCES ship (id) ON UPDATE CASCADE ON DELETE SET NULL",
        "ALTER TABLE visit DROP FOREIGN KEY visit_ibfk_1; ALTER TABLE visit ADD FOREIGN KEY (previous) REFERENCES ship (id) ON DELETE SET NULL",
        "foreign key `visit (previous)`: on update is `cascade`, should be `restrict`",
    ),
    (
        "ALTER TABLE ship COMMENT = 'what sinks'",
        "ALTER TABLE ship COMMENT = 'what floats'",
        "table `ship`: comment is `what sinks`, should be `what floats`",
    ),
    (
        "ALTER TABLE log ENGINE = Aria",
        "ALTER TABLE log ENGINE = InnoDB",
        "table `log`: engine is `Aria`, should be `InnoDB`",
    ),
    (
        "ALTER TABLE visit DEFAULT COLLATE utf8mb4_bin",
        "ALTER TABLE visit DEFAULT COLLATE utf8mb4_general_ci",
        "table `visit`: collation is `utf8mb4_bin`, should be `utf8mb4_general_ci`",
    ),
    (
        "ALTER TABLE visit ROW_FORMAT = COMPACT",
        "ALTER TABLE visit ROW_FORMAT = DEFAULT",
        "table `visit`: options is `row_format=COMPACT`, should be none",
    ),
    (
        "ALTER TABLE log ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))",
        "ALTER TABLE log DROP PARTITION p2",
        "table `log`: partitions is `p0 10, p1 20, p2 30`, should be `p0 10, p1 20`",
    ),
    (
        "ALTER TABLE log REMOVE PARTITIONING",
        "ALTER TABLE log PARTITION BY RANGE (at) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
        "table `log`: no partitioned by, should be RANGE `at`; no partitions, should be `p0 10, p1 20`",
    ),
    (
        "ALTER TABLE visit ADD SYSTEM VERSIONING",
        "ALTER TABLE visit DROP SYSTEM VERSIONING",
        "table `visit`: versioning is `system versioned`, should be none",
    ),
    ("CREATE TABLE extra (id int PRIMARY KEY)", "DROP TABLE extra", "table `extra`: should not be there"),
    (
        "RENAME TABLE log TO diary",
        "RENAME TABLE diary TO log",
        "table `diary`: should not be there\ntable `log`: is missing",
    ),
    (
        "ALTER SEQUENCE ticket INCREMENT BY 2",
        "ALTER SEQUENCE ticket INCREMENT BY 5",
        "sequence `ticket`: increment is `2`, should be `5`",
    ),
    ("ALTER SEQUENCE ticket NOCYCLE", "ALTER SEQUENCE ticket CYCLE", "sequence `ticket`: should be cycling"),
    (
        "CREATE OR REPLACE VIEW named AS SELECT id, name FROM ship",
        "CREATE OR REPLACE VIEW named AS SELECT id, name FROM ship WHERE name <> 'nameless'",
        "view `named`: definition is select `ship`.`id` AS `id`,`ship`.`name` AS `name` from `ship`, should be select `ship`.`id` AS `id`,`ship`.`name` AS `name` from `ship` where `ship`.`name` <> 'nameless'",
    ),
    (
        "CREATE OR REPLACE SQL SECURITY INVOKER VIEW named AS SELECT id, name FROM ship WHERE name <> 'nameless'",
        "CREATE OR REPLACE SQL SECURITY DEFINER VIEW named AS SELECT id, name FROM ship WHERE name <> 'nameless'",
        "view `named`: security is `INVOKER`, should be `DEFINER`",
    ),
    (
        "DROP VIEW named",
        "CREATE VIEW named AS SELECT id, name FROM ship WHERE name <> 'nameless'",
        "view `named`: is missing",
    ),
    (
        "CREATE OR REPLACE FUNCTION shout(t varchar(40)) RETURNS varchar(40) CHARSET utf8mb4 DETERMINISTIC RETURN lower(t)",
        "CREATE OR REPLACE FUNCTION shout(t varchar(40)) RETURNS varchar(40) CHARSET utf8mb4 DETERMINISTIC RETURN upper(t)",
        "function `shout`: definition is `RETURN lower(t)`, should be `RETURN upper(t)`",
    ),
    (
        "CREATE OR REPLACE FUNCTION shout(t varchar(50)) RETURNS varchar(40) CHARSET utf8mb4 DETERMINISTIC RETURN upper(t)",
        "CREATE OR REPLACE FUNCTION shout(t varchar(40)) RETURNS varchar(40) CHARSET utf8mb4 DETERMINISTIC RETURN upper(t)",
        "function `shout`: parameters is `IN t varchar(50)`, should be `IN t varchar(40)`",
    ),
    (
        "ALTER PROCEDURE tidy SQL SECURITY INVOKER",
        "ALTER PROCEDURE tidy SQL SECURITY DEFINER",
        "procedure `tidy`: security is `INVOKER`, should be `DEFINER`",
    ),
    (
        "DROP PROCEDURE tidy",
        "CREATE PROCEDURE tidy(IN days int) DELETE FROM visit WHERE day < current_date() - INTERVAL days DAY",
        "procedure `tidy`: is missing",
    ),
    (
        "DROP TRIGGER stamp_ship",
        "CREATE TRIGGER stamp_ship BEFORE INSERT ON ship FOR EACH ROW SET NEW.note = coalesce(NEW.note, 'new')",
        "trigger `ship.stamp_ship`: is missing",
    ),
    (
        "CREATE OR REPLACE TRIGGER stamp_ship BEFORE UPDATE ON ship FOR EACH ROW SET NEW.note = coalesce(NEW.note, 'new')",
        "CREATE OR REPLACE TRIGGER stamp_ship BEFORE INSERT ON ship FOR EACH ROW SET NEW.note = coalesce(NEW.note, 'new')",
        "trigger `ship.stamp_ship`: time is `BEFORE UPDATE`, should be `BEFORE INSERT`",
    ),
    ("ALTER EVENT sweep DISABLE", "ALTER EVENT sweep ENABLE", "event `sweep`: disabled, should be enabled"),
    (
        "ALTER EVENT sweep ON SCHEDULE EVERY 2 DAY",
        "ALTER EVENT sweep ON SCHEDULE EVERY 1 DAY",
        "event `sweep`: schedule is `every 2 DAY`, should be `every 1 DAY`",
    ),
    (
        "DROP EVENT sweep",
        "CREATE EVENT sweep ON SCHEDULE EVERY 1 DAY DO DELETE FROM log WHERE at < 5",
        "event `sweep`: is missing",
    ),
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

//! Scripts that are hard to split, against the engines themselves, statement by statement. What the splitter makes of text that
//! no server would take is tested beside it.

use plimsoll_core::db::{Engine, Stmt};
use plimsoll_migrate::split;
use plimsoll_tests::live_tests;

const POSTGRES: &str = r#"
-- a comment; with a semicolon '
/* nested /* comments; */ do not end here; ' */
CREATE TABLE "semi;colon" (id int PRIMARY KEY, "a""b;" text DEFAULT E'\';', c text DEFAULT ';'' ');
CREATE FUNCTION one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 ELSE 2 END; END;
CREATE FUNCTION two(a int) RETURNS int LANGUAGE plpgsql AS $größe$
BEGIN
  IF a > 1 THEN RETURN $1; END IF; -- $$ ; $größ$
  RETURN CASE a WHEN 1 THEN 2 ELSE 3 END;
END $größe$;
CREATE RULE r AS ON DELETE TO "semi;colon" DO ALSO (UPDATE "semi;colon" SET id = 8; SELECT ';');
DO $$ BEGIN EXECUTE 'INSERT INTO "semi;colon" (id) VALUES (1); SELECT ''x;'''; END $$;
INSERT INTO "semi;colon" SELECT 2, U&'d\0061t\+000061;', b'1'::text || x'1f'::text WHERE 5 <> - 5;
SET standard_conforming_strings = off;
INSERT INTO "semi;colon" VALUES (3, 'it\';s', '/* no comment; */');
SET standard_conforming_strings = on;
INSERT INTO "semi;colon" VALUES (4, '\', $$--;$$);;
SELECT two(one())
"#;

const SQLITE: &str = r#"
-- a comment; '
/* /* no nesting; */
CREATE TABLE "semi;colon" (id INTEGER PRIMARY KEY, [a"b;] TEXT DEFAULT '\', `c;` TEXT DEFAULT ';''');
CREATE TABLE trigger_log (what TEXT);
CREATE TRIGGER t AFTER INSERT ON "semi;colon" WHEN NEW.id > CASE WHEN 1 THEN 0 END BEGIN
  INSERT INTO trigger_log VALUES (';' || CASE NEW.id WHEN 1 THEN 'END;' ELSE 'x' END);
  UPDATE "semi;colon" SET [a"b;] = 'end;' || NEW.id; -- END;
END;
INSERT INTO "semi;colon" (id) VALUES (1);;
INSERT INTO "semi;colon" (id) VALUES (2)
"#;

const MYSQL: &str = r#"
-- a comment; '
# another; "
CREATE TABLE `semi;colon` (id INTEGER PRIMARY KEY, `a"b;` VARCHAR(20) DEFAULT '\';', c VARCHAR(20) DEFAULT ";""");
/*!40101 SET @saved = @@sql_mode, sql_mode = 'NO_BACKSLASH_ESCAPES' */;
INSERT INTO `semi;colon` VALUES (1, '\', "\");
SET sql_mode = @saved;
DELIMITER //
CREATE TRIGGER t BEFORE INSERT ON `semi;colon` FOR EACH ROW
BEGIN
  IF NEW.id > 5--1 THEN SET NEW.c = CASE NEW.id WHEN 7 THEN 'END;' ELSE '//' END; END IF;
END//
delimiter ;
INSERT INTO `semi;colon` VALUES (7, 'it\';s', 'y');
CREATE PROCEDURE p() BEGIN DECLARE i INT DEFAULT 0; l: LOOP SET i = i + 1; IF i > 2 THEN LEAVE l; END IF; END LOOP; END;
/*!50003 CREATE PROCEDURE q() BEGIN SELECT ';'; END */;
CALL p()
"#;

/// The corpus, how many statements it has, and the rows that they leave in `semi;colon`.
fn corpus(engine: Engine) -> (&'static str, usize, &'static [&'static str]) {
    match engine {
        Engine::Postgres => (POSTGRES, 11, &["1|';|;' ", "2|data;|100011111", "3|it';s|/* no comment; */", r"4|\|--;"]),
        Engine::Sqlite => (SQLITE, 5, &["1|end;2|;'", "2|end;2|;'"]),
        Engine::Mysql => (MYSQL, 9, &[r"1|\|\", "7|it';s|END;"]),
    }
}

/// Everything in the table, in order, a line for each row.
fn read_back(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => r#"SELECT id || '|' || "a""b;" || '|' || c FROM "semi;colon" ORDER BY id"#,
        Engine::Sqlite => r#"SELECT id || '|' || [a"b;] || '|' || `c;` FROM "semi;colon" ORDER BY id"#,
        Engine::Mysql => r#"SELECT concat(id, '|', `a"b;`, '|', c) FROM `semi;colon` ORDER BY id"#,
    }
}

live_tests! {
    fn servers_take_each_statement_of_a_script_that_is_hard_to_split(db: &mut TestDatabase) {
        let engine = db.db().engine();
        let (text, count, rows) = corpus(engine);
        let statements = split(engine, "corpus.sql".as_ref(), text).expect("splits");
        let texts: Vec<_> = statements.iter().map(|statement| statement.text.as_str()).collect();
        assert_eq!(texts.len(), count, "{texts:#?}");
        for text in texts {
            db.db().batch(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        }
        let found = db.db().rows(&Stmt::new(read_back(engine))).expect("is read");
        assert_eq!(found.iter().map(|row| row.text(0)).collect::<Vec<_>>(), rows);
    }
}

//! Tests of the splitter, by engine. The tokens it is made of are tested in `lexer`.

use proptest::prelude::*;

use super::*;

fn texts(engine: Engine, text: &str) -> Vec<String> {
    split(engine, Path::new("m.sql"), text).expect("splits").into_iter().map(|statement| statement.text).collect()
}

fn refused(engine: Engine, text: &str) -> String {
    let problem = split(engine, Path::new("m.sql"), text).expect_err("is refused");
    format!("{} {problem}", problem.location.as_ref().expect("has a place"))
}

#[test]
fn statements_know_their_place_and_lose_the_comments_around_them() {
    let sql = "-- first\r\nSELECT 1;\r\n\r\n  /* two */ SELECT\r\n 2 ; -- the end\n;;\n";
    let statements = split(Engine::Sqlite, Path::new("m.sql"), sql).expect("splits");
    assert_eq!(statements.iter().map(|s| s.text.as_str()).collect::<Vec<_>>(), ["SELECT 1", "SELECT\r\n 2"]);
    assert_eq!(plimsoll_core::line_and_column(sql, statements[1].offset), (4, 13));
}

#[test]
fn sqlite_triggers_stay_whole() {
    let trigger = "CREATE TRIGGER t AFTER UPDATE ON a WHEN NEW.end > 1 BEGIN\n UPDATE b SET x = CASE WHEN 1 THEN ';' ELSE 2 END;\n SELECT 1; END";
    assert_eq!(texts(Engine::Sqlite, &format!("{trigger};\nSELECT 1")), [trigger, "SELECT 1"]);
    assert_eq!(texts(Engine::Sqlite, "CREATE TABLE trigger_log (a); SELECT 1;").len(), 2);
}

#[test]
fn postgres_bodies_and_rules_stay_whole() {
    let function = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END";
    let quoted = "DO $body$ BEGIN PERFORM 1; END $body$";
    let rule = "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)";
    assert_eq!(
        texts(Engine::Postgres, &format!("{function};{quoted};\n{rule};SELECT 3;")),
        [function, quoted, rule, "SELECT 3"]
    );
    assert_eq!(texts(Engine::Postgres, "SELECT CASE WHEN a THEN b END; SELECT 1").len(), 2);
}

#[test]
fn mysql_delimiters_are_obeyed() {
    let sql = "DELIMITER $$\nCREATE PROCEDURE p()\nBEGIN\n SELECT 1;\nEND$$\ndelimiter ;\nSELECT 2;";
    assert_eq!(texts(Engine::Mysql, sql), ["CREATE PROCEDURE p()\nBEGIN\n SELECT 1;\nEND", "SELECT 2"]);
}

#[test]
fn mysql_bodies_stay_whole_without_delimiters() {
    let body = "CREATE DEFINER=`root`@`localhost` TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN\n IF NEW.x THEN SET NEW.y = CASE WHEN 1 THEN 2 END; \
                END IF; CASE NEW.x WHEN 1 THEN SET NEW.y = 1; END CASE; l: LOOP LEAVE l; END LOOP; END";
    assert_eq!(texts(Engine::Mysql, &format!("{body};\nSELECT 1;")), [body, "SELECT 1"]);
    assert_eq!(
        texts(Engine::Mysql, "/*!40101 SET NAMES utf8 */;\nSELECT 1"),
        ["/*!40101 SET NAMES utf8 */", "SELECT 1"]
    );
}

#[test]
fn what_only_psql_understands_is_refused_with_its_line() {
    assert!(
        refused(Engine::Postgres, "SELECT 1;\n\\connect other\n")
            .starts_with("m.sql:2:1 `\\connect` is a command of psql")
    );
    assert!(
        refused(Engine::Postgres, "\nCOPY t (a) FROM stdin;\n1\t'\n\\.\n")
            .starts_with("m.sql:2:1 `COPY .. FROM stdin`")
    );
    assert_eq!(texts(Engine::Postgres, "\\restrict abc'\nSELECT 1;\n\\unrestrict abc'\n"), ["SELECT 1"]);
}

#[test]
fn broken_text_is_refused_with_its_place() {
    assert_eq!(refused(Engine::Sqlite, "SELECT 1;\nSELECT 'x"), "m.sql:2:8 a string that is never closed");
    assert!(refused(Engine::Sqlite, "SELECT\0 1").starts_with("m.sql:1:7 a NUL character"));
}

#[test]
fn a_script_that_decides_about_backslashes_is_read_as_it_decided() {
    let off = r"SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'; SELECT '\'; SET sql_mode = @old; SELECT '\';'";
    let expected =
        ["SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'", r"SELECT '\'", "SET sql_mode = @old", r"SELECT '\';'"];
    assert_eq!(texts(Engine::Mysql, off), expected);
    assert_eq!(texts(Engine::Mysql, r"/*!40101 SET SQL_MODE='NO_BACKSLASH_ESCAPES' */; SELECT '\'; SELECT 2").len(), 3);
    let on = r"SET standard_conforming_strings = off; SELECT '\';'; SET standard_conforming_strings TO on; SELECT '\'";
    assert_eq!(texts(Engine::Postgres, on).len(), 4);
}

#[test]
fn marks_and_line_ends_of_windows_split_as_anything_else() {
    let unix = "CREATE TABLE a (b int);\nINSERT INTO a VALUES (1);\n";
    let windows = unix.replace('\n', "\r\n");
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::Mysql] {
        assert_eq!(texts(engine, unix), texts(engine, &windows));
    }
    let tag = "DO $größe$ BEGIN PERFORM ';$größ$'; END $größe$";
    assert_eq!(
        texts(Engine::Postgres, &format!("{tag}; SELECT /* /* ; */ ; */ E'\\';'")),
        [tag, "SELECT /* /* ; */ ; */ E'\\';'"]
    );
}

/// Whole statements with semicolons, quotes and blocks inside, each of which has to come out as one.
fn statement(engine: Engine) -> BoxedStrategy<String> {
    let condition =
        "[a-z]{3}".prop_map(|name| format!("CASE WHEN x_{name} = ';' THEN 1 ELSE CASE 2 WHEN 2 THEN 3 END END"));
    let simple = condition.clone().prop_map(|case| format!("SELECT {case}"));
    let inner = proptest::collection::vec(simple.clone().prop_map(|text| format!("{text};")), 1..4)
        .prop_map(|all| all.join("\n "));
    match engine {
        Engine::Sqlite => prop_oneof![
            simple,
            inner
                .prop_map(|inner| format!("CREATE TEMP TRIGGER t AFTER INSERT ON a WHEN NEW.[end;] BEGIN {inner} END")),
        ]
        .boxed(),
        Engine::Postgres => prop_oneof![
            simple,
            (inner.clone(), "[a-zä]{0,3}")
                .prop_map(|(inner, tag)| format!("DO $q{tag}$ BEGIN {inner} $p$; '' END $q{tag}$")),
            inner.clone().prop_map(|inner| format!("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC {inner} END")),
            condition
                .prop_map(|case| format!("CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT {case}; SELECT E'\\';')")),
        ]
        .boxed(),
        Engine::Mysql => prop_oneof![
            simple,
            inner.clone().prop_map(|inner| format!(
                "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN {inner} IF 1 THEN {inner} END IF; END"
            )),
            inner.clone().prop_map(|inner| format!(
                "CREATE PROCEDURE p() BEGIN l: LOOP {inner} LEAVE l; END LOOP; WHILE 0 DO {inner} END WHILE; END"
            )),
            inner.prop_map(|inner| format!("/*!50003 CREATE PROCEDURE p() BEGIN {inner} END */")),
        ]
        .boxed(),
    }
}

/// Pieces that mean something everywhere, and blanks that mean nothing anywhere.
fn script() -> impl Strategy<Value = Vec<(String, String)>> {
    let token = prop_oneof![
        "[a-z]{2,8}".prop_filter("no keyword that opens a block", |word| !matches!(
            word.as_str(),
            "begin" | "case" | "end" | "copy" | "create"
        )),
        "[0-9]{1,5}",
        "'[a-z;\n -]{0,6}(''[a-z]{0,3})?'",
        Just(";".to_owned()),
        Just(",".to_owned()),
        Just("=".to_owned()),
    ];
    let blank = prop_oneof![
        Just(" ".to_owned()),
        Just("\n\t".to_owned()),
        Just("\r\n".to_owned()),
        "-- [a-z;' ]{0,6}\n",
        "/\\* [a-z; ]{0,6} \\*/"
    ];
    proptest::collection::vec((token, blank), 0..40)
}

fn significant(engine: Engine, text: &str) -> Vec<String> {
    let mut lexer = Lexer::new(engine, text);
    let mut found = Vec::new();
    while let Ok(Some(token)) = lexer.next() {
        if !matches!(token.kind, TokenKind::Blank | TokenKind::Separator) {
            found.push(text[token.start..token.end].to_owned());
        }
    }
    found
}

proptest! {
    #[test]
    fn statements_with_bodies_come_out_as_they_went_in(
        sqlite in proptest::collection::vec(statement(Engine::Sqlite), 1..5),
        postgres in proptest::collection::vec(statement(Engine::Postgres), 1..5),
        mysql in proptest::collection::vec(statement(Engine::Mysql), 1..5),
    ) {
        for (engine, statements) in [(Engine::Sqlite, sqlite), (Engine::Postgres, postgres), (Engine::Mysql, mysql)] {
            prop_assert_eq!(texts(engine, &statements.join(";\n-- ';\n")), statements);
        }
    }

    #[test]
    fn splitting_loses_no_token_and_joining_brings_the_same_statements(pieces in script()) {
        let text: String = pieces.iter().flat_map(|(token, blank)| [token.as_str(), blank.as_str()]).collect();
        for engine in [Engine::Sqlite, Engine::Postgres, Engine::Mysql] {
            let statements = texts(engine, &text);
            let joined = statements.join(";\n");
            prop_assert_eq!(significant(engine, &text), significant(engine, &joined));
            prop_assert_eq!(&statements, &texts(engine, &joined));
        }
    }

    #[test]
    fn splitting_never_panics_and_offsets_point_at_the_text(text in "[a-zE$'\"`;\\\\/*#(){}\\[\\]\n .-]{0,60}") {
        for engine in [Engine::Sqlite, Engine::Postgres, Engine::Mysql] {
            if let Ok(statements) = split(engine, Path::new("m.sql"), &text) {
                for statement in statements {
                    prop_assert_eq!(&text[statement.offset..statement.offset + statement.text.len()], statement.text.as_str());
                }
            }
        }
    }
}

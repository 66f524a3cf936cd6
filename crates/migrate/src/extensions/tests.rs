//! Tests of finding extensions in statements and of judging them, without a server. A real one is asked in the live tests.

use plimsoll_core::{Coded, ErrorCode};

use super::*;
use crate::plan::{PlanOptions, plan};

fn set(sql: &str) -> MigrationSet {
    MigrationSet::from_embedded(&[("0001_a", sql)]).expect("loads")
}

/// A server that has uuid-ossp, which is trusted, and vector, which is not.
fn server(superuser: bool, may_create: bool) -> Extensions {
    let extension = |name: &str, version: &str, trusted| AvailableExtension {
        name: name.to_owned(),
        version: version.to_owned(),
        superuser: true,
        trusted,
    };
    Extensions {
        server_version: "16.2".to_owned(),
        role: "app".to_owned(),
        superuser,
        may_create,
        available: vec![extension("uuid-ossp", "1.1", true), extension("vector", "0.8.5", false)],
        installed: BTreeSet::from(["plpgsql".to_owned()]),
    }
}

fn history(extensions: Extensions) -> History {
    History { extensions: Some(extensions), ..History::empty(Engine::Postgres) }
}

fn notes(sql: &str, extensions: Extensions) -> Vec<String> {
    let plan = plan(&set(sql), &history(extensions), &PlanOptions::default()).expect("plans");
    plan.notes.iter().map(ToString::to_string).collect()
}

fn refused(sql: &str) -> (ErrorCode, String, String) {
    let error =
        plan(&set(sql), &history(server(true, true)), &PlanOptions::default()).expect_err("something is missing");
    (error.code(), error.location().expect("has a place").to_string(), error.to_string())
}

#[test]
fn extensions_are_found_by_their_tokens() {
    let found = |sql: &str| {
        let all = wanted(Engine::Postgres, &set(sql).migrations[0]);
        all.into_iter().map(|each| (each.name, each.version, each.if_not_exists)).collect::<Vec<_>>()
    };
    let one =
        |name: &str, version: Option<&str>, tolerant| vec![(name.to_owned(), version.map(str::to_owned), tolerant)];
    assert_eq!(found("create extension Vector"), one("vector", None, false));
    assert_eq!(found("CREATE /* why */ EXTENSION IF NOT EXISTS \"uuid-ossp\";"), one("uuid-ossp", None, true));
    let with = "CREATE EXTENSION hstore WITH SCHEMA public VERSION '1.8' CASCADE";
    assert_eq!(found(with), one("hstore", Some("1.8"), false));
    assert_eq!(found("SELECT 'CREATE EXTENSION vector'; -- CREATE EXTENSION vector\nDROP EXTENSION vector"), []);
    assert_eq!(wanted(Engine::Sqlite, &set("CREATE EXTENSION vector").migrations[0]), []);
}

#[test]
fn a_missing_extension_is_refused_with_its_place_and_the_package_that_brings_it() {
    let sql = "CREATE EXTENSION \"uuid-ossp\";\nCREATE EXTENSION IF NOT EXISTS postgis;";
    let (code, place, text) = refused(sql);
    assert_eq!((code, place.as_str()), (ErrorCode::ExtensionMissing, "0001_a.sql:2:32"));
    insta::assert_snapshot!(text, @"PostgreSQL 16.2 does not have the extension `postgis`: it comes with PostGIS, in Debian the package `postgresql-16-postgis-3`");
}

#[test]
fn a_version_that_the_server_does_not_have_is_refused() {
    let (_, _, text) = refused("CREATE EXTENSION vector VERSION '0.5.0'");
    insta::assert_snapshot!(text, @"PostgreSQL 16.2 has the extension `vector` in the versions 0.8.5, not 0.5.0");
    assert!(notes("CREATE EXTENSION vector VERSION '0.8.5'", server(true, true)).is_empty());
}

#[test]
fn an_extension_that_is_missing_twice_is_told_about_once() {
    let migrations = [("0001_a", "CREATE EXTENSION hll"), ("0002_b", "CREATE EXTENSION IF NOT EXISTS hll")];
    let set = MigrationSet::from_embedded(&migrations).expect("loads");
    let error = plan(&set, &history(server(true, true)), &PlanOptions::default()).expect_err("is refused");
    assert!(error.parts().is_empty(), "{error:?}");
}

#[test]
fn what_the_database_has_already_is_not_looked_for() {
    let mut extensions = server(false, false);
    extensions.installed.insert("postgis".to_owned());
    assert!(notes("CREATE EXTENSION IF NOT EXISTS postgis", extensions).is_empty());
}

#[test]
fn a_role_that_may_not_be_allowed_is_warned() {
    let both = "CREATE EXTENSION vector; CREATE EXTENSION \"uuid-ossp\"";
    insta::assert_snapshot!(notes(both, server(false, false)).join("\n"), @r"
    0001 creates the extension `vector`, which takes a superuser, and `app` is none: some hosting services allow it all the same
    0001 creates the extension `uuid-ossp`, and `app` has no CREATE privilege on this database
    ");
    assert_eq!(notes(both, server(false, true)).len(), 1);
    assert!(notes(both, server(true, false)).is_empty());
}

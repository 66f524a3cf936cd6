//! The whole product on live databases, and the proof that no file of this folder is forgotten. Each area has its files.
#![cfg_attr(
    not(all(feature = "postgres", feature = "mysql")),
    allow(dead_code, unused_imports, unused_variables, reason = "what only the tests of a left out server use")
)]

mod adopt_cli;
mod adopt_doubts;
mod adopt_tools;
mod agent_platform;
mod cli_help;
mod cli_mistakes;
mod database;
mod deploy_failures;
mod deploy_first;
mod deploy_killed;
mod deploy_refusals;
mod deploy_rollback;
mod deploy_secrets;
mod deploy_together;
mod docs;
mod erp;
mod example;
mod example_admin;
mod lifecycle_audit;
mod lifecycle_cli;
mod lifecycle_keys;
mod lifecycle_rows;
mod lifecycle_triggers;
mod lifecycle_undo;
mod lock;
mod lock_lease;
mod lock_pooled;
mod migrate_apply;
mod migrate_diesel;
mod migrate_down;
mod migrate_drift;
mod migrate_drift_sql;
mod migrate_faults;
mod migrate_faults_outcome;
mod migrate_history;
mod migrate_interrupted;
mod migrate_inventory;
mod migrate_lint;
mod migrate_locked;
mod migrate_mysql;
mod migrate_overtaken;
mod migrate_postgres;
mod migrate_split;
mod migrate_sqlite;
mod migrate_squash;
mod migrate_status;
mod migrate_together;
mod migrate_verify;
mod operate_locks;
mod operate_query;
mod operate_symptoms;
mod schema_drift_mysql;
mod schema_drift_postgres;
mod schema_drift_sqlite;
mod schema_read;
mod scratch;
mod seed_bulk;
mod seed_bulk_errors;
mod seed_bulk_schema;
mod seed_bulk_undo;
mod seed_cli;
mod seed_constraints;
mod seed_edits;
mod seed_guards;
mod seed_model;
mod seed_prune;
mod seed_pull;
mod seed_pull_kept;
mod seed_pull_sources;
mod seed_references;
mod seed_repeat;
mod seed_rows;
mod seed_secrets;
mod seed_sequences;
mod seed_sources;
mod seed_swap;
mod seed_types;
mod seed_undo;
mod seed_values;
mod seed_verify;
mod smoke_cli;
mod smoke_secrets;
mod smoke_sql;
mod voice_reader;
mod voice_reader_faults;
mod voice_system;

#[test]
fn every_file_of_this_folder_is_a_module() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("suite");
    let listed = include_str!("main.rs");
    let forgotten: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of this file")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .filter(|name| name != "main" && !listed.lines().any(|line| line == format!("mod {name};")))
        .collect();
    assert!(forgotten.is_empty(), "not listed in main.rs: {forgotten:?}");
}

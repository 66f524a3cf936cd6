//! The example that needs PostgreSQL with pgvector: from an empty database to a question answered by a vector index, and
//! servers it cannot run on. What every deployment does is tested with the other example.
#![cfg(any(feature = "postgres", feature = "postgres-bundled"))]

use plimsoll_core::db::Engine;
use plimsoll_migrate::{Kept, MigrationSet};
use plimsoll_tests::migrating::{fails, migrate};
use plimsoll_tests::project::example;
use plimsoll_tests::{Deployment, TestDatabase};

const EXAMPLE: &str = "agent-platform";

/// In the order in which they are applied: two of them share a date.
const VERSIONS: [&str; 5] = [
    "20250105_phase4_beta",
    "20250126_realign_schema",
    "20251012154609_initial",
    "20251026_full_org_ai_vector_bootstrap",
    "20251026_gpt5_merge_vector",
];

fn on(db: &TestDatabase) -> Deployment {
    Deployment::of_example(EXAMPLE).env("DATABASE_URL", db.url_text())
}

/// The example's own migrations, the first few of them.
fn first(count: usize) -> MigrationSet {
    let mut set = MigrationSet::load(&example(EXAMPLE).join("migrations")).expect("they load");
    set.migrations.truncate(count);
    set
}

/// Whatever anybody could have left in a database.
fn is_untouched(db: &mut TestDatabase) -> bool {
    let schemas = db.texts(
        "SELECT nspname::text FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'",
    );
    let extensions = db.texts("SELECT extname::text FROM pg_extension");
    schemas == ["public"]
        && extensions == ["plpgsql"]
        && db.int("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
}

/// Makes an SQL expression of a vector of 1,536 numbers that differs for every seed.
fn embedding(seed: &str) -> String {
    format!("(SELECT array_agg(sin(n * ({seed} + 1)) ORDER BY n) FROM generate_series(1, 1536) AS n)")
}

#[test]
fn the_status_of_an_empty_database_is_that_nothing_was_ever_applied() {
    let mut db = TestDatabase::with_vector();
    let platform = on(&db);
    let status = platform.run(&["migrate", "status", "dev", "--format", "json"]).exits(10).one_json();
    assert_eq!(status["overall"], "untouched");
    let versions: Vec<_> = status["migrations"].as_array().expect("a list").iter().map(|it| &it["version"]).collect();
    assert_eq!(versions, VERSIONS);
    let text = platform.run(&["migrate", "status", "dev"]).exits(10).stdout;
    assert_eq!(text.lines().filter(|line| line.starts_with("pending ")).count(), VERSIONS.len(), "{text}");
    assert!(is_untouched(&mut db));
}

#[test]
fn a_deployment_brings_schema_and_rows_and_the_next_one_has_nothing_to_do() {
    let mut db = TestDatabase::with_vector();
    let platform = on(&db);
    platform.run(&["deploy", "dev"]).exits(0);
    assert_eq!(db.texts("SELECT version FROM __diesel_schema_migrations ORDER BY version"), VERSIONS);
    let of_catalogue = [
        ("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_%'", 52),
        ("SELECT count(*) FROM pg_type WHERE typtype = 'e'", 8),
        ("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace", 87),
        ("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%USING ivfflat%vector_cosine_ops%lists=''100''%'", 3),
        (
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'campaign_metrics' AND column_name = 'timestamp'",
            1,
        ),
        ("SELECT count(*) FROM pg_extension WHERE extname IN ('vector', 'uuid-ossp')", 2),
    ];
    for (sql, count) in of_catalogue {
        assert_eq!(db.int(sql), count, "{sql}");
    }
    let of_rows = [
        ("organizations", 2),
        ("users", 2),
        ("organization_memberships", 2),
        ("roles", 4),
        ("permissions", 6),
        ("brands", 2),
        ("brand_voices", 2),
        ("agents", 2),
        ("agent_configs", 2),
        ("agent_capabilities", 4),
        ("datasets", 2),
        ("documents", 3),
        ("chunks", 6),
        ("conversations", 2),
        ("messages", 3),
        ("campaigns", 2),
        ("campaign_metrics", 2),
    ];
    for (table, count) in of_rows {
        assert_eq!(db.count(table), count, "{table}");
    }
    let again = platform.run(&["deploy", "dev"]).exits(0);
    assert!(again.stdout.contains("nothing changed: agent-platform in dev is as declared"), "{}", again.text());
    assert_eq!(db.int("SELECT count(*) FROM plimsoll.deployment"), 1);
    platform.run(&["migrate", "status", "dev"]).exits(0);
}

#[test]
fn what_people_say_and_change_survives_the_next_deployment() {
    let mut db = TestDatabase::with_vector();
    let platform = on(&db);
    platform.run(&["deploy", "dev"]).exits(0);
    db.run("UPDATE messages SET content = 'Corrected.' WHERE id = 'msg_acme_1'");
    db.run("UPDATE agents SET name = 'Copilot' WHERE id = 'agent_voice_copilot'");
    platform.edit("seeds/agents.toml", "Answers questions about past campaigns", "Answers questions about campaigns");
    platform.run(&["deploy", "dev"]).exits(0);
    let kept = "SELECT content FROM messages WHERE id = 'msg_acme_1' UNION ALL SELECT name FROM agents WHERE id = 'agent_voice_copilot' \
                UNION ALL SELECT description FROM agents WHERE id = 'agent_research'";
    assert_eq!(db.texts(kept), ["Corrected.", "Copilot", "Answers questions about campaigns"]);
}

#[test]
fn the_nearest_passages_are_found_through_the_index() {
    let mut db = TestDatabase::with_vector();
    on(&db).run(&["deploy", "dev"]).exits(0);
    db.run(&format!(
        "UPDATE chunks SET embedding = {}::vector, \"embeddedAt\" = now()",
        embedding("length(chunks.content)")
    ));
    // Six rows are read faster than any index; all lists, so that none is missed.
    db.run("REINDEX INDEX chunks_embedding_cosine_idx; SET enable_seqscan = off; SET enable_sort = off; SET ivfflat.probes = 100");
    let question = embedding("(SELECT length(content) FROM chunks WHERE id = 'chunk_neon_voices_1')");
    let ask = format!("SELECT id FROM chunks ORDER BY embedding <=> {question}::vector LIMIT 2");
    let plan = db.texts(&format!("EXPLAIN {ask}")).join("\n");
    assert!(plan.contains("Index Scan using chunks_embedding_cosine_idx on chunks"), "{plan}");
    let found = db.texts(&ask);
    assert_eq!((found.len(), found[0].as_str()), (2, "chunk_neon_voices_1"));
}

#[test]
fn rows_that_services_add_get_ids_from_the_other_extension() {
    let mut db = TestDatabase::with_vector();
    on(&db).run(&["deploy", "dev"]).exits(0);
    db.run("INSERT INTO api_keys (\"organizationId\", name, key) VALUES ('org_neon', 'ci', 'k1'), ('org_neon', 'cd', 'k2')");
    assert_eq!(db.int("SELECT count(DISTINCT id::uuid) FROM api_keys WHERE id ~ '-4'"), 2);
}

#[test]
fn rows_of_the_first_months_are_still_there_after_the_rebuild() {
    let mut db = TestDatabase::with_vector();
    migrate(&mut db, &first(1)).expect("applies");
    db.run(
        "INSERT INTO \"Subscription\" (id, \"userId\") VALUES ('s1', 'u1'); \
         INSERT INTO \"Invoice\" (id, \"subscriptionId\", number, amount) VALUES ('i1', 's1', '2025-001', 19.99); \
         INSERT INTO \"AgentJob\" (id, kind, payload) VALUES ('j1', 'summary', '{\"pages\": 3}')",
    );
    migrate(&mut db, &first(2)).expect("applies");
    // The third ties subscriptions to users: one without a user stops it, and it is gone without a trace.
    let failure = fails(&mut db, &first(3));
    assert_eq!((failure.name.as_str(), failure.kept), (VERSIONS[2], Kept::Nothing));
    db.run("DELETE FROM \"Invoice\"; DELETE FROM \"Subscription\"");
    migrate(&mut db, &first(3)).expect("applies");
    db.run(
        "INSERT INTO \"User\" (id, email) VALUES ('u1', 'ada@example.org'); \
         INSERT INTO \"Subscription\" (id, \"userId\") VALUES ('s1', 'u1'); \
         INSERT INTO \"Invoice\" (id, \"subscriptionId\", number, \"amountCents\") VALUES ('i1', 's1', '2025-001', 1999)",
    );
    migrate(&mut db, &first(5)).expect("applies");
    let kept = "SELECT concat_ws(' ', u.email, i.\"amountCents\", j.payload->>'pages') \
                FROM users u JOIN subscriptions s ON s.\"userId\" = u.id JOIN invoices i ON i.\"subscriptionId\" = s.id, agent_jobs j";
    assert_eq!(db.texts(kept), ["ada@example.org 1999 3"]);
}

#[test]
fn arrays_become_vectors_unless_one_has_another_length() {
    let mut db = TestDatabase::with_vector();
    migrate(&mut db, &first(4)).expect("applies");
    db.run(&format!(
        "INSERT INTO organizations (id, slug, name) VALUES ('o1', 'o1', 'One'); \
         INSERT INTO brands (id, \"organizationId\", slug, name) VALUES ('b1', 'o1', 'b1', 'One'); \
         INSERT INTO brand_voices (id, \"brandId\", name, tone, embedding) VALUES \
         ('v1', 'b1', 'one', 'calm', {}), ('v2', 'b1', 'two', 'calm', '{{1,2}}')",
        embedding("7")
    ));
    let failure = fails(&mut db, &first(5));
    assert_eq!((failure.name.as_str(), failure.statement_number, failure.kept), (VERSIONS[4], Some(1), Kept::Nothing));
    db.run("UPDATE brand_voices SET embedding = NULL WHERE id = 'v2'");
    migrate(&mut db, &first(5)).expect("applies");
    assert_eq!(db.texts("SELECT vector_dims(embedding)::text FROM brand_voices WHERE id = 'v1'"), ["1536"]);
}

#[test]
fn a_server_without_the_extension_is_refused_before_anything_is_written() {
    let mut db = TestDatabase::new(Engine::Postgres);
    let platform = on(&db);
    for command in
        [["deploy", "dev"].as_slice(), &["plan", "dev"], &["migrate", "up", "dev"], &["migrate", "plan", "dev"]]
    {
        let refused = platform.run(command).exits(5);
        refused.says(&[
            "error[migrate::extension_missing]: PostgreSQL ",
            "does not have the extension `vector`: it comes with pgvector, in Debian the package `postgresql-",
            "20251026_full_org_ai_vector_bootstrap/migration.sql:7:32",
        ]);
        assert_eq!(refused.stderr.matches("error[").count(), 1, "uuid-ossp is there: {}", refused.text());
    }
    assert!(is_untouched(&mut db));
}

#[test]
fn a_version_of_an_extension_that_the_server_lacks_is_refused() {
    let mut db = TestDatabase::new(Engine::Postgres);
    let platform = on(&db);
    let bootstrap = "migrations/20251026_full_org_ai_vector_bootstrap/migration.sql";
    platform.edit(bootstrap, "EXISTS \"vector\";", "EXISTS \"plpgsql\";");
    platform.edit(bootstrap, "EXISTS \"uuid-ossp\";", "EXISTS \"uuid-ossp\" VERSION '9.9';");
    platform.run(&["deploy", "dev"]).exits(5).says(&["has the extension `uuid-ossp` in the versions ", ", not 9.9"]);
    assert!(is_untouched(&mut db));
}

#[test]
fn a_role_that_may_not_create_the_extension_is_warned_until_it_is_there() {
    let mut db = TestDatabase::with_vector();
    let role = format!("agent_platform_{}", std::process::id());
    db.run(&format!("CREATE ROLE {role} LOGIN"));
    let url = db.url_text().replacen("postgres@", &format!("{role}@"), 1);
    assert!(url.contains(&role), "the test server's URL has an unexpected form");
    let platform = Deployment::of_example(EXAMPLE).env("DATABASE_URL", &url);
    let notes = |db: &mut TestDatabase| {
        db.reconnect();
        let plan = platform.run(&["migrate", "plan", "dev"]).exits(0).stdout;
        plan.lines().filter(|line| line.contains("note: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let both = notes(&mut db);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(both[0].contains(&format!("`vector`, which takes a superuser, and `{role}` is none")), "{both:?}");
    assert!(both[1].contains(&format!("`uuid-ossp`, and `{role}` has no CREATE privilege")), "{both:?}");
    db.run(
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO %I', current_database(), 'ROLE'); END $$"
            .replace("ROLE", &role)
            .as_str(),
    );
    assert_eq!(notes(&mut db), both[..1]);
    db.run("CREATE EXTENSION vector");
    assert!(notes(&mut db).is_empty());
    db.run(
        "DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM %I', current_database(), 'ROLE'); END $$"
            .replace("ROLE", &role)
            .as_str(),
    );
    db.run(&format!("DROP ROLE {role}"));
}

#[test]
fn the_hosted_database_is_confirmed_by_a_person() {
    let mut db = TestDatabase::with_vector();
    let platform = on(&db);
    platform.run(&["deploy", "production"]).exits(5).says(&["deploy::not_confirmed"]);
    assert!(is_untouched(&mut db));
    platform.run(&["deploy", "production", "--yes"]).exits(0);
    assert_eq!((db.count("organizations"), db.count("messages")), (2, 0));
}

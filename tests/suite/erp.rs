//! The example that is mostly generated: its rows by profile, on the engines it has migrations for. What generators do without
//! a database is tested in their crate.

use plimsoll_core::db::Engine;
use plimsoll_tests::command::Finished;
use plimsoll_tests::{Deployment, TestDatabase};

const EXAMPLE: &str = "erp";

/// Tables that seeding writes, with their rows in the profile `light`.
const LIGHT: [(&str, i64); 13] = [
    ("module_settings", 11),
    ("permissions", 11),
    ("roles", 4),
    ("role_permissions", 25),
    ("vendors", 5),
    ("clients", 10),
    ("products", 20),
    ("batches", 42),
    ("orders", 50),
    ("order_line_items", 149),
    ("invoices", 33),
    ("invoice_line_items", 99),
    ("payments", 44),
];

/// What strict integrity is: none of these may find a row.
const WRONG: [&str; 7] = [
    "SELECT count(*) FROM orders o WHERE abs(o.total - (SELECT sum(l.amount) FROM order_line_items l WHERE l.order_id = o.id)) > 0.001",
    "SELECT count(*) FROM order_line_items WHERE abs(amount - quantity * unit_price) > 0.001",
    "SELECT count(*) FROM invoices i WHERE abs(i.total - (SELECT sum(l.amount) FROM invoice_line_items l WHERE l.invoice_id = i.id)) > 0.001",
    "SELECT count(*) FROM invoices i JOIN orders o ON o.id = i.order_id WHERE o.client_id <> i.client_id OR abs(o.total - i.total) > 0.001 OR i.issued_on < o.shipped_on",
    "SELECT count(*) FROM invoices i WHERE abs(i.paid - (SELECT coalesce(sum(p.amount), 0) FROM payments p WHERE p.invoice_id = i.id)) > 0.001 OR i.paid > i.total",
    "SELECT count(*) FROM payments p JOIN invoices i ON i.id = p.invoice_id WHERE p.received_on < i.issued_on",
    "SELECT count(*) FROM orders o JOIN clients c ON c.id = o.client_id WHERE o.ordered_on < c.since OR o.shipped_on <= o.ordered_on",
];

/// The example on a database of the test's own.
struct Erp {
    db: TestDatabase,
    project: Deployment,
    environment: &'static str,
}

impl Erp {
    /// With its schema, and without a row.
    fn new(engine: Engine) -> Self {
        let db = TestDatabase::new(engine);
        let project = Deployment::of_example(EXAMPLE).env("DATABASE_URL", db.url_text());
        let environment = if engine == Engine::Sqlite { "dev" } else { "staging" };
        let erp = Self { db, project, environment };
        erp.run(&["migrate", "up"], &["--yes"]).exits(0);
        erp
    }

    /// Runs a command in the environment that is for the engine.
    fn run(&self, command: &[&str], flags: &[&str]) -> Finished {
        self.project.run(&[command, &[self.environment], flags].concat())
    }

    fn seed(&self, flags: &[&str]) -> Finished {
        self.run(&["seed", "apply"], &[&["--force"], flags].concat())
    }

    /// Rows by table, in the order of [`LIGHT`].
    fn counts(&mut self) -> Vec<(&'static str, i64)> {
        LIGHT.iter().map(|(table, _)| (*table, self.db.count(table))).collect()
    }

    /// What of every generated row reads the same on both engines.
    fn rows(&mut self) -> Vec<String> {
        let queries = [
            "SELECT concat_ws('|', id, code, name, city, phone, since) FROM vendors ORDER BY code",
            "SELECT concat_ws('|', id, code, name, contact, email, street, city, payment_days, since) FROM clients ORDER BY code",
            "SELECT concat_ws('|', id, sku, name, category, is_active) FROM products ORDER BY sku",
            "SELECT concat_ws('|', id, number, product_id, vendor_id, received_on, quantity) FROM batches ORDER BY number",
            "SELECT concat_ws('|', id, number, client_id, status, ordered_on, shipped_on) FROM orders ORDER BY number",
            "SELECT concat_ws('|', id, order_id, position, batch_id, quantity) FROM order_line_items ORDER BY order_id, position",
            "SELECT concat_ws('|', id, number, order_id, issued_on, due_on, status) FROM invoices ORDER BY number",
            "SELECT concat_ws('|', id, invoice_id, position, description, quantity) FROM invoice_line_items ORDER BY invoice_id, position",
            "SELECT concat_ws('|', id, reference, invoice_id, received_on, method) FROM payments ORDER BY reference",
        ];
        queries.iter().flat_map(|query| self.db.texts(query)).collect()
    }

    #[track_caller]
    fn is_consistent(&mut self) {
        for query in WRONG {
            assert_eq!(self.db.int(query), 0, "{query}");
        }
    }
}

/// Expands every function to one test on SQLite and one on MySQL.
macro_rules! on_both {
    ($(fn $name:ident($erp:ident: &mut Erp) $body:block)*) => {
        $(
            mod $name {
                use super::*;

                fn test($erp: &mut Erp) $body

                #[cfg(feature = "sqlite")]
                #[test]
                fn sqlite() {
                    test(&mut Erp::new(Engine::Sqlite));
                }

                #[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
                #[test]
                fn mysql() {
                    test(&mut Erp::new(Engine::Mysql));
                }
            }
        )*
    };
}

on_both! {
    fn a_dry_run_prints_ten_numbered_steps_and_writes_nothing(erp: &mut Erp) {
        let told = erp.run(&["seed", "apply"], &["--dry-run", "--profile", "light"]).exits(0).stdout;
        let steps: Vec<&str> = told.lines().take_while(|line| !line.is_empty()).collect();
        assert_eq!(steps.len(), 10, "{told}");
        assert_eq!(steps[0], " 1. Set module defaults: 11 module_settings; 11 to create");
        assert_eq!(steps[6], " 7. Generate orders with lines: 50 orders, 149 order_line_items; 199 to create");
        assert!(steps[9].starts_with("10. Verify the result: every row is read back, "), "{told}");
        assert!(erp.counts().iter().all(|(_, count)| *count == 0));
        assert_eq!(erp.run(&["seed", "plan"], &["--profile", "light"]).exits(0).stdout, told);
    }

    fn the_full_profile_tops_up_the_light_one_and_running_it_again_writes_nothing(erp: &mut Erp) {
        erp.seed(&["--profile", "light"]).exits(0);
        assert_eq!(erp.counts(), LIGHT);
        erp.is_consistent();
        let light = erp.rows();
        let told = erp.seed(&["--profile", "full", "--top-up"]).exits(0).stdout;
        assert!(told.ends_with(", 0 updated, 503 unchanged\n"), "{told}");
        erp.is_consistent();
        let full: std::collections::BTreeSet<String> = erp.rows().into_iter().collect();
        assert!(full.len() > 2_500, "{}", full.len());
        assert!(light.iter().all(|row| full.contains(row)));
        let ledger = |erp: &mut Erp| {
            let runs = plimsoll_core::ledger::table(erp.db.engine(), plimsoll_core::ledger::LedgerTable::SeedRun);
            erp.db.int(&format!("SELECT count(*) FROM {runs}"))
        };
        let runs = ledger(erp);
        for profile in ["full", "light"] {
            erp.seed(&["--profile", profile]).exits(0);
            erp.run(&["seed", "plan"], &["--check", "--profile", profile]).exits(0);
            erp.run(&["seed", "verify"], &["--profile", profile]).exits(0);
        }
        assert_eq!((ledger(erp), erp.rows().len()), (runs, full.len()));
    }

    fn topping_up_leaves_rows_that_exist_alone(erp: &mut Erp) {
        erp.seed(&["--profile", "light"]).exits(0);
        erp.project.edit("seeds/vendors.toml", "city = \"city()\"", "city = \"'Springfield'\"");
        erp.db.run("DELETE FROM payments WHERE reference = 'T-000007'; UPDATE clients SET name = 'Ours' WHERE code = 'C-00001'");
        erp.seed(&["--profile", "light", "--top-up"]).exits(0);
        assert_eq!(erp.counts(), LIGHT);
        assert_eq!(erp.db.int("SELECT count(*) FROM vendors WHERE city = 'Springfield'"), 0);
        assert_eq!(erp.db.texts("SELECT name FROM clients WHERE code = 'C-00001'"), ["Ours"]);
        erp.seed(&["--profile", "light"]).exits(0);
        assert_eq!(erp.db.int("SELECT count(*) FROM vendors WHERE city = 'Springfield'"), 5);
        assert_eq!(erp.db.texts("SELECT name FROM clients WHERE code = 'C-00001'"), ["Ours"]);
    }

    fn a_fresh_start_removes_what_datasets_created_and_nothing_of_the_people(erp: &mut Erp) {
        erp.seed(&["--profile", "light"]).exits(0);
        erp.db.run(
            "INSERT INTO users (id, email, name) VALUES ('u1', 'ada@example.org', 'Ada'); \
             INSERT INTO roles (code, name) VALUES ('auditor', 'Auditor'); \
             INSERT INTO user_roles (user_id, role) VALUES ('u1', 'auditor'); \
             INSERT INTO notes (id, user_id, text) VALUES ('n1', 'u1', 'Call back'); \
             UPDATE module_settings SET value = 'USD' WHERE name = 'currency'",
        );
        let refused = erp.run(&["seed", "apply"], &["--profile", "light", "--fresh"]).exits(5);
        refused.says(&["error[deploy::not_confirmed]: removing rows from "]);
        let before = erp.counts();
        erp.run(&["seed", "apply"], &["--profile", "light", "--fresh", "--dry-run"]).exits(0);
        assert_eq!(erp.counts(), before);
        erp.seed(&["--profile", "light", "--fresh"]).exits(0);
        let mut expected = LIGHT.to_vec();
        expected[2].1 += 1;
        assert_eq!(erp.counts(), expected);
        erp.is_consistent();
        let kept = "SELECT name FROM users UNION ALL SELECT text FROM notes UNION ALL SELECT role FROM user_roles \
                    UNION ALL SELECT value FROM module_settings WHERE name = 'currency'";
        assert_eq!(erp.db.texts(kept), ["Ada", "Call back", "auditor", "USD"]);
        erp.db.run("INSERT INTO notes (id, user_id, client_id, text) SELECT 'n2', 'u1', id, 'Likes blue' FROM clients WHERE code = 'C-00001'");
        erp.seed(&["--profile", "light", "--fresh"]).exits(5).says(&["error[seed::prune_blocked]", "`clients`", "`notes`"]);
        assert_eq!(erp.counts(), expected);
    }

    fn a_fresh_start_removes_streamed_rows_as_well(erp: &mut Erp) {
        erp.seed(&["--profile", "full", "--set", "scale=6"]).exits(0);
        assert_eq!(erp.db.count("orders"), 2_400);
        erp.is_consistent();
        erp.run(&["seed", "plan"], &["--check", "--profile", "full", "--set", "scale=6"]).exits(0);
        erp.db.run("UPDATE clients SET name = 'Ours' WHERE code = 'C-00600'");
        erp.seed(&["--profile", "light", "--fresh"]).exits(0);
        let mut expected = LIGHT.to_vec();
        expected[5].1 += 1;
        assert_eq!(erp.counts(), expected);
        erp.is_consistent();
    }

    fn what_a_role_may_is_a_set_and_roles_of_administrators_are_theirs(erp: &mut Erp) {
        erp.seed(&["--profile", "light"]).exits(0);
        erp.db.run(
            "INSERT INTO roles (code, name) VALUES ('auditor', 'Auditor'); \
             INSERT INTO role_permissions (role, permission) VALUES ('auditor', 'invoices.read'), ('warehouse', 'clients.read')",
        );
        erp.project.edit("data/access.json", "\"permissions\": [\"products.read\", \"products.write\", \"orders.read\"]", "\"permissions\": [\"products.read\", \"orders.write\"]");
        erp.seed(&["--profile", "light"]).exits(0);
        let warehouse = erp.db.texts("SELECT permission FROM role_permissions WHERE role = 'warehouse' ORDER BY permission");
        assert_eq!(warehouse, ["clients.read", "orders.write", "products.read"]);
        assert_eq!(erp.db.int("SELECT count(*) FROM role_permissions WHERE role = 'auditor'"), 1);
    }
}

#[cfg(all(feature = "sqlite", any(feature = "mysql", feature = "mysql-bundled")))]
#[test]
fn both_engines_hold_the_same_rows() {
    let rows = |engine| {
        let mut erp = Erp::new(engine);
        erp.seed(&["--profile", "light"]).exits(0);
        erp.rows()
    };
    assert_eq!(rows(Engine::Sqlite), rows(Engine::Mysql));
}

#[cfg(feature = "sqlite")]
#[test]
fn a_profile_that_does_not_exist_is_told_with_those_that_do() {
    let erp = Erp::new(Engine::Sqlite);
    erp.seed(&["--profile", "huge"]).exits(2).says(&["there is no profile `huge` (there are: full, light)", "seeds/"]);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_variable_scales_the_full_profile_and_leaves_the_light_rows_as_they_are() {
    let mut erp = Erp::new(Engine::Sqlite);
    erp.seed(&["--profile", "light"]).exits(0);
    let told = erp.seed(&["--profile", "full", "--set", "scale=2"]).exits(0).stdout;
    assert!(told.ends_with(", 0 updated, 503 unchanged\n"), "{told}");
    assert_eq!(erp.db.count("orders"), 800);
    erp.is_consistent();
}

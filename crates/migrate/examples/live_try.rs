//! temporary
#![allow(clippy::all, clippy::unwrap_used, clippy::print_stdout, missing_docs)]
use plimsoll_core::db::*;
use plimsoll_core::ledger;
use plimsoll_migrate::*;
use std::time::Duration;

fn open(url: &str) -> Box<dyn Db> { connect(&DatabaseUrl::parse(url, "/tmp".as_ref()).unwrap(), Access::Write).unwrap() }
fn go(db: &mut dyn Db, label: &str, set: &[(&str, &str)]) -> Result<MigrateReport, MigrateError> {
    println!("== {label}");
    let set = MigrationSet::from_embedded(set).unwrap();
    ledger::ensure(db).unwrap(); db.ensure_diesel_history().unwrap();
    let h = History::read(db).unwrap();
    let p = match plan(&set, &h, &PlanOptions::default()) { Ok(p) => p, Err(e) => { println!("   plan error {e}"); return Err(e) } };
    print!("{p}");
    let o = ApplyOptions { deployment: Some(3), lock_timeout: Some(Duration::from_millis(1500)), tool: "try 1".into() };
    let r = apply(db, &set, &p, &o, &mut |e| println!("   {e:?}"));
    match &r { Ok(_) => println!("   ok"), Err(MigrateError::Failed(f)) => println!("   FAILED {f} | {} | {:?} | {:?} | {:?}", f.cause, f.cause.detail, f.location.as_ref().map(|l| l.to_string()), f.excerpt), Err(e) => println!("   ERR {e}") }
    let h = History::read(db).unwrap();
    println!("   history {:?} records {:?}", h.applied, h.records.iter().filter(|r| r.state != RecordState::Applied).map(|r| (&r.version, r.state, r.statements_done, r.statements)).collect::<Vec<_>>());
    r
}
fn one(db: &mut dyn Db, sql: &str) -> String { format!("{:?}", scalar(db, &Stmt::new(sql))) }

fn postgres() {
    let url = "postgresql://postgres@127.0.0.1:55461/t1";
    let mut b = open(url); let db = &mut *b;
    let a = ("0001_a", "\\restrict x\nSET statement_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\nCREATE ROLE r1;\nCREATE TABLE public.a (id int primary key, email text);\nCREATE FUNCTION public.f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;\nINSERT INTO public.a SELECT g, 'x' FROM generate_series(1, 10) g;\nGRANT ALL ON SCHEMA public TO r1; SET ROLE r1;\n\\unrestrict x\n");
    go(db, "pg dump-like", &[a]).unwrap();
    println!("   {} {} {} {}", one(db, "show search_path"), one(db, "select current_user::text"), one(db, "show check_function_bodies"), one(db, "show lock_timeout"));
    let bad = ("0002_b", "CREATE TABLE b (x int);\nINSERT INTO b\n  VALUES (oops);");
    go(db, "pg failing", &[a, bad]).unwrap_err();
    println!("   b: {}", one(db, "select to_regclass('b')::text"));
    let ci = ("0002_ci", "CREATE TABLE b (x int);\nCREATE UNIQUE INDEX CONCURRENTLY a_email ON a (email);\nINSERT INTO b VALUES (1);");
    go(db, "pg concurrent unique fails", &[a, ci]).unwrap_err();
    println!("   invalid: {}", one(db, "select count(*) from pg_index where not indisvalid"));
    db.batch("DELETE FROM a WHERE id > 1").unwrap();
    go(db, "pg concurrent resumed", &[a, ci]).unwrap();
    println!("   invalid: {} b: {}", one(db, "select count(*) from pg_index where not indisvalid"), one(db, "select count(*) from b"));
    // Kill of the connection in the middle of a concurrent build: another session holds a lock
    let mut other = open(url);
    other.batch("BEGIN; LOCK TABLE a IN ROW EXCLUSIVE MODE").unwrap();
    let ci2 = ("0003_ci", "-- x\nCREATE INDEX CONCURRENTLY IF NOT EXISTS \"A X\" ON public.a (id, email);");
    go(db, "pg lock timeout", &[a, ci, ci2]).unwrap_err();
    other.batch("ROLLBACK").unwrap();
    println!("   invalid: {} lock_timeout {}", one(db, "select count(*) from pg_index where not indisvalid"), one(db, "show lock_timeout"));
    go(db, "pg after lock", &[a, ci, ci2]).unwrap();
    println!("   invalid: {}", one(db, "select count(*) from pg_index where not indisvalid"));
    // lost connection
    let sl = ("0004_sl", "-- plimsoll: no-transaction\nCREATE TABLE s (x int); INSERT INTO s VALUES (1);\nDO $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); END $$;\nINSERT INTO s VALUES (2);");
    let mut c = open(url);
    println!("== lost"); 
    let set = MigrationSet::from_embedded(&[a, ci, ci2, sl]).unwrap();
    let h = History::read(&mut *c).unwrap(); let p = plan(&set, &h, &PlanOptions::default()).unwrap();
    let o = ApplyOptions { deployment: None, lock_timeout: None, tool: "try 1".into() };
    let e = apply(&mut *c, &set, &p, &o, &mut |e| println!("   {e:?}")).unwrap_err();
    println!("   {e} code {}", plimsoll_core::Coded::code(&e).as_str());
    let sl2 = ("0004_sl", "-- plimsoll: no-transaction\nCREATE TABLE s (x int); INSERT INTO s VALUES (1);\nINSERT INTO s VALUES (2);");
    go(db, "pg after lost", &[a, ci, ci2, sl2]).unwrap();
    println!("   s: {}", one(db, "select count(*) from s"));
    let own = ("0005_o", "BEGIN; SELECT 1; COMMIT;");
    go(db, "own tx", &[a, ci, ci2, sl2, own]).unwrap_err();
    let def = ("0005_o", "CREATE TABLE pp (id int primary key); CREATE TABLE cc (p int references pp deferrable initially deferred); INSERT INTO cc VALUES (1);");
    go(db, "deferred", &[a, ci, ci2, sl2, def]).unwrap_err();
    go(db, "again nothing", &[a, ci, ci2, sl2]).unwrap();
}
fn mysql() {
    let url = "mysql://u:p@127.0.0.1:55462/t1";
    let mut b = open(url); let db = &mut *b;
    let a = ("0001_a", "SET FOREIGN_KEY_CHECKS=0;\nSET sql_mode='';\nCREATE TABLE a (id int primary key, email varchar(20)) ;\nDELIMITER $$\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.email = 'x;y'; END$$\nDELIMITER ;\nCREATE TRIGGER t2 BEFORE UPDATE ON a FOR EACH ROW BEGIN IF NEW.id > 3 THEN SET NEW.email = 'z'; END IF; END;\n/*!40101 SET NAMES utf8 */;\nINSERT INTO a VALUES (1, '');");
    go(db, "my first", &[a]).unwrap();
    println!("   {} {} {}", one(db, "select @@foreign_key_checks"), one(db, "select @@sql_mode"), one(db, "select email from a"));
    let bad = ("0002_b", "SET @v = 7;\nCREATE TABLE b (x int);\nINSERT INTO b VALUES (@v);\nALTER TABLE b ADD COLUMN y imt;\nINSERT INTO b (x) VALUES (@v);");
    go(db, "my failing", &[a, bad]).unwrap_err();
    drop(b); let mut b = open(url); let db = &mut *b;
    let good = ("0002_b", "SET @v = 7;\nCREATE TABLE b (x int);\nINSERT INTO b VALUES (@v);\nALTER TABLE b ADD COLUMN y int;\nINSERT INTO b (x) VALUES (@v);");
    // as if killed after the alter
    db.batch("ALTER TABLE b ADD COLUMN y int; ").unwrap();
    db.batch("UPDATE plimsoll_migration SET state='running' WHERE version='0002'").unwrap();
    go(db, "my resumed with landed", &[a, good]).unwrap();
    println!("   b {} max {}", one(db, "select count(*) from b"), one(db, "select min(x) from b"));
    let mut other = open(url);
    other.batch("START TRANSACTION").unwrap(); other.rows(&Stmt::new("SELECT * FROM a")).unwrap();
    let al = ("0003_al", "ALTER TABLE a ADD COLUMN z int;");
    go(db, "my lock wait", &[a, good, al]).unwrap_err();
    println!("   {}", one(db, "select @@lock_wait_timeout"));
    other.batch("ROLLBACK").unwrap();
    go(db, "my after", &[a, good, al]).unwrap();
    go(db, "again nothing", &[a, good, al]).unwrap();
}

fn worker(url: &str) {
    let u = DatabaseUrl::parse(url, "/tmp/h4srv".as_ref()).unwrap();
    let lock = plimsoll_core::lock::acquire(&u, &plimsoll_core::lock::Holder::new("me", "kill"), Duration::from_secs(20)).unwrap();
    let mut b = connect(&u, Access::Write).unwrap(); let db = &mut *b;
    ledger::ensure(db).unwrap(); db.ensure_diesel_history().unwrap();
    let mut sql = "-- plimsoll: no-transaction\nCREATE TABLE lg (n int);\n".to_string();
    for n in 0..60 {
        sql += &format!("INSERT INTO lg (n) VALUES ({n});\n");
        match db.engine() {
            Engine::Mysql => { sql += &format!("ALTER TABLE lg ADD COLUMN c{n} int;\nCREATE TABLE t{n} (a int);\nCREATE INDEX i{n} ON t{n} (a);\nALTER TABLE t{n} RENAME TO r{n};\nDROP TABLE r{n};\nINSERT INTO lg (n) SELECT {n} + 0 * SLEEP(0.005);\n"); }
            Engine::Postgres => { sql += &format!("CREATE INDEX CONCURRENTLY i{n} ON lg (n);\nALTER TABLE lg ADD COLUMN c{n} int;\nINSERT INTO lg (n) SELECT {n} FROM pg_sleep(0.01);\nDROP INDEX CONCURRENTLY i{n};\n"); }
            Engine::Sqlite => { sql += &format!("ALTER TABLE lg ADD COLUMN c{n} int;\nINSERT INTO lg (n) SELECT {n} FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x < 20000) SELECT max(x) FROM c);\n"); }
        }
    }
    let whole = "CREATE TABLE w (n int); INSERT INTO w VALUES (1); INSERT INTO w VALUES (2);".to_string();
    let set = MigrationSet::from_embedded(&[("0001_k", &sql), ("0002_w", &whole)]).unwrap();
    let h = History::read(db).unwrap();
    let p = plan(&set, &h, &PlanOptions::default()).unwrap();
    let o = ApplyOptions { deployment: None, lock_timeout: Some(Duration::from_secs(3)), tool: "kill 1".into() };
    let r = apply(db, &set, &p, &o, &mut |e| if matches!(e, MigrateEvent::AlreadyLanded{..} | MigrateEvent::InvalidIndexDropped{..}) { println!("{e:?}") });
    if let Err(MigrateError::Failed(f)) = &r { println!("FAILED {f} {}", f.cause); std::process::exit(3) }
    r.unwrap();
    println!("DONE lg {} distinct {} w {}", one(db, "select count(*) from lg"), one(db, "select count(distinct n) from lg"), one(db, "select count(*) from w"));
    drop(lock);
}
fn main() { match std::env::args().nth(1).as_deref() { Some("pg") => postgres(), Some("my") => mysql(), Some("file") => { let a: Vec<String> = std::env::args().collect(); let sql = std::fs::read_to_string(&a[3]).unwrap(); let mut d = open(&a[2]); go(&mut *d, "file", &[("0001_dump", &sql)]).ok(); go(&mut *d, "again", &[("0001_dump", &sql)]).ok(); }, Some(url) => worker(url), None => {} } }

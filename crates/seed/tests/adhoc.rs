//! ad hoc
use plimsoll_core::db::*;
use plimsoll_seed::*;
use std::time::Instant;
fn url() -> String { std::env::var("URL").unwrap_or_else(|_| { let p = "/tmp/h5.db"; for s in ["", "-wal", "-shm"] { let _ = std::fs::remove_file(format!("{p}{s}")); } format!("sqlite:{p}") }) }
fn run(specs: &str, contracts: &str, fresh: bool) {
    let url: DatabaseUrl = DatabaseUrl::parse(&url(), std::path::Path::new("/tmp")).unwrap();
    let engine = url.engine();
    let root = std::path::PathBuf::from("/work/main/examples/caller-coaching");
    let mut db = connect(&url, Access::Write).unwrap();
    let options = SeedOptions { root: root.clone(), path: "seeds".into(), with: vec!["transcripts".into()],
        user_data: ["user", "caller", "call"].map(String::from).to_vec(),
        names: minijinja::context! { specs, contracts, engine => engine.name() } };
    let t = Instant::now();
    let seeds = match load(&options) { Ok(s) => s, Err(e) => { for p in e.problems() { println!("{} {} {p}", p.code.as_str(), p.at.as_ref().map(|a| a.to_string()).unwrap_or_default()); } panic!("load"); } };
    println!("load {:?} docs {}", t.elapsed(), seeds.documents());
    let t = Instant::now();
    let before = plan(&seeds, &obs(&mut *db, &seeds)).unwrap();
    println!("plan before migrating {:?}", t.elapsed());
    if fresh {
    let mut dirs: Vec<_> = std::fs::read_dir(root.join("migrations").join(if engine == Engine::Postgres {"postgres"} else {"sqlite"})).unwrap().map(|d| d.unwrap().path()).filter(|p| p.is_dir()).collect();
    dirs.sort();
    for d in dirs { db.batch(&std::fs::read_to_string(d.join("migration.sql")).unwrap()).unwrap(); }
    }
    let t = Instant::now();
    let o = obs(&mut *db, &seeds);
    println!("observe {:?}", t.elapsed());
    let t = Instant::now();
    let plan1 = match plan(&seeds, &o) { Ok(s) => s, Err(e) => { for p in e.problems() { println!("{} {} {p}", p.code.as_str(), p.at.as_ref().map(|a| a.to_string()).unwrap_or_default()); } panic!("plan"); } };
    println!("plan {:?}\n{}", t.elapsed(), plan1.show(2));
    if fresh { assert_eq!(before.digest(), plan1.digest()); }
    let t = Instant::now();
    let r = apply(&mut *db, &seeds, &plan1, &ApplyOptions { deployment: Some(1), expectations: vec![Expectation { table: "domain".into(), exactly: Some(4), ..Default::default() }] }, &mut |e| println!("  {e:?}"));
    match r { Ok(r) => println!("wrote {}", r.wrote), Err(e) => { for p in e.problems() { println!("{} {} {p}", p.code.as_str(), p.at.as_ref().map(|a| a.to_string()).unwrap_or_default()); } let c: Option<&dyn std::error::Error> = std::error::Error::source(&e); panic!("apply {e} {:?}", c.map(|c| c.to_string())) } }
    println!("apply {:?}", t.elapsed());
    let t = Instant::now();
    let plan2 = plan(&seeds, &obs(&mut *db, &seeds)).unwrap();
    println!("again {:?}\n{plan2}", t.elapsed());
    assert!(plan2.is_empty());
    db.batch("UPDATE parameter SET name = 'Edited by hand', definition = 'y' WHERE parameter_id = (SELECT min(parameter_id) FROM parameter)").ok();
    let plan3 = plan(&seeds, &obs(&mut *db, &seeds)).unwrap();
    println!("{plan3}");
    assert_eq!(plan3.counts().edited, 1);
    // base lost: an update
    db.batch(&format!("DELETE FROM {} WHERE table_name = 'parameter'", plimsoll_core::ledger::table(engine, plimsoll_core::ledger::LedgerTable::SeedRow))).unwrap();
    let plan4 = plan(&seeds, &obs(&mut *db, &seeds)).unwrap();
    println!("{plan4}");
    apply(&mut *db, &seeds, &plan4, &ApplyOptions::default(), &mut |_| ()).unwrap();
    let plan5 = plan(&seeds, &obs(&mut *db, &seeds)).unwrap();
    assert!(plan5.is_empty());
}
#[test] fn example() { run("specs", "specs/contracts", true) }
#[test] fn real() { run("/work/shared/data/coaching-specs", "/work/shared/data/coaching-specs/contracts", true) }
fn obs(db: &mut dyn Db, seeds: &Seeds) -> Observation { let c = Catalog::read(db).unwrap(); observe(db, seeds, &c).unwrap() }

//! Whatever is shared, asked early or left out: rows are those of evaluating one document, item and name after the other.

use std::collections::{BTreeMap, HashSet};

use minijinja::Value;
use minijinja::value::Serde;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::project::Project;

/// Names that may be those of a loop, a `let`, the document or the project at once.
const NAMES: [&str; 7] = ["doc", "p", "x", "x_index", "topics", "a", "b"];

const LOOPS: [&str; 7] = [
    "doc.people as p",
    "doc.tags as p",
    "doc.people as x",
    "doc.tags as x",
    "doc.tags as x_index",
    "doc.tags | sort as p",
    "(p | default({})).tags | default([]) as x",
];

/// A block of a dataset, in which nothing is ever undefined.
#[derive(Debug, Clone)]
struct Block {
    each: Vec<&'static str>,
    lets: Vec<(&'static str, String)>,
    when: Vec<String>,
    slug: String,
    title: String,
    /// The number of the innermost loop, a plain name.
    number: Option<String>,
}

fn atom(names: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    let field = |name: &str| format!("((NAME | default({{}})).{name} | default('-'))");
    let kinds = [(3, "(NAME | default('-') | string)".to_owned()), (1, field("region")), (1, field("name"))];
    let kinds = prop::strategy::Union::new_weighted(kinds.map(|(weight, kind)| (weight, Just(kind))).to_vec());
    let atom = (prop::sample::select(names.to_vec()), kinds).prop_map(|(name, kind)| kind.replace("NAME", name));
    // Plain paths and names are ways of their own.
    let plain = prop::sample::select(vec!["doc.region", "topics", "doc.people[0].name"]).prop_map(str::to_owned);
    prop_oneof![3 => atom, 1 => plain]
}

/// A block with few names, so that they hide each other.
fn block() -> impl Strategy<Value = Block> {
    prop::sample::subsequence(NAMES.to_vec(), 3).prop_shuffle().prop_flat_map(|names| block_with(&names))
}

fn block_with(names: &[&'static str]) -> impl Strategy<Value = Block> + use<> {
    let atom = || atom(names);
    // Most hold, and all of them use a name.
    let condition = prop_oneof![
        3 => atom().prop_map(|one| format!("{one} != '?'")),
        1 => (atom(), atom()).prop_map(|(one, other)| format!("{one} == {other}")),
    ];
    let of_lets: Vec<&str> = names.iter().copied().filter(|name| *name != "doc").collect();
    let named = (prop::sample::select(of_lets), prop::collection::vec(atom(), 1..3))
        .prop_map(|(name, parts)| (name, parts.join(" ~ ")));
    (
        prop::collection::vec(prop::sample::select(LOOPS.to_vec()), 0..=2),
        prop::collection::vec(named, 0..=4),
        prop::collection::vec(condition, 0..3),
        prop::collection::vec(atom(), 1..3),
        atom(),
    )
        .prop_map(|(each, mut lets, when, slug, title)| {
            let mut known = HashSet::new();
            lets.retain(|(name, _)| known.insert(*name));
            let number = each.last().map(|last| format!("{}_index", last.rsplit_once(' ').unwrap().1));
            let number = number.filter(|name| !known.contains(name.as_str()));
            Block { each, lets, when, slug: slug.join(" ~ "), title, number }
        })
}

fn document() -> impl Strategy<Value = Json> {
    let word = || prop::sample::select(vec!["eu", "us", "ann", "bob"]);
    let words = || prop::collection::vec(word(), 0..3);
    let person = (word(), word(), words());
    let person = person.prop_map(|(name, region, tags)| json!({ "name": name, "region": region, "tags": tags }));
    (word(), prop::collection::vec(person, 1..3), words())
        .prop_map(|(region, people, tags)| json!({ "region": region, "people": people, "tags": tags }))
}

impl Block {
    fn toml(&self, policy: &str) -> String {
        let quoted = |text: &String| toml_text(text);
        let lets: Vec<String> = self.lets.iter().map(|(name, code)| format!("{name} = {}\n", quoted(code))).collect();
        let when = if self.when.is_empty() { "true".to_owned() } else { self.when.join(" and ") };
        format!(
            "[[table]]\nname = 'row'\nkey = ['slug']\non_duplicate = '{policy}'\neach = {:?}\nwhen = {}\n[table.let]\n{}\
             [table.columns]\nslug = {}\ntitle = {}\nnumber = {:?}\n",
            self.each,
            quoted(&when),
            lets.concat(),
            quoted(&self.slug),
            quoted(&self.title),
            self.number(),
        )
    }

    fn number(&self) -> &str {
        self.number.as_deref().unwrap_or("0")
    }

    /// All rows of one document, one after the other.
    fn rows(&self, document: &Json) -> Vec<(String, String)> {
        let mut names = BTreeMap::from([("topics".to_owned(), Value::from("topics"))]);
        names.insert("doc".to_owned(), Value::from(Serde(document)));
        let mut rows = Vec::new();
        self.rows_of(&self.each, &names, &mut rows);
        rows
    }

    fn rows_of(&self, each: &[&str], names: &BTreeMap<String, Value>, rows: &mut Vec<(String, String)>) {
        let mut names = names.clone();
        if let Some((first, rest)) = each.split_first() {
            let (list, name) = first.rsplit_once(" as ").unwrap();
            for (index, item) in eval(list, &names).try_iter().unwrap().enumerate() {
                names.insert(name.to_owned(), item);
                names.insert(format!("{name}_index"), Value::from(index));
                self.rows_of(rest, &names, rows);
            }
            return;
        }
        for (name, code) in &self.lets {
            names.insert((*name).to_owned(), eval(code, &names));
        }
        if self.when.iter().all(|condition| eval(condition, &names).is_true()) {
            let [slug, title, number] = [&self.slug, &self.title, self.number()].map(|code| eval(code, &names));
            rows.push((slug.to_string(), format!("{title}|{number}")));
        }
    }
}

fn eval(code: &str, names: &BTreeMap<String, Value>) -> Value {
    let env = plimsoll_core::template::environment();
    env.compile_expression(code).unwrap().eval(Value::from(names.clone())).unwrap()
}

fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_those_of_evaluating_everything_in_order(
        blocks in prop::collection::vec(block(), 1..3),
        documents in prop::collection::vec(document(), 1..6),
        again in prop_oneof![4 => Just(1_usize), 1 => Just(15)],
        is_first in any::<bool>(),
    ) {
        let policy = if is_first { "first" } else { "last" };
        let tables: Vec<String> = blocks.iter().map(|block| block.toml(policy)).collect();
        let mut project = Project::of(&[("seeds/row.toml", &format!("[documents]\nfiles = 'docs/*.json'\n{}", tables.concat()))]);
        // More than one thread takes, now and then.
        let documents: Vec<&Json> = documents.iter().cycle().take(documents.len() * again).collect();
        for (number, document) in documents.iter().enumerate() {
            project.write(&format!("docs/{number:03}.json"), &document.to_string());
        }
        let mut wanted: BTreeMap<String, String> = BTreeMap::new();
        for (slug, title) in blocks.iter().flat_map(|block| documents.iter().flat_map(|document| block.rows(document))) {
            if !is_first || !wanted.contains_key(&slug) {
                wanted.insert(slug, title);
            }
        }
        project.db.batch("PRAGMA synchronous = OFF; CREATE TABLE row (slug TEXT PRIMARY KEY, title TEXT, number INTEGER)").unwrap();
        project.apply().unwrap();
        let wanted: Vec<String> = wanted.into_iter().map(|(slug, title)| format!("{slug}|{title}")).collect();
        prop_assert_eq!(project.rows("SELECT slug, title, number FROM row ORDER BY slug"), wanted.join("\n"));
    }
}

//! Properties that hold for any set of rows and any history of edits.

use proptest::prelude::*;

use crate::project::Project;

/// Rows of a table that refer to rows with smaller numbers, as documents in shuffled files.
fn project(parents: &[Option<usize>], names: &[usize], blocks_reversed: bool) -> Project {
    let node = "[[table]]\nname = 'node'\nkey = ['k']\ncolumns = { k = 'doc.k', title = 'doc.title', up = \"ref('node', k=doc.up) if doc.up else none\" }\n";
    let leaf = "[[table]]\nname = 'leaf'\nkey = ['node_id']\ncolumns = { node_id = \"ref('node', k=doc.k)\" }\n";
    let blocks = if blocks_reversed { [leaf, node] } else { [node, leaf] };
    let mut project =
        Project::of(&[("seeds/a.toml", &format!("[documents]\nfiles = 'docs/*.json'\n{}{}", blocks[0], blocks[1]))]);
    for (number, parent) in parents.iter().enumerate() {
        let up = parent.map(|parent| format!(", \"up\": \"n{}\"", parent % number.max(1))).filter(|_| number > 0);
        let text = format!("{{\"k\": \"n{number}\", \"title\": \"t{number}\"{}}}", up.unwrap_or_default());
        project.write(&format!("docs/{:03}-{number}.json", names[number]), &text);
    }
    let tables = "CREATE TABLE node (id INTEGER PRIMARY KEY, k TEXT UNIQUE, title TEXT, up INTEGER REFERENCES node (id)); \
        CREATE TABLE leaf (id INTEGER PRIMARY KEY, node_id INTEGER NOT NULL UNIQUE REFERENCES node (id))";
    project.db.batch(tables).unwrap();
    project
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The database enforces the references, so an order that broke one could not be applied.
    #[test]
    fn the_plan_does_not_depend_on_file_names_and_is_empty_after_apply(
        parents in proptest::collection::vec(proptest::option::of(0usize..100), 1..12),
        names in proptest::collection::vec(0usize..1000, 12),
        reversed in any::<bool>(),
    ) {
        let straight: Vec<usize> = (0..12).collect();
        let mut one = project(&parents, &straight, false);
        let mut other = project(&parents, &names, reversed);
        let plan = one.plan().unwrap();
        prop_assert_eq!(plan.digest(), other.plan().unwrap().digest());
        other.apply().unwrap();
        prop_assert!(other.plan().unwrap().is_empty());
        let expected = parents.iter().enumerate().filter(|(number, parent)| *number > 0 && parent.is_some()).count();
        let linked = other.rows("SELECT count(*) FROM node JOIN node up ON up.id = node.up");
        prop_assert_eq!(linked, expected.to_string());
    }

    /// Rows are what they are, in one file or in many, whichever dataset comes first by its name.
    #[test]
    fn the_plan_does_not_depend_on_how_rows_are_spread_over_files_and_datasets(
        rows in proptest::collection::vec((proptest::option::of(0usize..100), 0usize..4, any::<bool>()), 1..40),
        names in proptest::sample::subsequence(vec!["a", "b", "c", "d"], 2),
        swapped in any::<bool>(),
    ) {
        let names = if swapped { [names[1], names[0]] } else { [names[0], names[1]] };
        let block = |table: &str| format!("[[table]]\nname = '{table}'\nfile = 'data/*.csv'\n");
        let node = block("node") + "key = ['k']\ncolumns = { k = 'row.k', up = \"ref('node', k=row.up) if row.up else none\" }\n";
        let leaf = block("leaf") + "key = ['node_id']\nwhen = \"row.leaf == 'yes'\"\ncolumns = { node_id = \"ref('node', k=row.k)\" }\n";
        let make = |datasets: [(&str, &str); 2], spread: bool| {
            let mut project = Project::of(&[]);
            for (name, text) in datasets {
                project.write(&format!("seeds/{name}.toml"), text);
            }
            let mut files = vec![String::from("k,up,leaf\n"); 4];
            for (number, (up, file, is_leaf)) in rows.iter().enumerate() {
                let up = up.filter(|_| number > 0).map(|up| format!("n{}", up % number)).unwrap_or_default();
                let line = format!("n{number},{up},{}\n", if *is_leaf { "yes" } else { "no" });
                files[if spread { *file } else { 0 }].push_str(&line);
            }
            for (number, text) in files.iter().enumerate().filter(|(_, text)| text.lines().count() > 1) {
                project.write(&format!("data/{number}.csv"), text);
            }
            let tables = "CREATE TABLE node (id INTEGER PRIMARY KEY, k TEXT UNIQUE, up INTEGER REFERENCES node (id)); \
                CREATE TABLE leaf (id INTEGER PRIMARY KEY, node_id INTEGER NOT NULL UNIQUE REFERENCES node (id))";
            project.db.batch(tables).unwrap();
            project
        };
        let mut one = make([("a", &node), ("b", &leaf)], false);
        let mut other = make([(names[0], &node), (names[1], &leaf)], true);
        prop_assert_eq!(one.plan().unwrap().digest(), other.plan().unwrap().digest());
        other.apply().unwrap();
        prop_assert!(other.plan().unwrap().is_empty());
    }

    /// Whatever was edited in the database after seeding is there after seeding again.
    #[test]
    fn no_edit_in_the_database_is_ever_lost(
        edits in proptest::collection::vec((0usize..6, 0usize..3), 0..8),
        changes in proptest::collection::vec((0usize..6, 0usize..3), 0..8),
    ) {
        let mut project = project(&[None; 6], &[0, 1, 2, 3, 4, 5], false);
        project.apply().unwrap();
        for (row, text) in &edits {
            project.db.batch(&format!("UPDATE node SET title = 'edit{text}' WHERE k = 'n{row}'")).unwrap();
        }
        for (row, text) in &changes {
            project.write(&format!("docs/{row:03}-{row}.json"), &format!("{{\"k\": \"n{row}\", \"title\": \"file{text}\"}}"));
        }
        let edited = project.rows("SELECT k, title FROM node WHERE title LIKE 'edit%' ORDER BY k");
        project.apply().unwrap();
        prop_assert_eq!(project.rows("SELECT k, title FROM node WHERE title LIKE 'edit%' ORDER BY k"), edited);
        prop_assert!(project.plan().unwrap().is_empty());
    }
}

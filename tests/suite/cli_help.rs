//! The manual that the program carries: help, usage errors and explanations. What commands do is in the other files.

use plimsoll_core::ErrorCode;
use plimsoll_tests::Deployment;
use plimsoll_tests::snapshot::settled;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["deploy"],
    &["plan"],
    &["stop"],
    &["status"],
    &["history"],
    &["migrate"],
    &["migrate", "status"],
    &["migrate", "new"],
    &["migrate", "plan"],
    &["migrate", "lint"],
    &["migrate", "up"],
    &["migrate", "down"],
    &["migrate", "redo"],
    &["migrate", "verify"],
    &["migrate", "inventory"],
    &["migrate", "adopt"],
    &["migrate", "drift"],
    &["migrate", "squash"],
    &["seed"],
    &["seed", "plan"],
    &["seed", "apply"],
    &["seed", "pull"],
    &["seed", "runs"],
    &["seed", "undo"],
    &["seed", "reset"],
    &["seed", "promote"],
    &["seed", "verify"],
    &["audit"],
    &["audit", "verify"],
    &["audit", "list"],
    &["audit", "accept"],
    &["lifecycle"],
    &["lifecycle", "triggers"],
    &["smoke"],
    &["smoke", "run"],
    &["smoke", "import"],
    &["counts"],
    &["query"],
    &["locks"],
    &["locks", "list"],
    &["locks", "release"],
    &["env"],
    &["env", "show"],
    &["env", "check"],
    &["explain"],
];

#[test]
fn every_command_explains_itself() {
    let anywhere = Deployment::of_harbour();
    let mut all = String::new();
    for command in COMMANDS {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let help = anywhere.run(&arguments).exits(0);
        assert_eq!(help.stderr, "");
        all.push_str(&format!("$ plimsoll {}\n{}\n", arguments.join(" "), help.stdout));
        // No command is missing above.
        let listed =
            help.stdout.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        for name in listed.filter_map(|line| line.split_whitespace().next()) {
            let known = [command, &[name][..]].concat();
            assert!(COMMANDS.contains(&known.as_slice()), "{known:?} is not tested");
        }
    }
    settled(|| insta::assert_snapshot!("help", all));
}

#[test]
fn mistakes_on_the_command_line_exit_with_2_and_say_what_is_known() {
    let harbour = Deployment::of_harbour();
    for (arguments, texts) in [
        (&["delpoy", "dev"][..], &["delpoy", "deploy"][..]),
        (&["deploy"], &["<ENVIRONMENT>"]),
        (&["deploy", "dev", "--lock-wait", "soon"], &["500ms", "--lock-wait"]),
        (&["deploy", "dev", "--plna", "x"], &["--plna", "--plan"]),
        (&["plan", "dev", "--set", "PORT"], &["NAME=VALUE"]),
        (&["plan", "dev", "--format", "yaml"], &["text", "json"]),
        (&["stop"], &["<ENVIRONMENT>"]),
        (&["status"], &["<ENVIRONMENT>"]),
        (&["history", "dev", "--limit", "all"], &["--limit"]),
        (&["migrate", "sideways", "dev"], &["sideways"]),
        (&["seed", "dev"], &["dev"]),
        (&["smoke", "run"], &["<ENVIRONMENT>"]),
        (&["env", "show"], &["<ENVIRONMENT>"]),
        (&["explain"], &["<CODE>"]),
        (&["deploy", "dve"], &["project::environment_unknown", "did you mean `dev`?"]),
    ] {
        harbour.run(arguments).exits(2).says(texts);
    }
    assert!(!harbour.root().join(".plimsoll").exists());
}

#[test]
fn variables_are_set_before_and_after_the_command() {
    let harbour = Deployment::of_harbour();
    let shown = harbour.run(&["--set", "fault=no-specs", "env", "show", "dev", "--set=closed_port=1"]).exits(0);
    for text in ["no-specs", "closed_port"] {
        assert!(shown.stdout.contains(text), "{}", shown.text());
    }
    let shown = harbour.run(&["--set=fault=no-specs", "env", "show", "dev", "--set", "fault=die-at-start"]).exits(0);
    assert!(shown.stdout.contains("die-at-start"), "the last one wins: {}", shown.text());
}

#[test]
fn every_error_code_is_explained() {
    let anywhere = Deployment::of_harbour();
    let mut all = String::new();
    for code in ErrorCode::ALL {
        let told = anywhere.run(&["explain", code.as_str()]).exits(0);
        assert!(told.stdout.contains("cause: ") && told.stdout.contains("fix: "), "{}", told.text());
        all.push_str(&told.stdout);
        all.push('\n');
    }
    settled(|| insta::assert_snapshot!("explanations", all));
    let json = anywhere.run(&["explain", "lock::held", "--format", "json"]).exits(0).one_json();
    assert_eq!((json["code"].as_str(), json["exit"].as_i64()), (Some("lock::held"), Some(6)));
    anywhere
        .run(&["explain", "migrate::checksum_missmatch"])
        .exits(2)
        .says(&["did you mean `migrate::checksum_mismatch`?"]);
}

#[test]
fn errors_are_told_to_programs_as_json() {
    let harbour = Deployment::of_harbour();
    let refused = harbour.run(&["plan", "dve", "--format", "json"]).exits(2);
    let told = refused.one_json();
    assert_eq!(told["event"], "error");
    assert_eq!(told["exit"], 2);
    assert_eq!(told["error"]["code"], "project::environment_unknown");
    let harbour = harbour.set("HF_SUPERADMIN_TOKEN", "");
    let told = harbour.run(&["plan", "dev", "--format", "json"]).exits(2).one_json();
    let remedy = told["error"]["remedy"].as_str().expect("a text");
    assert!(remedy.contains("`plimsoll env show"), "{remedy}");
}

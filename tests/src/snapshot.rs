//! How outputs are made comparable: what differs from run to run is replaced by its name. What is compared is the tests'.

/// Runs assertions on snapshots with times, revisions, ports and processes replaced. Snapshots are named by hand.
pub fn settled(assertions: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, name) in [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[when]"),
        (r"\b\d+\.\d\d s\b", "[time]"),
        (r"\b\d+(\.\d+)?(ms|µs)\b", "[time]"),
        (r"\b(local|main|next)\.[0-9a-f]{8}\b", "$1.[digest]"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:[free]"),
        (r"process \d+", "process [pid]"),
        (r" +\n", "\n"),
    ] {
        settings.add_filter(pattern, name);
    }
    settings.bind(assertions);
}

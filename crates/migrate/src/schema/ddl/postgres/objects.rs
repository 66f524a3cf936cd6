//! Functions, views, triggers, rules, policies and privileges of PostgreSQL. Indexes and constraints are `tables`'.

use super::super::order::mentions;
use super::super::{Draft, Phase, of_kind, rows_of, table_of};
use super::{Way, names, tables};
use crate::schema::{AttributeChange, Change, Difference, Object, ObjectKey, ObjectKind, Schema};

pub(super) fn write(way: &Way<'_>, draft: &mut Draft) {
    for kind in [ObjectKind::Function, ObjectKind::Procedure] {
        functions(way, kind, draft);
    }
    parts(way, draft);
    for difference in of_kind(&way.differences, ObjectKind::EventTrigger) {
        let name = names::name(&difference.key.name);
        if difference.change != Change::Added {
            draft.add(Phase::DropPrograms, &difference.key, format!("DROP EVENT TRIGGER {name}"));
        }
        if let Some(trigger) = way.object(&difference.key) {
            event_trigger(trigger, &name, draft);
        }
    }
    for difference in of_kind(&way.differences, ObjectKind::Grant) {
        grants(way, difference, draft);
    }
    altered_views(way, draft);
}

/// Makes a view, without what belongs to it.
pub(super) fn make_view(view: &Object, draft: &mut Draft) {
    let name = names::table(&view.key);
    let word = if view.key.kind == ObjectKind::View { "VIEW" } else { "MATERIALIZED VIEW" };
    let options = view.attribute("options").map(|text| format!(" WITH ({text})")).unwrap_or_default();
    let definition = view.attribute("definition").unwrap_or_default().trim().trim_end_matches(';');
    draft.add(Phase::Views, &view.key, format!("CREATE {word} {name}{options} AS\n{definition}"));
    if let Some(comment) = view.attribute("comment") {
        draft.add(
            Phase::ViewParts,
            &view.key,
            format!("COMMENT ON {word} {name} IS {}", names::literal(Some(comment))),
        );
    }
}

/// Makes what belongs to a table or a view that is made.
pub(super) fn make_part(part: &Object, schema: &Schema, draft: &mut Draft) {
    match part.key.kind {
        ObjectKind::Index => tables::make_index(part, Phase::ViewParts, draft),
        ObjectKind::Grant => {
            if let Some(privileges) = part.attribute("privileges") {
                grant(schema, &part.key, "GRANT", privileges, draft);
            }
        }
        _ => make_program(part, draft),
    }
}

/// Makes a trigger, a rule or a policy, with its state and its comment.
fn make_program(program: &Object, draft: &mut Draft) {
    let (key, table, name) = (&program.key, names::table(&table_of(&program.key)), names::name(&program.key.name));
    let (word, sql) = match key.kind {
        ObjectKind::Trigger => ("TRIGGER", definition(program)),
        ObjectKind::Rule => ("RULE", definition(program)),
        ObjectKind::Policy => ("POLICY", policy(program, &table, &name)),
        _ => return,
    };
    draft.add(Phase::Programs, key, sql);
    if let Some(state) = program.attribute("state").filter(|state| *state != "enabled") {
        draft.add(Phase::States, key, format!("ALTER TABLE {table} {} {word} {name}", state_words(state)));
    }
    if let Some(comment) = program.attribute("comment") {
        let text = names::literal(Some(comment));
        draft.add(Phase::States, key, format!("COMMENT ON {word} {name} ON {table} IS {text}"));
    }
}

/// The privileges of a schema or a function that is made.
pub(super) fn grant_made(object: &Object, draft: &mut Draft) {
    let usual = matches!(object.key.kind, ObjectKind::Function | ObjectKind::Procedure).then_some("PUBLIC: EXECUTE");
    grant_difference(&object.key, usual, object.attribute("granted"), draft);
}

/// The privileges of a schema or a function, where they change.
pub(super) fn grant_changed(key: &ObjectKey, changes: &[AttributeChange], draft: &mut Draft) {
    if let Some(change) = changes.iter().find(|change| change.name == "granted") {
        grant_difference(key, change.from.as_deref(), change.to.as_deref(), draft);
    }
}

fn functions(way: &Way<'_>, kind: ObjectKind, draft: &mut Draft) {
    let replaced = |difference: &Difference| is_replaced(way, difference);
    for key in way.dropped(kind, replaced) {
        let phase = if way.object(&key).is_some() { Phase::DropReplaced } else { Phase::DropFunctions };
        let word = word(way.from.objects.get(&key));
        draft.add(phase, &key, format!("DROP {word} {}", names::function(&key)));
    }
    for function in way.made(kind, replaced) {
        make_function(way, function, draft);
        if let Some(comment) = function.attribute("comment") {
            comment_function(function, Some(comment), draft);
        }
        grant_made(function, draft);
    }
    for difference in of_kind(&way.differences, kind).filter(|difference| !replaced(difference)) {
        let (Change::Changed(changes), Some(function)) = (&difference.change, way.object(&difference.key)) else {
            continue;
        };
        if changes.iter().any(|change| change.name == "definition") {
            make_function(way, function, draft);
        }
        if changes.iter().any(|change| change.name == "comment") {
            comment_function(function, function.attribute("comment"), draft);
        }
        grant_changed(&difference.key, changes, draft);
    }
}

/// Whether a function cannot be replaced in its place: what it returns changes, or it is an aggregate.
fn is_replaced(way: &Way<'_>, difference: &Difference) -> bool {
    let Change::Changed(changes) = &difference.change else { return false };
    let returns = |schema: &Schema| {
        let text = schema.objects.get(&difference.key)?.attribute("definition")?;
        text.lines().find(|line| line.trim_start().starts_with("RETURNS ")).map(str::to_owned)
    };
    changes.iter().any(|change| change.name == "aggregate") || returns(way.from) != returns(way.to)
}

fn make_function(way: &Way<'_>, function: &Object, draft: &mut Draft) {
    let key = &function.key;
    if let Some(aggregate) = function.attribute("aggregate") {
        let mut parts = aggregate.split(", ");
        let (transition, state) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let mut options = format!("SFUNC = {transition}, STYPE = {state}");
        let rest: Vec<&str> = parts.collect();
        let (first, functions) = match rest.split_last() {
            Some((last, before)) if last.starts_with('\'') => (Some(*last), before.to_vec()),
            _ => (None, rest),
        };
        for (word, function) in ["FINALFUNC", "COMBINEFUNC"].iter().zip(functions) {
            options.push_str(&format!(", {word} = {function}"));
        }
        if let Some(first) = first {
            options.push_str(&format!(", INITCOND = {first}"));
        }
        draft.add(Phase::LateFunctions, key, format!("CREATE AGGREGATE {} ({options})", names::function(key)));
        return;
    }
    let text = definition(function);
    let head = text.split("\nAS ").next().unwrap_or_default();
    let is_checked = head.contains("LANGUAGE sql") || text.contains("\nBEGIN ATOMIC");
    let is_new = |object: &&Object| {
        matches!(object.key.kind, ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView)
            && (way.change(&object.key) == Some(&Change::Added) || way.rebuilt.contains(&object.key))
    };
    // Its head may name the types of tables; its body is looked at only in SQL.
    let mentioned = |name: &str| mentions(head, name) || (is_checked && mentions(&text, name));
    let is_late = way.to.objects.values().filter(is_new).any(|table| mentioned(&table.key.name));
    draft.add(if is_late { Phase::LateFunctions } else { Phase::Functions }, key, text);
}

fn comment_function(function: &Object, comment: Option<&str>, draft: &mut Draft) {
    let (name, word) = (names::function(&function.key), word(Some(function)));
    draft.add(Phase::States, &function.key, format!("COMMENT ON {word} {name} IS {}", names::literal(comment)));
}

fn word(function: Option<&Object>) -> &'static str {
    match function {
        Some(function) if function.attribute("aggregate").is_some() => "AGGREGATE",
        Some(function) if function.key.kind == ObjectKind::Procedure => "PROCEDURE",
        _ => "FUNCTION",
    }
}

/// Triggers, rules and policies. They have no data, so whatever changes but their state makes them anew.
fn parts(way: &Way<'_>, draft: &mut Draft) {
    let replaced = |difference: &Difference| {
        let Change::Changed(changes) = &difference.change else { return false };
        changes.iter().any(|change| !["state", "comment"].contains(&change.name.as_str()))
    };
    for (kind, word) in [(ObjectKind::Rule, "RULE"), (ObjectKind::Policy, "POLICY"), (ObjectKind::Trigger, "TRIGGER")] {
        for key in way.dropped(kind, replaced) {
            let (table, name) = (names::table(&table_of(&key)), names::name(&key.name));
            draft.add(Phase::DropPrograms, &key, format!("DROP {word} {name} ON {table}"));
        }
        for program in way.made(kind, replaced) {
            make_program(program, draft);
        }
        for difference in of_kind(&way.differences, kind).filter(|difference| !replaced(difference)) {
            let (Change::Changed(changes), Some(program)) = (&difference.change, way.object(&difference.key)) else {
                continue;
            };
            let (table, name) = (names::table(&table_of(&program.key)), names::name(&program.key.name));
            if changes.iter().any(|change| change.name == "state") {
                let state = state_words(program.attribute("state").unwrap_or_default());
                draft.add(Phase::States, &program.key, format!("ALTER TABLE {table} {state} {word} {name}"));
            }
            if changes.iter().any(|change| change.name == "comment") {
                let text = names::literal(program.attribute("comment"));
                draft.add(Phase::States, &program.key, format!("COMMENT ON {word} {name} ON {table} IS {text}"));
            }
        }
    }
}

fn policy(policy: &Object, table: &str, name: &str) -> String {
    let of = |attribute: &str| policy.attribute(attribute).unwrap_or_default();
    let roles: Vec<String> = of("roles").split(", ").map(names::role).collect();
    let mut sql = format!(
        "CREATE POLICY {name} ON {table} AS {} FOR {} TO {}",
        of("kind").to_uppercase(),
        of("command").to_uppercase(),
        roles.join(", ")
    );
    for (attribute, word) in [("using", "USING"), ("with check", "WITH CHECK")] {
        if let Some(expression) = policy.attribute(attribute) {
            sql.push_str(&format!(" {word} ({expression})"));
        }
    }
    sql
}

fn event_trigger(trigger: &Object, name: &str, draft: &mut Draft) {
    let of = |attribute: &str| trigger.attribute(attribute).unwrap_or_default();
    let tags: Vec<String> =
        of("tags").split(", ").filter(|tag| !tag.is_empty()).map(|tag| names::literal(Some(tag))).collect();
    let when = if tags.is_empty() { String::new() } else { format!(" WHEN TAG IN ({})", tags.join(", ")) };
    let sql = format!("CREATE EVENT TRIGGER {name} ON {}{when} EXECUTE FUNCTION {}", of("event"), of("function"));
    draft.add(Phase::Grants, &trigger.key, sql);
    if of("state") != "enabled" {
        draft.add(Phase::Grants, &trigger.key, format!("ALTER EVENT TRIGGER {name} {}", state_words(of("state"))));
    }
}

fn altered_views(way: &Way<'_>, draft: &mut Draft) {
    // Views that change are made anew; what they hold is only to be said for those that store it.
    for difference in of_kind(&way.differences, ObjectKind::MaterializedView) {
        if difference.change == Change::Removed {
            let said = draft.steps.iter_mut().find(|(_, step)| step.key == difference.key);
            if let Some((_, step)) = said {
                step.loses = Some(rows_of(&difference.key));
            }
        }
    }
}

fn grants(way: &Way<'_>, difference: &Difference, draft: &mut Draft) {
    let key = &difference.key;
    let before = way.from.objects.get(key).and_then(|object| object.attribute("privileges"));
    let after = way.to.objects.get(key).and_then(|object| object.attribute("privileges"));
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let revoked = missing(before, after);
    // What belongs to a view that is made anew, or to a column that goes, goes with it.
    let owner_stays = !way.rebuilt.iter().any(|view| Some(&view.name) == key.table.as_ref());
    if !revoked.is_empty() && owner_stays {
        grant(way.from, key, "REVOKE", &revoked, draft);
    }
    let granted = missing(after, before);
    if !granted.is_empty() {
        grant(way.to, key, "GRANT", &granted, draft);
    }
}

/// The items of one list that another lacks.
fn missing(of: &str, in_other: &str) -> String {
    let other: Vec<&str> = in_other.split(", ").collect();
    let items: Vec<&str> = of.split(", ").filter(|item| !item.is_empty() && !other.contains(item)).collect();
    items.join(", ")
}

fn grant(schema: &Schema, key: &ObjectKey, verb: &str, privileges: &str, draft: &mut Draft) {
    let (role, columns) = match key.name.split_once(" (") {
        Some((role, columns)) => (role, format!(" ({columns}")),
        None => (key.name.as_str(), String::new()),
    };
    let table = table_of(key);
    let is_sequence = schema.objects.contains_key(&ObjectKey { kind: ObjectKind::Sequence, ..table.clone() });
    let on = if is_sequence { format!("SEQUENCE {}", names::table(&table)) } else { names::table(&table) };
    let (direction, role) = (if verb == "GRANT" { "TO" } else { "FROM" }, names::role(role));
    let (phase, is_grant) = if verb == "GRANT" { (Phase::Grants, true) } else { (Phase::DropPrograms, false) };
    let with_option = |item: &&str| item.ends_with(" with grant option");
    let items: Vec<&str> = privileges.split(", ").collect();
    for optional in [false, true] {
        let chosen: Vec<String> = items
            .iter()
            .filter(|item| with_option(item) == optional)
            .map(|item| format!("{}{columns}", item.trim_end_matches(" with grant option")))
            .collect();
        if !chosen.is_empty() {
            let option = if optional && is_grant { " WITH GRANT OPTION" } else { "" };
            draft.add(phase, key, format!("{verb} {} ON {on} {direction} {role}{option}", chosen.join(", ")));
        }
    }
}

fn grant_difference(key: &ObjectKey, before: Option<&str>, after: Option<&str>, draft: &mut Draft) {
    let (word, name) = match key.kind {
        ObjectKind::Schema => ("SCHEMA", names::table(key)),
        ObjectKind::Procedure => ("PROCEDURE", names::function(key)),
        ObjectKind::Function => ("FUNCTION", names::function(key)),
        _ => return,
    };
    let mut each = |verb: &str, direction: &str, lines: &str| {
        for line in lines.split(", ").filter(|line| !line.is_empty()) {
            let Some((role, privilege)) = line.split_once(": ") else { continue };
            let bare = privilege.trim_end_matches(" with grant option");
            let option = if bare != privilege && verb == "GRANT" { " WITH GRANT OPTION" } else { "" };
            let role = names::role(role);
            draft.add(Phase::Grants, key, format!("{verb} {bare} ON {word} {name} {direction} {role}{option}"));
        }
    };
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    each("REVOKE", "FROM", &missing(before, after));
    each("GRANT", "TO", &missing(after, before));
}

fn definition(object: &Object) -> String {
    object.attribute("definition").unwrap_or_default().trim().trim_end_matches(';').to_owned()
}

fn state_words(state: &str) -> &'static str {
    match state {
        "disabled" => "DISABLE",
        "enabled on replicas" => "ENABLE REPLICA",
        "enabled always" => "ENABLE ALWAYS",
        _ => "ENABLE",
    }
}

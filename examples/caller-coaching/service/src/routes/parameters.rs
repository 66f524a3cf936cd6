//! `GET /api/parameters/display-config`: the parameters as the data dictionary shows them. Editing them is not this service's.

use std::collections::BTreeMap;

use axum::extract::State;
use plimsoll_core::db::Stmt;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::state::App;

const PARAMETERS: &str =
    "SELECT section, parameter_id, name, parameter_type, interpretation_high, interpretation_low FROM parameter";

pub(crate) async fn display_config(State(app): State<App>) -> Result<Answer, Answer> {
    let rows = app.ask(|db| db.rows(&Stmt::new(PARAMETERS).cached())).await?;
    // Sorted here, because engines sort text by rules of their own.
    let mut sections: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
    for row in &rows {
        let parameter = json!({
            "id": row.text(1),
            "name": row.text(2),
            "type": row.text(3),
            "high": row.at(4).as_str(),
            "low": row.at(5).as_str(),
        });
        sections.entry(row.text(0)).or_default().insert(row.text(1), parameter);
    }
    let groups: Vec<Value> = sections
        .into_iter()
        .map(|(section, parameters)| json!({ "section": section, "parameters": parameters.into_values().collect::<Vec<_>>() }))
        .collect();
    Ok(Answer::ok(json!({ "groups": groups })))
}

//! `GET /api/onboarding`: the personas of the first call, from the seeded spec. How specs become rows is the seeds'.

use axum::extract::State;
use axum::http::StatusCode;
use plimsoll_core::db::dialect::read_expr;
use plimsoll_core::db::{Column, ColumnKind, Db, DbError, DynRow, Engine, Stmt, scalar};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::config::{Config, Fault};
use crate::state::App;

pub(crate) async fn onboarding(State(app): State<App>) -> Result<Answer, Answer> {
    if app.config.fault == Some(Fault::NoSpecs) {
        return Err(Answer::failed(StatusCode::INTERNAL_SERVER_ERROR, "the specs are gone (a rehearsed fault)"));
    }
    let config = app.config.clone();
    match app.ask(move |db| spec(db, &config)).await? {
        Some(spec) => Ok(Answer::ok(json!({ "source": "database", "spec": spec }))),
        None => {
            let slug = &app.config.onboarding_spec;
            let reason = format!("onboarding spec {slug} is not in the database: seed the specs");
            Err(Answer::failed(StatusCode::NOT_FOUND, &reason))
        }
    }
}

fn spec(db: &mut dyn Db, config: &Config) -> Result<Option<Value>, DbError> {
    let slug = config.onboarding_spec.as_str();
    let stmt = Stmt::new(format!(
        "SELECT s.slug, s.name, {} FROM analysis_spec s LEFT JOIN bdd_feature_set f ON f.id = s.feature_set_id \
         WHERE s.source_id = ",
        raw_spec(db.engine())
    ))
    .bind(slug)
    .sql(" OR s.slug = ")
    .bind(slug)
    .sql(" OR f.feature_id = ")
    .bind(slug)
    .sql(" ORDER BY s.slug")
    .cached();
    let Some(row) = db.rows(&stmt)?.into_iter().next() else { return Ok(None) };
    let prompts = like("SELECT count(*) FROM prompt_slug", "", &config.onboarding_slug_prefix);
    let prompts = scalar(db, &prompts)?.as_int();
    let voices = like("SELECT slug FROM analysis_spec", "%", &config.voice_spec_pattern).sql(" ORDER BY slug");
    let voices: Vec<String> = db.rows(&voices)?.iter().map(|row| row.text(0).to_owned()).collect();
    Ok(Some(json!({
        "slug": row.text(0),
        "name": row.text(1),
        "personas": personas(&row),
        "prompts": prompts,
        "voice_specs": voices,
    })))
}

/// The rows whose slug has the text at its start, or after anything when `before` is `%`. Text is text, not a pattern.
fn like(select: &str, before: &str, text: &str) -> Stmt {
    let text = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    Stmt::new(format!("{select} WHERE slug LIKE ")).bind(format!("{before}{text}%")).sql(" ESCAPE '!'")
}

/// The document is a JSON column, which only some engines hand out as text by themselves.
fn raw_spec(engine: Engine) -> String {
    let column = Column {
        name: "raw_spec".to_owned(),
        declared: "json".to_owned(),
        kind: ColumnKind::Json,
        nullable: true,
        ..Column::default()
    };
    read_expr(engine, &column)
}

/// The personas by id; engines keep the keys of a document in orders of their own.
fn personas(row: &DynRow) -> Vec<Value> {
    let document: Value = serde_json::from_str(row.text(2)).unwrap_or_default();
    let all = &document["personas"];
    let mut ids: Vec<(&String, &Value)> =
        all.as_object().into_iter().flatten().filter(|(_, it)| it.is_object()).collect();
    ids.sort_by_key(|(id, _)| *id);
    let persona = |(id, persona): (&String, &Value)| {
        json!({
            "id": id,
            "name": persona["name"],
            "domain": persona["domain"],
            "welcome": persona["welcomeTemplate"],
            "default": all["defaultPersona"] == **id,
        })
    };
    ids.into_iter().map(persona).collect()
}

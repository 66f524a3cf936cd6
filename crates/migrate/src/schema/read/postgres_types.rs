//! The queries for what stands by itself on PostgreSQL: schemas, extensions, types, sequences, functions, event triggers.
//! Tables and what belongs to them are `postgres_tables`'.

use super::postgres::{granted, our_schema, ours};
use super::{GRANTED, ObjectKind, Query};

pub(super) fn queries() -> Vec<Query> {
    let mut queries = vec![schemas(), extensions(), event_triggers(), sequences()];
    queries.extend(types());
    queries.extend(routines());
    queries
}

/// What there is to say about a sequence `s` of `pg_sequence`.
pub(super) const SEQUENCE: &str = "format_type(s.seqtypid, NULL), s.seqstart::text, s.seqincrement::text, s.seqmin::text, \
     s.seqmax::text, s.seqcache::text, CASE WHEN s.seqcycle THEN 'yes' END";

fn schemas() -> Query {
    let (ours, granted) = (ours("pg_namespace", "n"), granted("n.nspacl", "n.nspowner"));
    Query {
        kind: ObjectKind::Schema,
        attributes: &[GRANTED, "comment"],
        sql: format!(
            "SELECT NULL::text, NULL::text, n.nspname::text, {granted}, obj_description(n.oid, 'pg_namespace') \
             FROM pg_namespace n WHERE {ours}"
        ),
    }
}

fn extensions() -> Query {
    Query {
        kind: ObjectKind::Extension,
        attributes: &["version", "schema"],
        sql: "SELECT NULL::text, NULL::text, x.extname::text, x.extversion::text, n.nspname::text \
              FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace"
            .to_owned(),
    }
}

fn event_triggers() -> Query {
    let ours = ours("pg_event_trigger", "t").replace(our_schema(), "true");
    Query {
        kind: ObjectKind::EventTrigger,
        attributes: &["event", "function", "state", "tags"],
        sql: format!(
            "SELECT NULL::text, NULL::text, t.evtname::text, t.evtevent::text, t.evtfoid::regprocedure::text, \
             CASE t.evtenabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas' \
             ELSE 'enabled always' END, array_to_string(t.evttags, ', ') FROM pg_event_trigger t WHERE {ours}"
        ),
    }
}

fn sequences() -> Query {
    let ours = ours("pg_class", "c");
    Query {
        kind: ObjectKind::Sequence,
        attributes: &["type", "start", "increment", "minimum", "maximum", "cache", "cycling", "persistence", "comment"],
        sql: format!(
            "SELECT n.nspname::text, NULL::text, c.relname::text, {SEQUENCE}, \
             CASE WHEN c.relpersistence = 'u' THEN 'unlogged' END, obj_description(c.oid, 'pg_class') \
             FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE {ours} AND NOT EXISTS (SELECT 1 FROM pg_depend o WHERE o.classid = 'pg_class'::regclass \
             AND o.objid = c.oid AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i'))"
        ),
    }
}

fn types() -> [Query; 4] {
    let ours = ours("pg_type", "t");
    let query = |kind, attributes, columns: &str, from: &str, category: char| Query {
        kind,
        attributes,
        sql: format!(
            "SELECT n.nspname::text, NULL::text, t.typname::text, {columns}, obj_description(t.oid, 'pg_type') \
             FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace {from} WHERE t.typtype = '{category}' AND {ours}"
        ),
    };
    let values = "(SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder) FROM pg_enum l \
                  WHERE l.enumtypid = t.oid)";
    let domain = "format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'not null' ELSE 'nullable' END, \
                  t.typdefault, CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END, \
                  (SELECT string_agg(quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), ', ' ORDER BY k.conname) \
                  FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')";
    let fields = "(SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) \
                  FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)";
    let range = "format_type(g.rngsubtype, NULL), nullif(g.rngcanonical::text, '-'), nullif(g.rngsubdiff::text, '-')";
    [
        query(ObjectKind::Enum, &["values", "comment"], values, "", 'e'),
        query(
            ObjectKind::Domain,
            &["type", "nullability", "default", "collation", "checks", "comment"],
            domain,
            "JOIN pg_type b ON b.oid = t.typbasetype",
            'd',
        ),
        query(
            ObjectKind::CompositeType,
            &["fields", "comment"],
            fields,
            "JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'",
            'c',
        ),
        query(
            ObjectKind::RangeType,
            &["subtype", "canonical", "difference", "comment"],
            range,
            "JOIN pg_range g ON g.rngtypid = t.oid",
            'r',
        ),
    ]
}

fn routines() -> [Query; 2] {
    // The constructors of range types come with these.
    let ours = ours("pg_proc", "p").replace("e.deptype = 'e'", "e.deptype IN ('e', 'i')");
    let granted = granted("coalesce(p.proacl, acldefault('f', p.proowner))", "p.proowner");
    let query = |kind, condition: &str| Query {
        kind,
        attributes: &["definition", "aggregate", GRANTED, "comment"],
        sql: format!(
            "SELECT n.nspname::text, NULL::text, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', \
             CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END, \
             CASE WHEN p.prokind = 'a' THEN (SELECT concat_ws(', ', a.aggtransfn, a.aggtranstype::regtype, \
             nullif(a.aggfinalfn::text, '-'), nullif(a.aggcombinefn::text, '-'), quote_literal(a.agginitval)) \
             FROM pg_aggregate a WHERE a.aggfnoid = p.oid) END, \
             {granted}, obj_description(p.oid, 'pg_proc') \
             FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {condition} AND {ours}"
        ),
    };
    [query(ObjectKind::Function, "p.prokind <> 'p'"), query(ObjectKind::Procedure, "p.prokind = 'p'")]
}

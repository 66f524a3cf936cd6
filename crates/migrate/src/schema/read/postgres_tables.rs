//! The queries for tables, views and what belongs to them on PostgreSQL. What stands by itself is `postgres_types`'.

use super::postgres::ours;
use super::postgres_types::SEQUENCE;
use super::{ObjectKind, Query};

pub(super) fn queries() -> Vec<Query> {
    let mut queries = vec![tables(), columns(), indexes(), triggers(), rules(), policies()];
    queries.extend(constraints());
    queries.extend(views());
    queries.extend(grants());
    queries
}

/// The project's relations, as `c` in `n`.
fn relations() -> String {
    format!("pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND {}", ours("pg_class", "c"))
}

fn tables() -> Query {
    Query {
        kind: ObjectKind::Table,
        attributes: &[
            "partitioned by",
            "parents",
            "partition",
            "options",
            "persistence",
            "row security",
            "access method",
            "replica identity",
            "foreign server",
            "comment",
        ],
        sql: format!(
            "SELECT n.nspname::text, NULL::text, c.relname::text, pg_get_partkeydef(c.oid), \
             (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid), \
             pg_get_expr(c.relpartbound, c.oid), \
             (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(c.reloptions) o), \
             CASE WHEN c.relpersistence = 'u' THEN 'unlogged' END, \
             CASE WHEN c.relrowsecurity AND c.relforcerowsecurity THEN 'forced' WHEN c.relrowsecurity THEN 'enabled' \
             WHEN c.relforcerowsecurity THEN 'forced once enabled' END, \
             (SELECT m.amname::text FROM pg_am m WHERE m.oid = c.relam AND m.amname <> 'heap'), \
             CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN (SELECT 'index ' || i.indexrelid::regclass \
             FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident) END, \
             (SELECT concat_ws(' ', s.srvname, array_to_string(f.ftoptions, ', ')) FROM pg_foreign_table f \
             JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid), \
             obj_description(c.oid, 'pg_class') FROM {} WHERE c.relkind IN ('r', 'p', 'f')",
            relations()
        ),
    }
}

fn columns() -> Query {
    Query {
        kind: ObjectKind::Column,
        attributes: &[
            "type",
            "nullability",
            "default",
            "generated",
            "identity",
            "sequence",
            "collation",
            "storage",
            "comment",
            "position",
        ],
        // Since PostgreSQL 18 NOT NULL is a constraint with a name and may be unvalidated; the name is mostly its own.
        sql: format!(
            "SELECT n.nspname::text, c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), \
             CASE WHEN EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'n' \
             AND k.conkey[1] = a.attnum AND NOT k.convalidated) THEN 'not null (NOT VALID)' \
             WHEN a.attnotnull THEN 'not null' ELSE 'nullable' END, \
             CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END, \
             CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) \
             || CASE a.attgenerated WHEN 's' THEN ' stored' ELSE ' virtual' END END, \
             CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END, \
             (SELECT format('%s from %s by %s, minimum %s, maximum %s, cache %s%s', {SEQUENCE}) FROM pg_depend o JOIN pg_sequence s ON s.seqrelid = o.objid \
             WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass AND o.refobjid = c.oid \
             AND o.refobjsubid = a.attnum AND o.deptype IN ('a', 'i') ORDER BY o.objid LIMIT 1), \
             CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END, \
             CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END, col_description(c.oid, a.attnum), \
             (row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum))::text \
             FROM {} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
             JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
             WHERE c.relkind IN ('r', 'p', 'f')",
            relations()
        ),
    }
}

fn constraints() -> [Query; 5] {
    let query = |kind, contype: char, attributes, columns: &str| Query {
        kind,
        attributes,
        sql: format!(
            "SELECT n.nspname::text, c.relname::text, k.conname::text, {columns}, obj_description(k.oid, 'pg_constraint') \
             FROM {} JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = '{contype}'",
            relations()
        ),
    };
    let names = |table: &str, numbers: &str| {
        format!(
            "(SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY l.at) FROM unnest({numbers}) WITH ORDINALITY l(number, at) \
             JOIN pg_attribute a ON a.attrelid = {table} AND a.attnum = l.number)"
        )
    };
    let action = |column: &str| {
        format!(
            "CASE {column} WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' \
             WHEN 'n' THEN 'set null' ELSE 'set default' END"
        )
    };
    let defer = "CASE WHEN k.condeferred THEN 'initially deferred' WHEN k.condeferrable THEN 'initially immediate' END";
    let valid = "CASE WHEN k.convalidated THEN 'validated' ELSE 'not validated' END";
    // Since PostgreSQL 18; older servers have no such column.
    let enforced = "CASE WHEN to_jsonb(k) ->> 'conenforced' = 'false' THEN 'not enforced' END";
    let disabled = "CASE WHEN EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgconstraint = k.oid AND g.tgrelid = k.conrelid \
                    AND g.tgenabled = 'D') THEN 'disabled' ELSE 'enabled' END";
    let foreign = [
        names("k.conrelid", "k.conkey"),
        format!("k.confrelid::regclass || ' (' || {} || ')'", names("k.confrelid", "k.confkey")),
        action("k.confdeltype"),
        // Columns of SET NULL, since PostgreSQL 15.
        "(SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM jsonb_array_elements_text(CASE WHEN \
         jsonb_typeof(to_jsonb(k) -> 'confdelsetcols') = 'array' THEN to_jsonb(k) -> 'confdelsetcols' ELSE '[]' END) l \
         JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = l::int)"
            .to_owned(),
        action("k.confupdtype"),
        "CASE k.confmatchtype WHEN 'f' THEN 'full' END".to_owned(),
        [defer, valid, enforced, disabled].join(", "),
    ]
    .join(", ");
    let definition = "pg_get_constraintdef(k.oid)";
    let check =
        format!("pg_get_expr(k.conbin, k.conrelid), CASE WHEN k.connoinherit THEN 'no' END, {valid}, {enforced}");
    [
        query(ObjectKind::PrimaryKey, 'p', &["definition", "comment"], definition),
        query(ObjectKind::Unique, 'u', &["definition", "comment"], definition),
        query(ObjectKind::Exclusion, 'x', &["definition", "comment"], definition),
        query(ObjectKind::Check, 'c', &["expression", "inherited", "validity", "enforcement", "comment"], &check),
        query(
            ObjectKind::ForeignKey,
            'f',
            &[
                "columns",
                "references",
                "on delete",
                "set columns",
                "on update",
                "match",
                "deferrable",
                "validity",
                "enforcement",
                "state",
                "comment",
            ],
            &foreign,
        ),
    ]
}

fn indexes() -> Query {
    Query {
        kind: ObjectKind::Index,
        attributes: &["definition", "uniqueness", "validity", "comment"],
        sql: format!(
            "SELECT n.nspname::text, c.relname::text, x.relname::text, pg_get_indexdef(x.oid), \
             CASE WHEN i.indisunique THEN 'unique' ELSE 'not unique' END, \
             CASE WHEN NOT i.indisvalid THEN 'INVALID' WHEN NOT i.indisready THEN 'not ready' ELSE 'valid' END, \
             obj_description(x.oid, 'pg_class') \
             FROM {} JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid \
             WHERE c.relkind IN ('r', 'p', 'm') AND NOT EXISTS (SELECT 1 FROM pg_constraint k \
             WHERE k.conindid = x.oid AND k.contype IN ('p', 'u', 'x') AND k.conrelid = c.oid)",
            relations()
        ),
    }
}

fn triggers() -> Query {
    Query {
        kind: ObjectKind::Trigger,
        attributes: &["definition", "state", "comment"],
        sql: format!(
            "SELECT n.nspname::text, c.relname::text, t.tgname::text, pg_get_triggerdef(t.oid), {}, \
             obj_description(t.oid, 'pg_trigger') FROM {} JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal",
            state("t.tgenabled"),
            relations()
        ),
    }
}

fn rules() -> Query {
    Query {
        kind: ObjectKind::Rule,
        attributes: &["definition", "state"],
        sql: format!(
            "SELECT n.nspname::text, c.relname::text, r.rulename::text, pg_get_ruledef(r.oid), {} \
             FROM {} JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'",
            state("r.ev_enabled"),
            relations()
        ),
    }
}

fn state(column: &str) -> String {
    format!(
        "CASE {column} WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas' ELSE 'enabled always' END"
    )
}

fn policies() -> Query {
    Query {
        kind: ObjectKind::Policy,
        attributes: &["command", "kind", "roles", "using", "with check", "comment"],
        sql: format!(
            "SELECT n.nspname::text, c.relname::text, p.polname::text, CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' \
             WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END, \
             CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, \
             (SELECT string_agg(coalesce(r.rolname, 'PUBLIC'), ', ' ORDER BY r.rolname) FROM unnest(p.polroles) l(role) \
             LEFT JOIN pg_roles r ON r.oid = l.role), pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), \
             obj_description(p.oid, 'pg_policy') FROM {} JOIN pg_policy p ON p.polrelid = c.oid",
            relations()
        ),
    }
}

fn views() -> [Query; 2] {
    let query = |kind, relkind: char| Query {
        kind,
        attributes: &["definition", "options", "comment"],
        sql: format!(
            "SELECT n.nspname::text, NULL::text, c.relname::text, pg_get_viewdef(c.oid), \
             (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(c.reloptions) o), obj_description(c.oid, 'pg_class') \
             FROM {} WHERE c.relkind = '{relkind}'",
            relations()
        ),
    };
    [query(ObjectKind::View, 'v'), query(ObjectKind::MaterializedView, 'm')]
}

/// What others than the owner may do: with tables, views and sequences, and with columns of them.
fn grants() -> [Query; 2] {
    let query = |name: &str, acl: &str, join: &str| Query {
        kind: ObjectKind::Grant,
        attributes: &["privileges"],
        sql: format!(
            "SELECT n.nspname::text, c.relname::text, {name}, string_agg(x.privilege_type || CASE WHEN x.is_grantable \
             THEN ' with grant option' ELSE '' END, ', ' ORDER BY x.privilege_type, x.is_grantable) FROM {} {join} \
             CROSS JOIN LATERAL aclexplode({acl}) x LEFT JOIN pg_roles r ON r.oid = x.grantee \
             WHERE x.grantee <> c.relowner GROUP BY 1, 2, 3",
            relations()
        ),
    };
    let role = "coalesce(r.rolname, 'PUBLIC')::text";
    [
        query(role, "c.relacl", ""),
        query(
            &format!("{role} || ' (' || quote_ident(a.attname) || ')'"),
            "a.attacl",
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped",
        ),
    ]
}

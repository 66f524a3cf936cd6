//! A proven baseline as text for people. What was proven is decided elsewhere.

use std::fmt;

use super::Squash;

impl fmt::Display for Squash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, file, replaces, certificate, .. } = self;
        writeln!(f, "squash on {engine}: {} migrations into `{}`", replaces.len(), file.display())?;
        for each in replaces {
            writeln!(f, "  - {}", each.name)?;
        }
        let objects: Vec<String> = certificate.objects.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        writeln!(f, "proven equal to replaying them:")?;
        writeln!(f, "  schema {}: {}", certificate.schema.get(..12).unwrap_or_default(), objects.join(", "))?;
        for table in &certificate.tables {
            let rows = if table.rows == 1 { "row" } else { "rows" };
            writeln!(
                f,
                "  table {}: {} {rows}, {}",
                table.table,
                table.rows,
                table.digest.get(..12).unwrap_or_default()
            )?;
        }
        Ok(())
    }
}

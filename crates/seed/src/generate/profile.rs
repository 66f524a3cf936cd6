//! How many rows each profile has of each table, and that smaller profiles are parts of larger ones. Rows are `eval`'s.

/// The counts of all profiles, the smallest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Profiles {
    names: Vec<String>,
    /// By profile, then by table; 0 for tables whose rows belong to others.
    counts: Vec<Vec<u64>>,
    chosen: usize,
}

/// What one table declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Count {
    /// Nothing of its own: its rows belong to rows of another table.
    Of,
    /// The same in every profile.
    Fixed(u64),
    /// By profile.
    By(Vec<(String, u64)>),
}

/// Why counts do not go together: the table, by its place in the list, and the message.
pub(crate) type Conflict = (usize, String);

impl Profiles {
    /// Puts the counts of all tables together and chooses a profile.
    pub(crate) fn new(tables: &[(&str, Count)], wanted: Option<&str>) -> Result<Self, Vec<Conflict>> {
        let mut names: Vec<String> = Vec::new();
        for (_, count) in tables {
            if let Count::By(by) = count {
                names.extend(by.iter().map(|(name, _)| name.clone()));
            }
        }
        names.sort();
        names.dedup();
        let first = tables.iter().position(|(_, count)| matches!(count, Count::By(_))).unwrap_or(0);
        let list = names.join(", ");
        let unknown = wanted.filter(|wanted| !names.iter().any(|name| name == wanted));
        match (unknown, wanted) {
            (Some(wanted), _) if !names.is_empty() => {
                return Err(vec![(first, format!("there is no profile `{wanted}` (there are: {list})"))]);
            }
            (None, None) if !names.is_empty() => {
                let message = format!("which profile is not said: `--profile`, or `profile` in [seed] ({list})");
                return Err(vec![(first, message)]);
            }
            (Some(wanted), _) if !tables.is_empty() => {
                let message = format!("there is no profile `{wanted}`: all counts are the same whatever it is");
                return Err(vec![(first, message)]);
            }
            _ => {}
        }
        if names.is_empty() {
            names.push(wanted.unwrap_or_default().to_owned());
        }
        let mut conflicts = Vec::new();
        let mut counts = vec![vec![0; tables.len()]; names.len()];
        for (table, (name, count)) in tables.iter().enumerate() {
            for (profile, profile_name) in names.iter().enumerate() {
                counts[profile][table] = match count {
                    Count::Of => 0,
                    Count::Fixed(count) => *count,
                    Count::By(by) => match by.iter().find(|(known, _)| known == profile_name) {
                        Some((_, count)) => *count,
                        None => {
                            conflicts.push((table, format!("`{name}` has no count for the profile `{profile_name}`")));
                            0
                        }
                    },
                };
            }
        }
        let chosen = wanted.and_then(|wanted| names.iter().position(|name| name == wanted)).unwrap_or(0);
        let profiles = Self { names, counts, chosen };
        if conflicts.is_empty() { profiles.sorted(tables) } else { Err(conflicts) }
    }

    /// How many rows a table has in the chosen profile.
    pub(crate) fn count(&self, table: usize) -> u64 {
        self.counts.get(self.chosen).and_then(|counts| counts.get(table)).copied().unwrap_or(0)
    }

    /// How many rows of `target` a row may refer to: those of the smallest profile that has the row itself, so that it
    /// refers to the same one in every profile.
    pub(crate) fn within(&self, table: usize, row: u64, target: usize) -> u64 {
        let smallest = self.counts.iter().find(|counts| counts[table] > row);
        smallest.map_or_else(|| self.count(target), |counts| counts[target])
    }

    /// By size. One that has more of one table and fewer of another has no place in the order.
    fn sorted(self, tables: &[(&str, Count)]) -> Result<Self, Vec<Conflict>> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by_key(|profile| self.counts[*profile].iter().map(|count| u128::from(*count)).sum::<u128>());
        for pair in order.windows(2) {
            let (small, large) = (pair[0], pair[1]);
            if let Some(table) = (0..tables.len()).find(|table| self.counts[small][*table] > self.counts[large][*table])
            {
                let (small, large) = (&self.names[small], &self.names[large]);
                let message = format!(
                    "`{}` has more rows in `{small}` than in `{large}`, which is larger in all: a smaller profile is a part of \
                     the larger one",
                    tables[table].0
                );
                return Err(vec![(table, message)]);
            }
        }
        let chosen = order.iter().position(|profile| *profile == self.chosen).unwrap_or(0);
        let names = order.iter().map(|profile| self.names[*profile].clone()).collect();
        let counts = order.iter().map(|profile| self.counts[*profile].clone()).collect();
        Ok(Self { names, counts, chosen })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(light: u64, full: u64) -> Count {
        Count::By(vec![("light".to_owned(), light), ("full".to_owned(), full)])
    }

    #[test]
    fn a_row_refers_within_the_smallest_profile_that_has_it() {
        let tables = [("client", by(5, 50)), ("orders", by(10, 1000)), ("unit", Count::Fixed(3))];
        for profile in ["light", "full"] {
            let profiles = Profiles::new(&tables, Some(profile)).expect("they fit");
            assert_eq!([profiles.within(1, 9, 0), profiles.within(1, 10, 0), profiles.within(2, 2, 0)], [5, 50, 5]);
        }
    }

    #[test]
    fn counts_that_do_not_go_together_are_refused() {
        let message =
            |tables: &[(&str, Count)], wanted| Profiles::new(tables, wanted).expect_err("is refused")[0].1.clone();
        let both = [("client", by(5, 50)), ("orders", by(10, 9))];
        assert!(message(&both, Some("full")).starts_with("`orders` has more rows in `light` than in `full`"));
        assert_eq!(message(&both, Some("huge")), "there is no profile `huge` (there are: full, light)");
        assert_eq!(
            message(&both, None),
            "which profile is not said: `--profile`, or `profile` in [seed] (full, light)"
        );
        assert_eq!(
            message(&[("unit", Count::Fixed(3))], Some("ful")),
            "there is no profile `ful`: all counts are the same whatever it is"
        );
        assert!(Profiles::new(&[], Some("light")).is_ok(), "where nothing is generated, it stands for nothing");
        let one = [("client", by(1, 2)), ("orders", Count::By(vec![("light".to_owned(), 1)]))];
        assert_eq!(message(&one, Some("full")), "`orders` has no count for the profile `full`");
    }
}

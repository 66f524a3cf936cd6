//! The functions of generators: what they are called, what they take, what they give. Rows and columns are `eval`'s.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use crate::generate::decimal::Decimal;
use crate::generate::hash::Key;
use crate::generate::scalar::{Scalar, Wrong, compare};
use crate::generate::words::{self, Draws};

/// A call: whose column, which row, and which place in the expression.
pub(crate) struct Site {
    pub(crate) key: Key,
    pub(crate) row: u64,
    pub(crate) site: u32,
    pub(crate) place: u64,
    pub(crate) of: u64,
}

macro_rules! functions {
    ($($variant:ident $name:literal $arguments:expr;)*) => {
        /// A function.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Function { $($variant,)* }

        /// Name, function, and how many arguments it takes.
        pub(crate) const FUNCTIONS: &[(&str, Function, std::ops::RangeInclusive<usize>)] =
            &[$(($name, Function::$variant, $arguments),)*];
    };
}

functions! {
    Int "int" 2..=2;
    Decimal "decimal" 2..=3;
    Chance "chance" 1..=1;
    Date "date" 2..=2;
    Time "time" 2..=2;
    Unique "unique" 2..=2;
    Uuid "uuid" 0..=0;
    FirstName "first_name" 0..=0;
    LastName "last_name" 0..=0;
    Name "name" 0..=0;
    Company "company" 0..=0;
    City "city" 0..=0;
    Country "country" 0..=0;
    Street "street" 0..=0;
    Phone "phone" 0..=0;
    Digits "digits" 1..=1;
    Email "email" 0..=1;
    Job "job" 0..=0;
    Product "product" 0..=0;
    Word "word" 0..=0;
    Words "words" 2..=2;
    Sentences "sentences" 2..=2;
    Split "split" 1..=1;
    Round "round" 1..=2;
    Least "min" 2..=2;
    Greatest "max" 2..=2;
    Upper "upper" 1..=1;
    Lower "lower" 1..=1;
    Slug "slug" 1..=1;
    Pad "pad" 2..=2;
    Left "left" 2..=2;
    Length "length" 1..=1;
    Text "text" 1..=1;
    Year "year" 1..=1;
    Seconds "seconds" 2..=2;
}

/// Calls a function.
pub(crate) fn call(function: Function, arguments: &[Scalar], site: &Site) -> Result<Scalar, Wrong> {
    let mut draws = Draws { key: site.key, row: site.row, site: site.site, next: 0 };
    let text = |text: String| Ok(Scalar::text(text));
    match function {
        Function::Int => {
            let (from, to) = (whole(&arguments[0])?, whole(&arguments[1])?);
            Ok(Scalar::Int(from.saturating_add_unsigned(draws.below(span(from, to)?))))
        }
        Function::Decimal => decimal(arguments, &mut draws),
        Function::Chance => {
            let million = number(&arguments[0])?.multiply(Decimal::whole(1_000_000)).and_then(|n| n.round(0));
            let share = million.and_then(|share| share.units_at(0)).unwrap_or(0);
            Ok(Scalar::Bool(i128::from(draws.below(1_000_000)) < share))
        }
        Function::Date => {
            let (from, to) = (date(&arguments[0])?, date(&arguments[1])?);
            let days = draws.below(span(0, to.signed_duration_since(from).num_days())?);
            Ok(Scalar::Date(from + TimeDelta::days(days.cast_signed())))
        }
        Function::Time => {
            let (from, to) = (time(&arguments[0])?, time(&arguments[1])?);
            let seconds = draws.below(span(0, to.signed_duration_since(from).num_seconds())?);
            Ok(Scalar::Time(from + TimeDelta::seconds(seconds.cast_signed())))
        }
        Function::Unique => {
            let (from, to) = (whole(&arguments[0])?, whole(&arguments[1])?);
            let size = span(from, to)?;
            if site.row >= size {
                return Err(Wrong(format!(
                    "unique({from}, {to}) has {size} values, and row {} needs one more",
                    site.row
                )));
            }
            Ok(Scalar::Int(from.saturating_add_unsigned(site.key.permuted(site.row, site.site, size))))
        }
        Function::Uuid => text(words::uuid(&mut draws)),
        Function::FirstName => Ok(Scalar::Word(words::first_name(&mut draws))),
        Function::LastName => Ok(Scalar::Word(words::last_name(&mut draws))),
        Function::Name => text(words::name(&mut draws)),
        Function::Company => text(words::company(&mut draws)),
        Function::City => text(words::city(&mut draws)),
        Function::Country => Ok(Scalar::Word(words::country(&mut draws))),
        Function::Street => text(words::street(&mut draws)),
        Function::Phone => text(words::phone(&mut draws)),
        Function::Digits => text(words::digits(&mut draws, count(&arguments[0])?)),
        Function::Email => text(words::email(&mut draws, arguments.first().map(string).transpose()?)),
        Function::Job => text(words::job(&mut draws)),
        Function::Product => text(words::product(&mut draws)),
        Function::Word => Ok(Scalar::Word(words::word(&mut draws))),
        Function::Words => text(words::words(&mut draws, count(&arguments[0])?, count(&arguments[1])?)),
        Function::Sentences => text(words::sentences(&mut draws, count(&arguments[0])?, count(&arguments[1])?)),
        Function::Split => {
            let part = number(&arguments[0])?.part(site.place, site.of);
            part.map(|part| like(&arguments[0], part)).ok_or_else(|| too_large(&arguments[0]))
        }
        Function::Round => {
            let scale = arguments.get(1).map(count).transpose()?.unwrap_or(0);
            let rounded = u32::try_from(scale).ok().and_then(|scale| number(&arguments[0]).ok()?.round(scale));
            number(&arguments[0])?;
            rounded.map(Scalar::Decimal).ok_or_else(|| too_large(&arguments[0]))
        }
        Function::Least | Function::Greatest => {
            let first = compare(&arguments[0], &arguments[1])?.is_le() == (function == Function::Least);
            Ok(arguments[usize::from(!first)].clone())
        }
        Function::Upper => text(string(&arguments[0])?.to_uppercase()),
        Function::Lower => text(string(&arguments[0])?.to_lowercase()),
        Function::Slug => text(plimsoll_core::template::slug(string(&arguments[0])?)),
        Function::Pad => {
            let width = usize::try_from(count(&arguments[1])?).unwrap_or(0);
            text(format!("{:0>width$}", arguments[0].to_string()))
        }
        Function::Left => {
            let width = usize::try_from(count(&arguments[1])?).unwrap_or(usize::MAX);
            text(string(&arguments[0])?.chars().take(width).collect())
        }
        Function::Length => Ok(Scalar::Int(i64::try_from(string(&arguments[0])?.chars().count()).unwrap_or(i64::MAX))),
        Function::Text => text(arguments[0].to_string()),
        Function::Year => Ok(Scalar::Int(i64::from(match &arguments[0] {
            Scalar::Time(time) => time.year(),
            other => date(other)?.year(),
        }))),
        Function::Seconds => {
            let later = TimeDelta::try_seconds(whole(&arguments[1])?);
            let later = later.and_then(|later| time(&arguments[0]).ok()?.checked_add_signed(later));
            later.map(Scalar::Time).ok_or_else(|| Wrong(format!("no time is so much later than {}", arguments[0])))
        }
    }
}

/// A date or time as constants of a call are read, so that it need not be read again in every row.
pub(crate) fn read_constant(function: Function, constant: &Scalar) -> Result<Scalar, Wrong> {
    match function {
        Function::Date => date(constant).map(Scalar::Date),
        Function::Time => time(constant).map(Scalar::Time),
        _ => Ok(constant.clone()),
    }
}

fn decimal(arguments: &[Scalar], draws: &mut Draws) -> Result<Scalar, Wrong> {
    let scale = arguments.get(2).map(count).transpose()?.unwrap_or(2);
    let bounds = u32::try_from(scale).ok().and_then(|scale| {
        let units = |bound: &Scalar| i64::try_from(bound.as_decimal()?.units_at(scale)?).ok();
        Some((units(&arguments[0])?, units(&arguments[1])?, scale))
    });
    let Some((from, to, scale)) = bounds else {
        return Err(Wrong(format!(
            "{} and {} are no numbers with {scale} digits behind the point",
            arguments[0], arguments[1]
        )));
    };
    let units = from.saturating_add_unsigned(draws.below(span(from, to)?));
    Ok(Decimal::new(i128::from(units), scale).map_or(Scalar::None, Scalar::Decimal))
}

/// How many numbers there are between two bounds, both included.
fn span(from: i64, to: i64) -> Result<u64, Wrong> {
    if to < from {
        return Err(Wrong(format!("there is nothing between {from} and {to}")));
    }
    Ok(to.abs_diff(from).saturating_add(1))
}

/// Whole numbers stay whole.
fn like(original: &Scalar, part: Decimal) -> Scalar {
    match original {
        Scalar::Int(_) => {
            part.units_at(0).and_then(|units| i64::try_from(units).ok()).map_or(Scalar::None, Scalar::Int)
        }
        _ => Scalar::Decimal(part),
    }
}

fn too_large(value: &Scalar) -> Wrong {
    Wrong(format!("{value} is too large for this"))
}

fn number(value: &Scalar) -> Result<Decimal, Wrong> {
    value.as_decimal().ok_or_else(|| Wrong(format!("expected a number, found {}", value.kind())))
}

fn whole(value: &Scalar) -> Result<i64, Wrong> {
    value.as_int().ok_or_else(|| Wrong(format!("expected a whole number, found {}", shown(value))))
}

fn count(value: &Scalar) -> Result<u64, Wrong> {
    let number = whole(value)?;
    match u64::try_from(number) {
        // More characters or words than that are a mistake, and would take all memory.
        Ok(count) if count <= 100_000 => Ok(count),
        _ => Err(Wrong(format!("expected a number up to 100000, found {number}"))),
    }
}

fn string(value: &Scalar) -> Result<&str, Wrong> {
    value.as_text().ok_or_else(|| Wrong(format!("expected a text, found {}", value.kind())))
}

fn date(value: &Scalar) -> Result<NaiveDate, Wrong> {
    let read = match value {
        Scalar::Date(date) => Some(*date),
        Scalar::Time(time) => Some(time.date()),
        other => other.as_text().and_then(|text| text.parse().ok()),
    };
    read.ok_or_else(|| Wrong(format!("expected a date such as '2025-12-31', found {}", shown(value))))
}

fn time(value: &Scalar) -> Result<NaiveDateTime, Wrong> {
    let read = match value {
        Scalar::Time(time) => Some(*time),
        Scalar::Date(date) => date.and_hms_opt(0, 0, 0),
        other => other.as_text().and_then(|text| {
            let iso = text.replacen(' ', "T", 1);
            let day = || iso.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0);
            iso.parse().ok().or_else(day)
        }),
    };
    read.ok_or_else(|| Wrong(format!("expected a time such as '2025-12-31 08:00:00', found {}", shown(value))))
}

fn shown(value: &Scalar) -> String {
    match value {
        Scalar::None => "none".to_owned(),
        other => crate::reconcile::show::shorten(&format!("`{other}`"), 40),
    }
}

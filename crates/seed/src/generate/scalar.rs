//! The values that generators work with: exact, typed, cheap to copy. What an expression does with them is `eval`'s.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta};
use serde_json::Value as Json;

use crate::generate::decimal::Decimal;

/// One value.
#[derive(Debug, Clone)]
pub(crate) enum Scalar {
    None,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    /// A text of a word list.
    Word(&'static str),
    Text(Arc<str>),
    Date(NaiveDate),
    Time(NaiveDateTime),
}

/// Why a value could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Wrong(pub(crate) String);

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Join,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Scalar {
    pub(crate) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// As conditions see it: nothing, false, zero and the empty text are not true.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(flag) => *flag,
            Self::Int(number) => *number != 0,
            Self::Decimal(number) => number.compare(Decimal::whole(0)) != Some(Ordering::Equal),
            Self::Word(text) => !text.is_empty(),
            Self::Text(text) => !text.is_empty(),
            Self::Date(_) | Self::Time(_) => true,
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Word(text) => Some(text),
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Decimal(number) => i64::try_from(number.units_at(0)?).ok(),
            _ => None,
        }
    }

    pub(crate) fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Int(number) => Some(Decimal::whole(*number)),
            Self::Decimal(number) => Some(*number),
            _ => None,
        }
    }

    /// A word for its kind, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Decimal(_) => "a number",
            Self::Word(_) | Self::Text(_) => "a text",
            Self::Date(_) => "a date",
            Self::Time(_) => "a time",
        }
    }

    /// What is staged: decimals as text, so that no digit is lost on the way.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::None => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Int(number) => Json::from(*number),
            other => Json::String(other.to_string()),
        }
    }

    /// A value of the project, as expressions see it.
    pub(crate) fn of_name(value: &minijinja::Value) -> Option<Self> {
        use minijinja::value::ValueKind;
        match value.kind() {
            ValueKind::None => Some(Self::None),
            ValueKind::Bool => Some(Self::Bool(value.is_true())),
            ValueKind::String => Some(Self::text(value.as_str()?)),
            ValueKind::Number => {
                let shown = value.to_string();
                shown.parse().map(Self::Int).ok().or_else(|| Decimal::parse(&shown).map(Self::Decimal))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Bool(flag) => flag.fmt(f),
            Self::Int(number) => number.fmt(f),
            Self::Decimal(number) => number.fmt(f),
            Self::Word(text) => f.write_str(text),
            Self::Text(text) => f.write_str(text),
            Self::Date(date) => date.fmt(f),
            Self::Time(time) => write!(f, "{}", time.format("%Y-%m-%d %H:%M:%S")),
        }
    }
}

/// Applies an operator.
pub(crate) fn apply(operator: Operator, a: &Scalar, b: &Scalar) -> Result<Scalar, Wrong> {
    match operator {
        Operator::Join => Ok(Scalar::text(format!("{a}{b}"))),
        Operator::Equal => Ok(Scalar::Bool(equal(a, b))),
        Operator::NotEqual => Ok(Scalar::Bool(!equal(a, b))),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            let order = compare(a, b)?;
            Ok(Scalar::Bool(match operator {
                Operator::Less => order.is_lt(),
                Operator::LessOrEqual => order.is_le(),
                Operator::Greater => order.is_gt(),
                _ => order.is_ge(),
            }))
        }
        _ => arithmetic(operator, a, b),
    }
}

/// Orders two numbers, texts, dates or times.
pub(crate) fn compare(a: &Scalar, b: &Scalar) -> Result<Ordering, Wrong> {
    let order = match (a, b) {
        (Scalar::Date(a), Scalar::Date(b)) => Some(a.cmp(b)),
        (Scalar::Time(a), Scalar::Time(b)) => Some(a.cmp(b)),
        _ => match (a.as_text(), b.as_text()) {
            (Some(a), Some(b)) => Some(a.cmp(b)),
            _ => a.as_decimal().zip(b.as_decimal()).and_then(|(a, b)| a.compare(b)),
        },
    };
    order.ok_or_else(|| Wrong(format!("{} and {} have no order", a.kind(), b.kind())))
}

/// Whether two values are the same; values of different kinds are not.
pub(crate) fn equal(a: &Scalar, b: &Scalar) -> bool {
    match (a, b) {
        (Scalar::None, Scalar::None) => true,
        (Scalar::Bool(a), Scalar::Bool(b)) => a == b,
        _ => compare(a, b).is_ok_and(Ordering::is_eq),
    }
}

fn arithmetic(operator: Operator, a: &Scalar, b: &Scalar) -> Result<Scalar, Wrong> {
    let result = match (operator, a, b) {
        (Operator::Add, Scalar::Int(a), Scalar::Int(b)) => a.checked_add(*b).map(Scalar::Int),
        (Operator::Subtract, Scalar::Int(a), Scalar::Int(b)) => a.checked_sub(*b).map(Scalar::Int),
        (Operator::Multiply, Scalar::Int(a), Scalar::Int(b)) => a.checked_mul(*b).map(Scalar::Int),
        (Operator::Add, Scalar::Date(_) | Scalar::Time(_), Scalar::Int(days)) => later(a, *days),
        (Operator::Subtract, Scalar::Date(_) | Scalar::Time(_), Scalar::Int(days)) => {
            days.checked_neg().and_then(|days| later(a, days))
        }
        (Operator::Subtract, Scalar::Date(a), Scalar::Date(b)) => {
            Some(Scalar::Int(a.signed_duration_since(*b).num_days()))
        }
        (Operator::FloorDivide | Operator::Remainder, _, _) => {
            let (Some(x), Some(y)) = (a.as_int(), b.as_int()) else { return Err(unfit(operator, a, b)) };
            if operator == Operator::Remainder { x.checked_rem_euclid(y) } else { x.checked_div_euclid(y) }
                .map(Scalar::Int)
        }
        _ => {
            let (Some(x), Some(y)) = (a.as_decimal(), b.as_decimal()) else { return Err(unfit(operator, a, b)) };
            match operator {
                Operator::Add => x.add(y),
                Operator::Subtract => x.subtract(y),
                Operator::Multiply => x.multiply(y),
                _ => x.divide(y),
            }
            .map(Scalar::Decimal)
        }
    };
    result.ok_or_else(|| Wrong(format!("`{a} {} {b}` has no result that could be written", sign(operator))))
}

/// A date or time some days later.
pub(crate) fn later(from: &Scalar, days: i64) -> Option<Scalar> {
    match from {
        Scalar::Date(date) if days >= 0 => date.checked_add_days(Days::new(days.unsigned_abs())).map(Scalar::Date),
        Scalar::Date(date) => date.checked_sub_days(Days::new(days.unsigned_abs())).map(Scalar::Date),
        Scalar::Time(time) => time.checked_add_signed(TimeDelta::try_days(days)?).map(Scalar::Time),
        _ => None,
    }
}

fn unfit(operator: Operator, a: &Scalar, b: &Scalar) -> Wrong {
    Wrong(format!("`{}` cannot be used with {} and {}", sign(operator), a.kind(), b.kind()))
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::FloorDivide => "//",
        Operator::Remainder => "%",
        Operator::Join => "~",
        Operator::Equal => "==",
        Operator::NotEqual => "!=",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
    }
}

//! Exact decimal numbers: money must not pass through binary fractions. Other kinds of values are `scalar`'s.

use std::cmp::Ordering;
use std::fmt;

/// Digits behind the point that a division gives at least.
const DIVISION: u32 = 6;

/// Digits behind the point at most.
const DEEPEST: u32 = 18;

/// `units` of 10 to the minus `scale`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal {
    units: i128,
    scale: u32,
}

impl Decimal {
    pub(crate) fn new(units: i128, scale: u32) -> Option<Self> {
        (scale <= DEEPEST).then_some(Self { units, scale })
    }

    pub(crate) fn whole(number: i64) -> Self {
        Self { units: i128::from(number), scale: 0 }
    }

    /// Reads `-12.50`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let scale = u32::try_from(fraction.len()).ok()?;
        Self::new(format!("{whole}{fraction}").parse().ok()?, scale)
    }

    pub(crate) fn add(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Self::new(a.checked_add(b)?, scale)
    }

    pub(crate) fn subtract(self, other: Self) -> Option<Self> {
        self.add(other.negated()?)
    }

    pub(crate) fn multiply(self, other: Self) -> Option<Self> {
        let product = Self { units: self.units.checked_mul(other.units)?, scale: self.scale + other.scale };
        if product.scale <= DEEPEST { Some(product) } else { product.round(DEEPEST) }
    }

    /// Six digits behind the point, or as many as the dividend has; half is rounded away from zero.
    pub(crate) fn divide(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(DIVISION);
        let dividend = self.units.checked_mul(power(scale + other.scale - self.scale)?)?;
        Self::new(halved(dividend, other.units)?, scale)
    }

    /// Half is rounded away from zero.
    pub(crate) fn round(self, scale: u32) -> Option<Self> {
        if scale >= self.scale {
            return Self::new(self.units.checked_mul(power(scale - self.scale)?)?, scale);
        }
        Self::new(halved(self.units, power(self.scale - scale)?)?, scale)
    }

    pub(crate) fn negated(self) -> Option<Self> {
        Some(Self { units: self.units.checked_neg()?, scale: self.scale })
    }

    /// The part with the number `place` when this is cut into `of` parts, which add up to it.
    pub(crate) fn part(self, place: u64, of: u64) -> Option<Self> {
        let cut = |parts: u64| Some(self.units.checked_mul(i128::from(parts))?.div_euclid(i128::from(of)));
        Self::new(cut(place + 1)?.checked_sub(cut(place)?)?, self.scale)
    }

    /// The units of this number at a scale that holds it exactly.
    pub(crate) fn units_at(self, scale: u32) -> Option<i128> {
        let at = self.round(scale)?;
        (at.compare(self) == Some(Ordering::Equal)).then_some(at.units)
    }

    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        let (a, b, _) = self.aligned(other)?;
        Some(a.cmp(&b))
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let at = |one: Self| one.units.checked_mul(power(scale - one.scale)?);
        Some((at(self)?, at(other)?, scale))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:0>width$}", self.units.unsigned_abs(), width = self.scale as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.scale as usize);
        let sign = if self.units < 0 { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

/// A quotient, half rounded away from zero.
fn halved(dividend: i128, divisor: i128) -> Option<i128> {
    let (quotient, rest) = (dividend.checked_div(divisor)?, dividend.checked_rem(divisor)?);
    if rest.unsigned_abs().checked_mul(2)? < divisor.unsigned_abs() {
        return Some(quotient);
    }
    Some(quotient + if (dividend < 0) == (divisor < 0) { 1 } else { -1 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).expect("is a decimal")
    }

    #[test]
    fn money_is_added_multiplied_and_rounded_exactly() {
        let shown = |value: Option<Decimal>| value.expect("fits").to_string();
        assert_eq!(shown(decimal("0.10").add(decimal("0.2"))), "0.30");
        assert_eq!(shown(decimal("19.99").multiply(decimal("3"))), "59.97");
        assert_eq!(shown(decimal("10").divide(decimal("3"))), "3.333333");
        assert_eq!(shown(decimal("-0.125").round(2)), "-0.13");
        assert_eq!(shown(decimal("0.124").round(2)), "0.12");
        assert_eq!(shown(decimal("7").round(2)), "7.00");
        assert!(decimal("1").divide(decimal("0")).is_none());
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(units in -1_000_000_i128..1_000_000, of in 1_u64..9) {
            let whole = Decimal::new(units, 2).expect("is shallow");
            let sum = (0..of).try_fold(Decimal::whole(0), |sum, place| sum.add(whole.part(place, of)?));
            prop_assert_eq!(sum.and_then(|sum| sum.compare(whole)), Some(Ordering::Equal));
        }
    }
}

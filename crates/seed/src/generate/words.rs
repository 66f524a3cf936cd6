//! Words, names and places, out of the lists of the crate `fake`, picked by our own hash. Which list is asked for is `call`'s.

use fake::locales::{Data, EN};

use crate::generate::hash::Key;

/// Domains that belong to nobody and never will (RFC 2606).
const DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];

const CITY_ENDS: [&str; 8] = ["ton", "ville", "burgh", "field", "haven", "port", "ford", "bury"];

const STREETS: [&str; 6] = ["Street", "Avenue", "Lane", "Road", "Square", "Way"];

/// The numbers of one call, one after the other.
pub(crate) struct Draws {
    pub(crate) key: Key,
    pub(crate) row: u64,
    pub(crate) site: u32,
    pub(crate) next: u32,
}

impl Draws {
    /// The next number below `size`.
    pub(crate) fn below(&mut self, size: u64) -> u64 {
        self.next += 1;
        self.key.below(self.row, self.site, self.next, size)
    }

    /// The next one of a list.
    pub(crate) fn of(&mut self, list: &[&'static str]) -> &'static str {
        let place = usize::try_from(self.below(list.len() as u64)).unwrap_or(0);
        list.get(place).copied().unwrap_or_default()
    }

    /// A number between two bounds, both included.
    fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from) + 1)
    }
}

pub(crate) fn first_name(draws: &mut Draws) -> &'static str {
    draws.of(EN::NAME_FIRST_NAME)
}

pub(crate) fn last_name(draws: &mut Draws) -> &'static str {
    draws.of(EN::NAME_LAST_NAME)
}

pub(crate) fn name(draws: &mut Draws) -> String {
    format!("{} {}", first_name(draws), last_name(draws))
}

pub(crate) fn company(draws: &mut Draws) -> String {
    match draws.below(3) {
        0 => format!("{} {}", last_name(draws), draws.of(EN::COMPANY_SUFFIX)),
        1 => format!("{}-{}", last_name(draws), last_name(draws)),
        _ => format!("{} and {}", last_name(draws), last_name(draws)),
    }
}

pub(crate) fn city(draws: &mut Draws) -> String {
    format!("{}{}", last_name(draws), draws.of(&CITY_ENDS))
}

pub(crate) fn country(draws: &mut Draws) -> &'static str {
    draws.of(EN::ADDRESS_COUNTRY)
}

pub(crate) fn street(draws: &mut Draws) -> String {
    format!("{} {} {}", draws.between(1, 199), last_name(draws), draws.of(&STREETS))
}

/// A number that is reserved for fiction.
pub(crate) fn phone(draws: &mut Draws) -> String {
    format!("+1-{}-555-01{:02}", draws.between(201, 989), draws.below(100))
}

pub(crate) fn digits(draws: &mut Draws, count: u64) -> String {
    (0..count).map(|_| char::from(b'0' + u8::try_from(draws.below(10)).unwrap_or(0))).collect()
}

/// The address of a person, or of somebody new.
pub(crate) fn email(draws: &mut Draws, of: Option<&str>) -> String {
    let person = of.map_or_else(|| name(draws), str::to_owned);
    let local = plimsoll_core::template::slug(&person).replace('-', ".");
    format!("{local}@{}", draws.of(&DOMAINS))
}

pub(crate) fn job(draws: &mut Draws) -> String {
    format!("{} {}", draws.of(EN::JOB_SENIORITY), draws.of(EN::JOB_POSITION))
}

/// What a thing could be called.
pub(crate) fn product(draws: &mut Draws) -> String {
    let kind = draws.of(EN::COMPANY_BUZZWORD_HEAD);
    format!("{kind} {}", capital(draws.of(EN::PATH_SEGMENTS)))
}

pub(crate) fn word(draws: &mut Draws) -> &'static str {
    draws.of(EN::LOREM_WORD)
}

pub(crate) fn words(draws: &mut Draws, from: u64, to: u64) -> String {
    let count = draws.between(from, to);
    let words: Vec<&str> = (0..count).map(|_| word(draws)).collect();
    words.join(" ")
}

pub(crate) fn sentences(draws: &mut Draws, from: u64, to: u64) -> String {
    let count = draws.between(from, to);
    let sentences: Vec<String> = (0..count).map(|_| format!("{}.", capital(&words(draws, 4, 12)))).collect();
    sentences.join(" ")
}

/// 128 bits as a UUID of version 8: made by an algorithm of one's own.
pub(crate) fn uuid(draws: &mut Draws) -> String {
    let high = draws.below(u64::MAX);
    let low = draws.below(u64::MAX);
    let text = format!("{high:016x}{low:016x}");
    let variant = ["8", "9", "a", "b"][usize::try_from(low & 3).unwrap_or(0)];
    format!("{}-{}-8{}-{variant}{}-{}", &text[..8], &text[8..12], &text[13..16], &text[17..20], &text[20..])
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

//! Proves in a scratch database that migrations can be taken back. Taking them back in a real one is `revert`'s.

mod declared;

pub use declared::Declared;
pub(crate) use declared::declared;

//! Tests written once and expanded per engine, as `name::{sqlite,postgres,mysql}`. What they test is theirs.

/// Expands every function to one test per engine that is compiled in, each with a database of its own.
///
/// ```text
/// live_tests! {
///     fn a_sentence_that_is_true_on_every_engine(db: &mut TestDatabase) { .. }
/// }
/// ```
#[macro_export]
macro_rules! live_tests {
    ($($(#[$attribute:meta])* fn $name:ident($db:ident: &mut TestDatabase) $body:block)*) => {
        $(
            $(#[$attribute])*
            mod $name {
                #[allow(unused_imports, reason = "a test may need nothing of its file")]
                use super::*;

                fn test($db: &mut $crate::TestDatabase) $body

                #[cfg(feature = "sqlite")]
                #[test]
                fn sqlite() {
                    test(&mut $crate::TestDatabase::new(::plimsoll_core::db::Engine::Sqlite));
                }

                #[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
                #[test]
                fn postgres() {
                    test(&mut $crate::TestDatabase::new(::plimsoll_core::db::Engine::Postgres));
                }

                #[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
                #[test]
                fn mysql() {
                    test(&mut $crate::TestDatabase::new(::plimsoll_core::db::Engine::Mysql));
                }
            }
        )*
    };
}

/// As [`live_tests!`](crate::live_tests), for what only servers have: sessions that can be ended from outside.
#[macro_export]
macro_rules! server_tests {
    ($($(#[$attribute:meta])* fn $name:ident($db:ident: &mut TestDatabase) $body:block)*) => {
        $(
            $(#[$attribute])*
            #[cfg(any(feature = "postgres", feature = "postgres-bundled", feature = "mysql", feature = "mysql-bundled"))]
            mod $name {
                #[allow(unused_imports, reason = "a test may need nothing of its file")]
                use super::*;

                fn test($db: &mut $crate::TestDatabase) $body

                #[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
                #[test]
                fn postgres() {
                    test(&mut $crate::TestDatabase::new(::plimsoll_core::db::Engine::Postgres));
                }

                #[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
                #[test]
                fn mysql() {
                    test(&mut $crate::TestDatabase::new(::plimsoll_core::db::Engine::Mysql));
                }
            }
        )*
    };
}

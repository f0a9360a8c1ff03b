//! Tests on SQLite and PostgreSQL.

/// Each of these on every database.
macro_rules! on_every_database {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&crate::place::Place::folder()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&crate::place::Place::database().await).await;
            })*
        }
    };
}
pub(crate) use on_every_database;

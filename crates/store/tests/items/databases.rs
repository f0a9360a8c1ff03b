//! On which databases the tests run. A database joins here, and with a place of its own
//! ([`Place`](crate::place::Place)).

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

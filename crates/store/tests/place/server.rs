//! The PostgreSQL server of the tests, and databases on it that vanish.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects by failing"
)]

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

const USUAL: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// The server's URL names a database that exists and a role that may make others.
fn server() -> Config {
    let url = std::env::var("BACKLOT_TEST_POSTGRES").unwrap_or_else(|_| USUAL.to_owned());
    url.parse()
        .expect("BACKLOT_TEST_POSTGRES is the URL of a PostgreSQL server")
}

/// Connects, or fails with what to do.
pub(crate) async fn connect(config: &Config) -> Client {
    let (client, connection) = match config.connect(NoTls).await {
        Ok(connected) => connected,
        Err(error) => panic!(
            "no PostgreSQL answers ({error}); run the tests with scripts/test, which starts one, or name \
             one in BACKLOT_TEST_POSTGRES"
        ),
    };
    tokio::spawn(connection);
    client
}

/// A database that is dropped with this value.
pub(crate) struct Database {
    config: Config,
    name: String,
}

impl Database {
    pub(crate) async fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let config = server();
        let client = connect(&config).await;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let random: String = client
            .query_one("SELECT replace(gen_random_uuid()::text, '-', '')", &[])
            .await
            .unwrap()
            .get(0);
        let name = format!("backlot_test_{random}_{number}");
        client
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0"))
            .await
            .unwrap();
        Self { config, name }
    }

    /// What a store is opened with.
    pub(crate) fn url(&self) -> String {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            _ => "127.0.0.1".to_owned(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let user = self.config.get_user().unwrap_or("postgres");
        let password = self.config.get_password().unwrap_or_default();
        let password = String::from_utf8_lossy(password);
        format!("postgres://{user}:{password}@{host}:{port}/{}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let config = self.config.clone();
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The test's own runtime does not wait for what begins while it ends.
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let _ = connect(&config).await.batch_execute(&drop).await;
            });
        });
        let _ = thread.join();
    }
}

//! The library as a program uses it, by the paths of this crate alone.

use std::error::Error as _;
use std::path::Path;

use backlot::{Backlot, Error, Mount, Role, Server, Shutdown, StartupError};

/// Compiles as a program that brings its own runtime, and matches on every error.
async fn serve(config: &Path) -> Result<bool, Error> {
    let routes = axum::Router::new();
    let mount = Mount::new("/reports", routes)
        .allow([Role::Owner])
        .plans(["pro"]);
    let server: Server = Backlot::builder().mount(mount).bind(config).await?;
    Ok(server.run(async { Shutdown::Immediate }).await)
}

fn explain(error: &Error) -> String {
    match error {
        Error::Config(mistakes) => mistakes.0[0].key.clone(),
        Error::Setup(message) => message.clone(),
        Error::Startup(StartupError::Listen { address, .. }) => address.to_string(),
        other => other.source().map_or_else(String::new, ToString::to_string),
    }
}

#[test]
fn a_mistake_in_the_configuration_is_an_error_of_its_kind() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("backlot.toml");
    std::fs::write(&config, "[server]\nlisten = \"nowhere\"\n").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(serve(&config)).unwrap_err();
    assert_eq!(explain(&error), "server.listen");
}

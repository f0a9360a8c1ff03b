//! Converts sections into the settings of a server. Missing and unsafe values are errors.

mod access_token;
mod allowance;
mod api;
mod app;
mod connection;
mod cors;
mod data;
mod database;
mod nats;
mod network;
mod overlap;
mod report;
mod secret;
mod subscription;
mod transfer;
mod webhook_source;
mod wix;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use backlot_server::connections::{ConnectionSettings, ConnectionsSettings};
use backlot_server::cors::Policy;
use backlot_server::events::SubscriptionSettings;
use backlot_server::telemetry::log::Format;
use backlot_server::transport::ConnectionLimits;
use backlot_server::{RouteInForce, RouteSettings, Settings, routes_in_force};
use backlot_wix::AppId;
use tracing_subscriber::filter::LevelFilter;

use super::MasterKeyPlace;
use super::error::ConfigError;
use super::sections::{Config, LogFormat, LogLevel};
use super::source::{Environment, Source};
use super::values::{Duration, Timeout};
pub(crate) use database::at as database_at;
use report::{Remarks, Report};
pub(crate) use wix::WIX;

/// The purpose of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Production: missing and unsafe values are errors.
    Serve,
    /// Development: localhost is allowed.
    Dev,
}

/// Values for development, if the configuration has none.
#[derive(Debug, Clone, Default)]
pub struct Fallback {
    /// The id and secret of the simulator's app, if the configuration names none.
    pub app: Option<(String, String)>,
    /// The public key of the simulator's app as PEM, if the configuration names none.
    pub public_key: Option<String>,
}

/// A resolved configuration.
pub struct Resolved {
    pub settings: Settings,
    pub database: backlot_store::Address,
    /// The folder of the collections that every instance has.
    pub collections: PathBuf,
    pub log_format: Format,
    pub log_level: LevelFilter,
    /// The developer's own app page, for the simulator.
    pub app_page: Option<String>,
    /// The app's name in the simulator.
    pub app_name: Option<String>,
    /// Whether the simulator is used because `wix.base_url` is not configured.
    pub wix_is_the_simulator: bool,
    pub(crate) master_key: MasterKeyPlace,
    /// Whether `server.max_connections` is configured.
    pub(crate) has_max_connections: bool,
    /// The flags with which other commands find the same data.
    pub(crate) command_flags: String,
    /// Allowed values that an operator should know about.
    pub warnings: Vec<String>,
    /// Further remarks for `backlot check`: entries of `calls` that overlap.
    pub notes: Vec<String>,
}

/// Resolves the database and the folder of collections only.
pub(crate) fn database_of(
    source: &Source,
    data: &Path,
) -> Result<(backlot_store::Address, PathBuf), ConfigError> {
    let config = source.parse()?;
    let mut report = Report::new(source);
    let database = database::resolve(&config.database, data, &mut report);
    report.finish()?;
    let folder = source.folder().join(&config.data.collections);
    Ok((database.ok_or_else(ConfigError::default)?, folder))
}

/// Resolves the connections only.
pub(crate) fn connections_of(
    source: &Source,
    environment: Environment<'_>,
) -> Result<Vec<ConnectionSettings>, ConfigError> {
    let config = source.parse()?;
    let mut report = Report::new(source);
    let connections = connection::resolve(&config, Mode::Dev, environment, &mut report);
    report.finish()?;
    Ok(connections)
}

/// Resolves the subscriptions only. Their secrets are not read.
pub(crate) fn subscriptions_of(source: &Source) -> Result<Vec<SubscriptionSettings>, ConfigError> {
    let mut config = source.parse()?;
    for subscription in &mut config.subscription {
        subscription.secret = None;
    }
    let mut report = Report::new(source);
    let events = subscription::resolve(&config, Mode::Dev, &|_| None, &mut report);
    report.finish()?;
    Ok(events.subscriptions)
}

/// Resolves the routes in force, even if other values are missing.
pub(crate) fn routes_of(
    source: &Source,
    environment: Environment<'_>,
) -> Result<Vec<RouteInForce>, ConfigError> {
    let config = source.parse()?;
    let mut report = Report::new(source);
    report.skip_missing_app_values();
    let api = api::resolve(&config.api, &mut report);
    let wix = wix::resolve(&config.wix, Mode::Dev, environment, &mut report);
    let data = data::resolve(&config.data);
    let connections = connection::resolve(&config, Mode::Dev, environment, &mut report);
    let webhook_sources = webhook_source::resolve(
        &config,
        config.events.body_limit,
        Mode::Dev,
        environment,
        &mut report,
    );
    report.finish()?;
    let (_, wix) = wix.ok_or_else(ConfigError::default)?;
    Ok(routes_in_force(&RouteSettings {
        api: &api,
        wix: &wix,
        data: &data,
        webhook_body_bytes: config.events.body_limit.bytes(),
        connections: &connections,
        webhook_sources: &webhook_sources,
    }))
}

/// Resolves the origins that are allowed in production, even if other values are missing.
pub(crate) fn origins_of(source: &Source, app_id: AppId) -> Result<Policy, ConfigError> {
    let config = source.parse()?;
    let mut report = Report::new(source);
    let connections = &config.connection;
    let resolved = cors::resolve(
        &config.cors,
        connections,
        Some(app_id),
        Mode::Serve,
        &mut report,
    );
    resolved
        .map(|(policy, _)| policy)
        .ok_or_else(|| report.finish().err().unwrap_or_default())
}

/// Resolves the source of the master key only.
pub(crate) fn master_key_of(
    source: &Source,
    data: &Path,
    environment: Environment<'_>,
) -> Result<MasterKeyPlace, ConfigError> {
    let config = source.parse()?;
    let value = config.secrets.master_key.as_ref();
    Ok(MasterKeyPlace::find(source, value, data, environment))
}

/// The remarks on a valid configuration.
pub(crate) struct Checked {
    /// Remarks for every start.
    pub(crate) warnings: Vec<String>,
    /// Entries of `calls` that overlap.
    pub(crate) notes: Vec<String>,
    /// Values that could not be checked, because they are not available here.
    pub(crate) skipped: Vec<String>,
}

/// Checks everything. The app's own values may be missing unless `needs_app`.
pub(crate) fn check(
    source: &Source,
    mode: Mode,
    data: &Path,
    environment: Environment<'_>,
    needs_app: bool,
) -> Result<Checked, ConfigError> {
    let mut report = Report::new(source);
    if !needs_app {
        report.skip_missing_app_values();
    }
    let (remarks, _) = gather(report, mode, &Fallback::default(), data, environment)?;
    Ok(Checked {
        warnings: remarks.warnings,
        notes: remarks.notes,
        skipped: remarks.skipped,
    })
}

/// Resolves a configuration.
///
/// # Errors
///
/// Fails with all mistakes of one kind: a value of a wrong type, or all invalid values.
pub fn resolve(
    source: &Source,
    mode: Mode,
    fallback: &Fallback,
    data: &Path,
    environment: Environment<'_>,
) -> Result<Resolved, ConfigError> {
    let report = Report::new(source);
    let (_, resolved) = gather(report, mode, fallback, data, environment)?;
    resolved.ok_or_else(ConfigError::default)
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of sections, each resolved once and in order"
)]
fn gather(
    mut report: Report<'_>,
    mode: Mode,
    fallback: &Fallback,
    data: &Path,
    environment: Environment<'_>,
) -> Result<(Remarks, Option<Resolved>), ConfigError> {
    let source = report.source;
    let config = source.parse()?;

    let app = app::resolve(&config.app, mode, fallback, environment, &mut report);
    let database = database::resolve(&config.database, data, &mut report);
    let api = api::resolve(&config.api, &mut report);
    let access_tokens = access_token::resolve(&config.access_token, &mut report);
    let wix = wix::resolve(&config.wix, mode, environment, &mut report);
    let data_api = data::resolve(&config.data);
    let app_id = app.as_ref().map(|app| app.policy.app_id);
    let connections = connection::resolve(&config, mode, environment, &mut report);
    let webhook_sources = webhook_source::resolve(
        &config,
        config.events.body_limit,
        mode,
        environment,
        &mut report,
    );
    let events = subscription::resolve(&config, mode, environment, &mut report);
    app::check_public_key(&config, app.as_ref(), mode, &mut report);
    let public_url = public_url(config.server.public_url.as_deref(), &mut report);
    let cors = cors::resolve(&config.cors, &config.connection, app_id, mode, &mut report);
    let trusted_proxies = network::resolve(
        "server.trusted_proxies",
        &config.server.trusted_proxies,
        &mut report,
    );
    check_app_page(config.dev.app_page.as_deref(), &mut report);
    check_limits(&config, &mut report);
    let transfer = transfer::resolve(&config, &mut report);
    if mode == Mode::Serve {
        check_admin(config.admin.listen, &mut report);
    }

    let remarks = report.finish()?;
    let (Some(app), Some((cors, cors_answer)), Some(database), Some((wix, wix_calls))) =
        (app, cors, database, wix)
    else {
        return Ok((remarks, None));
    };
    let simulated_name = config
        .dev
        .app_name
        .clone()
        .or_else(|| config.app.name.clone());
    let server = &config.server;
    let head_limit_bytes = usize::try_from(server.head_limit.bytes()).unwrap_or(usize::MAX);
    let resolved = Resolved {
        settings: Settings {
            secrets: app.secrets,
            policy: app.policy,
            instance_headers: app.instance_headers,
            listen: server.listen,
            admin_listen: config.admin.listen,
            cors,
            cors_answer,
            api,
            access_tokens,
            wix,
            wix_calls,
            data_api,
            connections: ConnectionsSettings {
                list: connections,
                app_name: app_name(&config, mode),
            },
            webhook_sources,
            public_keys: app.public_keys,
            events,
            vault: None,
            public_url,
            simulator: None,
            installed_sites: config.cors.installed_sites,
            websocket_max_lifetime: config.websocket.max_lifetime.map(Timeout::signed),
            elevated_lifetime: config.elevated_token.lifetime.signed(),
            trusted_proxies,
            head_limit_bytes,
            body_pace: transfer.body,
            buffers: transfer.buffers,
            connection_limits: ConnectionLimits {
                head_timeout: server.head_timeout.std(),
                write: transfer.write,
                // Room for a head that is too large to be read, and refused with a reason.
                head_bytes: head_limit_bytes.saturating_mul(4),
                connections: server.max_connections as usize,
            },
            connect_timeout: server.connect_timeout.std(),
            upstream_idle_timeout: server.upstream_idle_timeout.std(),
            drain_linger: server.drain_linger.std(),
            drain_timeout: server.drain_timeout.std(),
        },
        database,
        collections: source.folder().join(&config.data.collections),
        log_format: log_format(config.log.format, mode),
        log_level: log_level(config.log.level),
        app_page: config.dev.app_page,
        app_name: simulated_name,
        wix_is_the_simulator: mode == Mode::Dev && config.wix.base_url.is_none(),
        master_key: MasterKeyPlace::find(
            source,
            config.secrets.master_key.as_ref(),
            data,
            environment,
        ),
        has_max_connections: source.origin("server.max_connections").is_some(),
        command_flags: source.command_flags().to_owned(),
        warnings: remarks.warnings.clone(),
        notes: remarks.notes.clone(),
    };
    Ok((remarks, Some(resolved)))
}

/// Returns the app's display name. In development, defaults to its name in the simulator.
fn app_name(config: &Config, mode: Mode) -> Option<String> {
    let of_dev = config.dev.app_name.as_ref().filter(|_| mode == Mode::Dev);
    config.app.name.as_ref().or(of_dev).cloned()
}

/// Checks an address such as `https://backend.example.com`, optionally with a path.
fn public_url(text: Option<&str>, report: &mut Report<'_>) -> Option<String> {
    let text = text?;
    if let Err(error) = backlot_outbound::upstream::Address::parse(text, false) {
        report.problem(
            "server.public_url",
            format!("this address {error}"),
            "write for example https://backend.example.com",
        );
    }
    Some(text.trim_end_matches('/').to_owned())
}

/// Checks the address of a page.
fn check_app_page(address: Option<&str>, report: &mut Report<'_>) {
    let is_one = |text: &str| {
        url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    };
    if address.is_some_and(|text| !is_one(text)) {
        report.problem(
            "dev.app_page",
            "this is not the address of a page",
            "write for example http://localhost:5173/",
        );
    }
}

fn check_limits(config: &Config, report: &mut Report<'_>) {
    let server = &config.server;
    if !(1024..=1 << 20).contains(&server.head_limit.bytes()) {
        report.problem(
            "server.head_limit",
            "it must be between 1KiB and 1MiB",
            "32KiB is enough for every head that browsers send",
        );
    }
    if server.max_connections == 0 {
        report.problem(
            "server.max_connections",
            "it is zero, so no request would be served",
            "10000 is usual",
        );
    }
    if config.elevated_token.lifetime.std() > Duration::hours(24).std() {
        report.problem(
            "elevated_token.lifetime",
            "it is longer than a day, during which a leaked token could be used",
            "5m is enough, because every request carries a new token",
        );
    }
}

fn check_admin(listen: SocketAddr, report: &mut Report<'_>) {
    if !listen.ip().is_loopback() {
        report.problem(
            "admin.listen",
            "the admin listener has no login yet, so it must not be reachable from other machines",
            "listen on 127.0.0.1, and use a tunnel to reach it (ssh -L)",
        );
    }
}

const fn log_format(format: Option<LogFormat>, mode: Mode) -> Format {
    match (format, mode) {
        (Some(LogFormat::Json), _) | (None, Mode::Serve) => Format::Json,
        (Some(LogFormat::Text), _) | (None, Mode::Dev) => Format::Text,
    }
}

const fn log_level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    }
}

//! Builds servers from a configuration and mounted routers.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use backlot_server::events::{
    Event, EventDestination, EventHandler, EventPattern, SubscriptionSettings,
};
use backlot_server::telemetry::log::{RequestLog, Sink};
use backlot_server::{Clock, Server, Settings};
use backlot_store::Store;
use backlot_store::portability::copy;

use super::Mount;
use crate::collections::{self, Declared, Losses};
use crate::config::{Fallback, Mode, Resolved, Source, resolve};
use crate::data_folder::DataFolder;
use crate::error::Error;
use crate::open_files;
use crate::secrets::{self, give_secrets};
use crate::server_lock::lock;
use crate::user_error::user_error;

/// The entry point; see [`Backlot::builder`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Backlot;

/// Builds a program or a server.
#[derive(Clone, Default)]
pub struct Builder {
    mounts: Vec<Mount>,
    handlers: Vec<(String, EventHandler)>,
}

impl Backlot {
    /// Returns a builder without mounts.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Mounts a router. The configuration may have `[[api]]` entries with other prefixes.
    #[must_use]
    pub fn mount(mut self, mount: Mount) -> Self {
        self.mounts.push(mount);
        self
    }

    /// Handles events in Rust. `pattern` is a type of events, or a beginning of types with `*` behind it. Events come at
    /// least once, in order for each entity, and again after an error, like those of a `[[subscription]]`, whose name is
    /// `on:` and the pattern. An [`Event`] has clients for its instance: [`Event::wix`], [`Event::items`],
    /// [`Event::links`] and [`Event::connections`].
    ///
    /// ```
    /// use backlot::{Backlot, Event};
    ///
    /// let program = Backlot::builder().on("wix.contacts.v4.contact_created", async |event: Event| {
    ///     println!("{:?}: {}", event.instance_id, event.data["entityId"]);
    ///     Ok::<(), std::io::Error>(())
    /// });
    /// ```
    #[must_use]
    pub fn on<Handler, Answer, Failure>(mut self, pattern: &str, handler: Handler) -> Self
    where
        Handler: Fn(Event) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<(), Failure>> + Send + 'static,
        Failure: fmt::Display,
    {
        let handler = EventHandler::new(handler);
        self.handlers.push((pattern.to_owned(), handler));
        self
    }

    /// Binds a server as `backlot serve --config` does, for programs with their own runtime and command line.
    /// [`Server::run`] runs it.
    ///
    /// # Errors
    ///
    /// Fails if the configuration has mistakes, an address cannot be bound, or the database cannot be opened.
    pub async fn bind(self, config: &Path) -> Result<Server, Error> {
        self.bind_from(config).await.map_err(Error::from_anyhow)
    }

    async fn bind_from(self, config: &Path) -> anyhow::Result<Server> {
        let environment = |name: &str| std::env::var(name).ok();
        let mut source = Source::read(Some(config), &environment)?;
        let data = DataFolder::of_serve(None);
        source.set_data_folder(&data);
        let lock = lock(&data, &source)?;
        give_secrets(&mut source, data.path(), &environment).await?;
        let resolved = resolve(
            &source,
            Mode::Serve,
            &Fallback::default(),
            data.path(),
            &environment,
        )?;
        let sink = Sink::standard_error().context("cannot start the log")?;
        let files = collections::read(&resolved.collections)?;
        let server = self.bind_resolved(resolved, files, &sink).await?;
        Ok(server.holding(lock))
    }

    pub(crate) fn has_mounts(&self) -> bool {
        !self.mounts.is_empty()
    }

    pub(crate) async fn bind_resolved(
        self,
        mut resolved: Resolved,
        files: Vec<Declared>,
        sink: &Arc<Sink>,
    ) -> anyhow::Result<Server> {
        for (pattern, handler) in self.handlers {
            let subscription = subscription(&pattern, handler)?;
            let subscriptions = &mut resolved.settings.events.subscriptions;
            if subscriptions.iter().any(|it| it.name == subscription.name) {
                return Err(user_error(format!(
                    "the program has two handlers for {pattern}, whose deliveries would have one name"
                )));
            }
            subscriptions.push(subscription);
        }
        for mount in self.mounts {
            let entry = mount.into_entry()?;
            let taken = resolved
                .settings
                .api
                .iter()
                .any(|it| it.path.is_same_as(&entry.path));
            if taken {
                return Err(user_error(format!(
                    "the path {} is mounted by the program and used by the configuration",
                    entry.path.as_str()
                )));
            }
            resolved.settings.api.push(entry);
        }
        hold_connections(&mut resolved.settings, resolved.has_max_connections);
        let store = resolved.database.open().await?;
        if copy::is_unfinished(&store).await? {
            return Err(user_error(format!(
                "COPY_UNFINISHED: a copy of another database into {} was interrupted, so it is incomplete\n  hint: run \
                 `backlot database copy` again, which starts over",
                resolved.database
            )));
        }
        let place = &resolved.master_key;
        let is_new = !place.is_present();
        // Every server needs it for its signing key.
        resolved.settings.vault = secrets::unlock(&store, place, true).await?;
        if is_new && matches!(store, Store::Postgres(_)) {
            let file = place.file().map(|file| file.display().to_string());
            tracing::warn!(
                file,
                "created the master key that this database is encrypted with; keep it, and use it on every other node \
                 ([secrets] master_key)"
            );
        }
        let losses = if resolved.settings.simulator.is_some() {
            Losses::OfTheDemo
        } else {
            Losses::Refused
        };
        let plan = collections::apply(&store, files, losses, &resolved.command_flags).await?;
        for line in plan.to_string().lines() {
            tracing::info!("collections: {line}");
        }
        let log = RequestLog::new(Arc::clone(sink), resolved.log_format);
        Ok(Server::bind(resolved.settings, store, Clock::System, log).await?)
    }
}

/// Returns the subscription of a handler.
fn subscription(pattern: &str, handler: EventHandler) -> anyhow::Result<SubscriptionSettings> {
    let parsed = EventPattern::parse(pattern)
        .map_err(|error| user_error(format!("{pattern:?} is not a pattern of events: {error}")))?;
    let destination = EventDestination::Handler(handler);
    let name = format!("on:{pattern}");
    Ok(SubscriptionSettings::new(name, vec![parsed], destination))
}

/// Lowers the maximum number of connections if the limit of open files does not allow it, with a warning if it was
/// configured.
fn hold_connections(settings: &mut Settings, is_chosen: bool) {
    let wanted = &mut settings.connection_limits.connections;
    let Some(limit) = open_files::raise_limit() else {
        return;
    };
    let most = open_files::most_connections(limit);
    if *wanted <= most {
        return;
    }
    if is_chosen {
        tracing::warn!(
            "lowered server.max_connections from {wanted} to {most}: the limit of open files is {limit}, and a connection \
             may need two; raise the limit (ulimit -Hn, LimitNOFILE= of systemd), or lower server.max_connections"
        );
    }
    *wanted = most;
}

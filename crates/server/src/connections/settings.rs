//! What a connection is made of, checked and typed.

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::body::BodyLimits;
use backlot_outbound::egress_guard::AddressGuard;
use backlot_outbound::third_party::{AuthMethod, SecretSource, ThirdPartySettings};
use backlot_outbound::upstream::{Client, ClientSettings};
use http::{HeaderName, HeaderValue};
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;

use super::{BaseUrl, HeaderNames, QueryRules};
use crate::policy::quota::Quotas;
use crate::policy::{AccessRule, CallPattern, RateLimit, Roles};

/// All of the section.
#[derive(Debug, Clone, Default)]
pub struct ConnectionsSettings {
    /// The connections.
    pub list: Vec<ConnectionSettings>,
    /// The app's name on pages. Defaults to the name at Wix.
    pub app_name: Option<String>,
}

/// One connection.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// The name in `/connections/{name}/…`.
    pub name: Box<str>,
    /// The name on pages. Defaults to the name.
    pub title: Option<String>,
    /// Where the third party is.
    pub base: BaseUrl,
    /// One's own networks in which it may be, besides the public ones.
    pub networks: Vec<IpNet>,
    /// Certificate authorities besides the operating system's, for one's own services.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// The calls that may be made.
    pub calls: Vec<AllowedCall>,
    /// How the connection proves who calls.
    pub auth: Arc<dyn AuthMethod>,
    /// Who may connect an account or type a key in, and take it back.
    pub manage: Roles,
    /// Headers of the caller's that go along besides the usual ones.
    pub pass_headers: HeaderNames,
    /// Headers that are put on each call, in place of the caller's own.
    pub headers: Vec<(HeaderName, SecretSource)>,
    /// Headers that never go along.
    pub remove_headers: HeaderNames,
    /// Parameters that are put on each call's query, in place of the caller's own.
    pub query: Vec<(String, SecretSource)>,
    /// Parameters that never go along.
    pub remove_query: Vec<String>,
    /// Headers of the response that come back besides the usual ones.
    pub reply_headers: HeaderNames,
    /// Headers that are put on each response.
    pub add_reply_headers: Vec<(HeaderName, HeaderValue)>,
    /// Headers of the response that never come back.
    pub remove_reply_headers: HeaderNames,
    /// How long it may take until its response begins, repeating included.
    pub timeout: Duration,
    /// How long either side may be silent in the middle of a body.
    pub idle_timeout: Duration,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// The most bytes of a request's body.
    pub body_bytes: u64,
    /// The most bytes of a response's body.
    pub reply_limit: u64,
    /// How often each instance may call.
    pub rate_limit: Option<RateLimit>,
    /// How often all instances together may call.
    pub total_rate_limit: Option<RateLimit>,
    /// How often an instance may call in a month.
    pub quotas: Quotas,
    /// Whether responses are cached as the API's cache headers allow, and who shares them.
    pub cache: Option<CacheScope>,
    /// How often a call is sent again, if it may be.
    pub retries: u32,
    /// The header by which a write that is sent again is known.
    pub idempotency_header: Option<HeaderName>,
    /// How many redirects are followed.
    pub redirects: u32,
    /// The flags with which commands find this server's data, each with a space before it. Remedies say them, also to
    /// callers, so they are empty in production.
    pub command_flags: Box<str>,
}

/// Who shares cached responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheScope {
    /// Each instance by itself.
    Instance,
    /// All instances together.
    Shared,
}

/// One line of the list.
#[derive(Debug, Clone)]
pub struct AllowedCall {
    /// Which calls.
    pub pattern: CallPattern,
    /// With which parameters in the query.
    pub query: QueryRules,
    /// Who may make them.
    pub rules: AccessRule,
}

impl ConnectionSettings {
    /// What people call it: `google-calendar` is "Google calendar", unless it has a title.
    pub(crate) fn title(&self) -> String {
        if let Some(title) = &self.title {
            return title.clone();
        }
        let words = self.name.replace(['-', '_'], " ");
        let mut letters = words.trim().chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect()
    }

    /// Returns whether a secret of its requests is an instance's own, and with it the responses.
    pub fn is_per_instance(&self) -> bool {
        let mut added = self.added_values();
        self.auth.is_per_instance() || added.any(SecretSource::is_per_instance)
    }

    /// Returns whether its calls need the vault.
    pub fn needs_vault(&self) -> bool {
        self.auth.needs_vault() || self.added_values().any(SecretSource::is_in_vault)
    }

    /// Returns the values that are added to each request besides the credential.
    pub(crate) fn added_values(&self) -> impl Iterator<Item = &SecretSource> {
        let headers = self.headers.iter().map(|(_, source)| source);
        headers.chain(self.query.iter().map(|(_, source)| source))
    }

    /// Limits of a request's body.
    pub(crate) const fn body(&self) -> BodyLimits {
        BodyLimits {
            bytes: self.body_bytes,
            idle_timeout: self.idle_timeout,
        }
    }

    /// A client that goes nowhere but where it may.
    pub(crate) fn client(&self) -> std::io::Result<Client> {
        let guard = match &self.base {
            // In plain only within one's own networks.
            BaseUrl::Fixed(base) if !base.is_tls() => AddressGuard::only(self.networks.clone()),
            // The address of an account says it for itself.
            BaseUrl::Fixed(_) | BaseUrl::OfAccount(_) => AddressGuard::new(self.networks.clone()),
        };
        self.guarded(guard, self.extra_roots.clone())
    }

    /// A client for redirects to other origins: one's own networks, and certificates for them, are the API's only.
    pub(crate) fn client_elsewhere(&self) -> std::io::Result<Client> {
        self.guarded(AddressGuard::outside(self.networks.clone()), Vec::new())
    }

    fn guarded(
        &self,
        guard: AddressGuard,
        extra_roots: Vec<CertificateDer<'static>>,
    ) -> std::io::Result<Client> {
        Client::new(ClientSettings {
            connect_timeout: self.connect_timeout,
            idle_timeout: Duration::from_secs(4),
            most_idle: 256,
            tls: false,
            guard: Some(guard),
            extra_roots,
            // One slow reader would hold up all others of a shared connection.
            http2_over_tls: false,
        })
    }

    pub(crate) fn third_party(&self) -> ThirdPartySettings {
        ThirdPartySettings {
            timeout: self.timeout,
            idle_timeout: self.idle_timeout,
            retries: self.retries,
            idempotency_header: self.idempotency_header.clone(),
            redirects: self.redirects,
            seed: fastrand::u64(..),
        }
    }
}

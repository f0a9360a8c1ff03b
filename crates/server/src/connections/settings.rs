//! What a connection is made of, checked and typed.

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::body::BodyLimits;
use backlot_outbound::connection::grant::ClientProof;
use backlot_outbound::connection::{SignatureTemplate, ThirdPartySettings};
use backlot_outbound::guard::AddressGuard;
use backlot_outbound::upstream::{Address, Client, ClientSettings};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue};
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;

use super::{BaseUrl, HeaderNames, QueryRules, SecretSource};
use crate::policy::quota::Quotas;
use crate::policy::{AccessRule, CallPattern, RateLimit, Roles};

/// All of the section.
#[derive(Debug, Clone, Default)]
pub struct ConnectionsSettings {
    /// The connections.
    pub list: Vec<ConnectionSettings>,
    /// The app's display name. Defaults to its name at Wix.
    pub app_name: Option<String>,
}

/// One connection.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// The name in `/connections/{name}/…`.
    pub name: Box<str>,
    /// The display name. Defaults to `name`.
    pub title: Option<String>,
    /// Where the third party is.
    pub base: BaseUrl,
    /// One's own networks in which it may be, besides the public ones.
    pub networks: Vec<IpNet>,
    /// Certificate authorities besides the operating system's, for one's own services.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// The calls that may be made.
    pub calls: Vec<AllowedCall>,
    /// What proves who calls.
    pub credential: CredentialSettings,
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
    /// Headers of the reply that come back besides the usual ones.
    pub reply_headers: HeaderNames,
    /// Headers that are put on each reply.
    pub add_reply_headers: Vec<(HeaderName, HeaderValue)>,
    /// Headers of the reply that never come back.
    pub remove_reply_headers: HeaderNames,
    /// How long it may take until its reply begins, repeating included.
    pub timeout: Duration,
    /// How long either side may be silent in the middle of a body.
    pub silence: Duration,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// The most bytes of a request's body.
    pub body_bytes: u64,
    /// The most bytes of a reply's body.
    pub reply_bytes: u64,
    /// How often each instance may call.
    pub rate_limit: Option<RateLimit>,
    /// How often all instances together may call.
    pub total_rate_limit: Option<RateLimit>,
    /// How often an instance may call in a month.
    pub quotas: Quotas,
    /// Whether replies are kept as the third party's cache headers say, and for whom.
    pub cache: Option<Kept>,
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

/// For whom replies are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
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

/// What proves to the third party who calls.
#[derive(Debug, Clone)]
pub enum CredentialSettings {
    /// Nothing.
    None,
    /// `Authorization: Bearer …`
    Bearer(SecretSource),
    /// `Authorization: Basic …`
    Basic(SecretSource, SecretSource),
    /// A header, with something before the secret.
    Header(HeaderName, String, SecretSource),
    /// A parameter of the query.
    Query(String, SecretSource),
    /// A signature of each request.
    Signature(Arc<SignatureTemplate>, SecretSource),
    /// OAuth 2 client credentials: one token for all.
    ClientCredentials(Arc<ClientCredentialsSettings>),
    /// OAuth 2 authorization code: an account for each instance.
    Account(Arc<AccountSettings>),
}

impl CredentialSettings {
    /// The parameter that it stands in, if it stands in the query.
    pub(crate) fn parameter(&self) -> Option<&str> {
        match self {
            Self::Query(name, _) => Some(name),
            _ => None,
        }
    }

    /// Whether it needs the vault: for secrets, or to keep the tokens of accounts.
    fn needs_vault(&self) -> bool {
        match self {
            Self::ClientCredentials(settings) => {
                let client = &settings.client;
                let secret = client.secret.as_ref();
                client.id.is_kept() || secret.is_some_and(SecretSource::is_kept)
            }
            Self::Account(_) => true,
            _ => self.sources().any(SecretSource::is_kept),
        }
    }

    /// The name of the instance's own secret that this needs, if it needs one.
    pub(crate) fn own_secret(&self) -> Option<&str> {
        self.sources().find_map(|source| match source {
            SecretSource::OfInstance(name) => Some(name.as_ref()),
            SecretSource::Plain(_) | SecretSource::Text(_) | SecretSource::Shared(_) => None,
        })
    }

    /// Where its secrets come from: the user before the password.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &SecretSource> {
        let (one, other) = match self {
            Self::Bearer(one)
            | Self::Header(_, _, one)
            | Self::Query(_, one)
            | Self::Signature(_, one) => (Some(one), None),
            Self::Basic(user, password) => (Some(user), Some(password)),
            Self::None | Self::ClientCredentials(_) | Self::Account(_) => (None, None),
        };
        one.into_iter().chain(other)
    }
}

/// An OAuth client of a provider's.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// The token endpoint's origin.
    pub token_address: Address,
    /// Its path and query.
    pub token_target: PathAndQuery,
    /// `client_id`
    pub id: SecretSource,
    /// `client_secret`; public clients have none.
    pub secret: Option<SecretSource>,
    /// How the client says who it is.
    pub proof: ClientProof,
    /// What is asked for, with spaces between.
    pub scopes: String,
    /// More names and values of the request for a token.
    pub parameters: Vec<(String, String)>,
}

/// OAuth 2 client credentials.
#[derive(Debug, Clone)]
pub struct ClientCredentialsSettings {
    /// The client.
    pub client: OAuthClient,
}

/// OAuth 2 authorization code.
#[derive(Debug, Clone)]
pub struct AccountSettings {
    /// The client.
    pub client: OAuthClient,
    /// Where the owner is sent: the whole address without a query of ours.
    pub authorize_url: String,
    /// More names and values of that address's query.
    pub authorize_parameters: Vec<(String, String)>,
    /// Whether the exchange is bound by PKCE (RFC 7636). Some providers refuse it.
    pub pkce: bool,
    /// Whether the owner comes back by a form that is posted (`response_mode=form_post`).
    pub posts_callback: bool,
    /// Where tokens are taken back, if the provider has such a place.
    pub revoke: Option<(Address, PathAndQuery)>,
    /// The redirect URI. Defaults to this connection's `callback`.
    pub redirect_url: Option<String>,
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

    /// Whether something that goes along is an instance's own: then so are the replies.
    pub fn has_own(&self) -> bool {
        let mut put_on = self.put_on();
        self.has_own_credential() || put_on.any(SecretSource::is_own)
    }

    /// Whether its calls need the vault.
    pub fn needs_vault(&self) -> bool {
        self.credential.needs_vault() || self.put_on().any(SecretSource::is_kept)
    }

    /// What is put on each call besides the credential.
    pub(crate) fn put_on(&self) -> impl Iterator<Item = &SecretSource> {
        let headers = self.headers.iter().map(|(_, source)| source);
        headers.chain(self.query.iter().map(|(_, source)| source))
    }

    /// Limits of a request's body.
    pub(crate) const fn body(&self) -> BodyLimits {
        BodyLimits {
            bytes: self.body_bytes,
            silence: self.silence,
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
            silence: self.silence,
            retries: self.retries,
            idempotency_header: self.idempotency_header.clone(),
            redirects: self.redirects,
            seed: fastrand::u64(..),
        }
    }
}

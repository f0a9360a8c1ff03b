//! The credential of a call: built from its secrets, or from a token.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backlot_outbound::redact::SecretPatterns;
use backlot_outbound::third_party::{
    ApiBase, Credential, CredentialError, SecretSource, SecretString, TokenOwner,
};
use backlot_wix::InstanceId;

use super::base::BaseError;
use super::{Connection, Connections, secret_source};
use crate::error::{ApiError, ErrorCode};

/// How long a shared credential is used without reading its secrets again. Together with the vault's own cache that is
/// a second.
const CREDENTIAL_CACHE_TTL: Duration = Duration::from_millis(250);

/// A credential, built from these secrets.
pub(super) type BuiltCredential = Arc<(Vec<SecretString>, Credential)>;

/// A credential for a call.
#[derive(Clone)]
pub(crate) struct ResolvedCredential {
    pub(crate) credential: Credential,
    /// The patterns of all secrets that are sent: the credential, and values that are added.
    pub(crate) secret_patterns: SecretPatterns,
    /// The token and its owner, if the credential is a token.
    pub(crate) token: Option<(TokenOwner, SecretString)>,
    /// Where the API is, for this account.
    pub(crate) base: Arc<ApiBase>,
}

impl Connections {
    /// Returns the credential for a call of an instance.
    pub(crate) async fn credential(
        &self,
        connection: &Arc<Connection>,
        instance_id: InstanceId,
    ) -> Result<ResolvedCredential, ApiError> {
        if let Some(owner) = connection.settings.auth.token_owner(instance_id) {
            return self.resolve_token(connection, owner, instance_id).await;
        }
        if let Some(resolved) = connection.shared_credential() {
            return Ok(resolved);
        }
        // On the heap: most calls find it above.
        Box::pin(self.resolve_secrets(connection, instance_id)).await
    }

    async fn resolve_secrets(
        &self,
        connection: &Arc<Connection>,
        instance_id: InstanceId,
    ) -> Result<ResolvedCredential, ApiError> {
        let settings = &connection.settings;
        let mut secrets = Vec::with_capacity(2);
        for source in settings.auth.secrets().into_iter().flatten() {
            secrets.push(self.read(source, instance_id).await?);
        }
        let read_at = Instant::now();
        let owner = settings.auth.instance_secret().map(|_| instance_id);
        let credential = connection.build_credential(owner, secrets)?;
        let patterns = self.secret_patterns(connection, &credential, instance_id);
        let resolved = ResolvedCredential {
            secret_patterns: patterns.await?,
            credential,
            token: None,
            base: connection.base(&BTreeMap::new())?,
        };
        if !settings.is_per_instance() {
            *connection.shared.lock() = Some((read_at, resolved.clone()));
        }
        Ok(resolved)
    }

    async fn resolve_token(
        &self,
        connection: &Arc<Connection>,
        owner: TokenOwner,
        instance_id: InstanceId,
    ) -> Result<ResolvedCredential, ApiError> {
        let token = self.accounts.token(connection, owner).await?;
        let patterns = self.secret_patterns(connection, &token.credential, instance_id);
        Ok(ResolvedCredential {
            secret_patterns: patterns.await?,
            base: connection.base(&token.values)?,
            credential: token.credential.clone(),
            token: Some((owner, token.text)),
        })
    }

    async fn secret_patterns(
        &self,
        connection: &Connection,
        credential: &Credential,
        instance_id: InstanceId,
    ) -> Result<SecretPatterns, ApiError> {
        let mut patterns = credential.secret_patterns().clone();
        for source in connection.settings.added_values() {
            if !source.is_plain() {
                let secret = self.read(source, instance_id).await?;
                patterns = patterns.union(&SecretPatterns::new(secret.reveal().as_bytes()));
            }
        }
        Ok(patterns)
    }

    pub(crate) async fn read(
        &self,
        source: &SecretSource,
        instance_id: InstanceId,
    ) -> Result<SecretString, ApiError> {
        secret_source::read(source, self.vault.as_ref(), Some(instance_id)).await
    }
}

impl Connection {
    /// Returns the credential that all instances share, if its secrets were read a moment ago.
    fn shared_credential(&self) -> Option<ResolvedCredential> {
        let shared = self.shared.lock();
        let (read_at, resolved) = shared.as_ref()?;
        (read_at.elapsed() < CREDENTIAL_CACHE_TTL).then(|| resolved.clone())
    }

    /// Builds a credential from secrets, or returns the earlier one if they are the same. `owner` is `None` for a
    /// credential that all instances share.
    fn build_credential(
        &self,
        owner: Option<InstanceId>,
        secrets: Vec<SecretString>,
    ) -> Result<Credential, ApiError> {
        if let Some(built) = self.built.get(&owner)
            && built.0 == secrets
        {
            return Ok(built.1.clone());
        }
        let credential = self.settings.auth.credential(&secrets)?;
        let built = Arc::new((secrets, credential.clone()));
        self.built.insert(owner, built);
        Ok(credential)
    }
}

impl From<CredentialError> for ApiError {
    fn from(error: CredentialError) -> Self {
        Self::from(ErrorCode::SecretUnreadable).with_source(error)
    }
}

impl From<BaseError> for ApiError {
    fn from(error: BaseError) -> Self {
        let code = match error {
            BaseError::Missing(_) | BaseError::Unusable(_) => ErrorCode::ConnectionAddressMissing,
            BaseError::NotAllowed => ErrorCode::ConnectionAddressRefused,
        };
        Self::from(code).with_source(error)
    }
}

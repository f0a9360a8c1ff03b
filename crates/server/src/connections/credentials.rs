//! From the configuration's words to the credential of one call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backlot_outbound::connection::{ApiBase, Credential, CredentialFault};
use backlot_outbound::redact::Needles;
use backlot_wix::InstanceId;

use super::base::BaseError;
use super::oauth::Holder;
use super::{Connection, Connections, CredentialSettings, SecretSource};
use crate::error::{ApiError, ErrorCode};
use crate::secrets::SecretString;

/// How long a shared credential is cached before its secrets are read again. Together with what the vault believes
/// of them that is a second.
const CREDENTIAL_CACHE_TTL: Duration = Duration::from_millis(250);

/// A credential, and what is known of it.
#[derive(Clone)]
pub(crate) struct Chosen {
    pub(crate) credential: Credential,
    /// All that must not come back: the credential, and other secrets that go along.
    pub(crate) needles: Needles,
    /// How its token can be renewed, if it is one.
    pub(crate) token: Option<(Holder, SecretString)>,
    /// Where the API is, for this account.
    pub(crate) base: Arc<ApiBase>,
}

impl Connections {
    /// The credential for a call of this instance's.
    pub(crate) async fn credential(
        &self,
        connection: &Arc<Connection>,
        instance_id: InstanceId,
    ) -> Result<Chosen, ApiError> {
        let settings = &connection.settings.credential;
        match settings {
            CredentialSettings::ClientCredentials(_) => {
                return self
                    .of_holder(connection, Holder::Everybody, instance_id)
                    .await;
            }
            CredentialSettings::Account(_) => {
                let holder = Holder::Instance(instance_id);
                return self.of_holder(connection, holder, instance_id).await;
            }
            _ => {}
        }
        if let Some(chosen) = connection.everybodys() {
            return Ok(chosen);
        }
        // On the heap: most calls have it by now.
        Box::pin(self.of_secrets(connection, instance_id)).await
    }

    /// The credential that the secrets make.
    async fn of_secrets(
        &self,
        connection: &Arc<Connection>,
        instance_id: InstanceId,
    ) -> Result<Chosen, ApiError> {
        let settings = &connection.settings;
        let mut secrets = Vec::with_capacity(2);
        for source in settings.credential.sources() {
            secrets.push(self.read(source, instance_id).await?);
        }
        let read_at = Instant::now();
        let whose = settings.credential.own_secret().map(|_| instance_id);
        let credential = connection.prepared(whose, secrets)?;
        let chosen = Chosen {
            needles: self.needles(connection, &credential, instance_id).await?,
            credential,
            token: None,
            base: connection.base(&BTreeMap::new())?,
        };
        if !settings.has_own() {
            *connection.everybodys.lock() = Some((read_at, chosen.clone()));
        }
        Ok(chosen)
    }

    /// All that must not come back of a call.
    async fn needles(
        &self,
        connection: &Connection,
        credential: &Credential,
        instance_id: InstanceId,
    ) -> Result<Needles, ApiError> {
        let mut needles = credential.needles().clone();
        for source in connection.settings.put_on() {
            if !matches!(source, SecretSource::Plain(_)) {
                let secret = self.read(source, instance_id).await?;
                needles = needles.and(&Needles::of(secret.reveal().as_bytes()));
            }
        }
        Ok(needles)
    }

    pub(crate) async fn read(
        &self,
        source: &SecretSource,
        instance_id: InstanceId,
    ) -> Result<SecretString, ApiError> {
        source.read(self.vault.as_ref(), Some(instance_id)).await
    }

    async fn of_holder(
        &self,
        connection: &Arc<Connection>,
        holder: Holder,
        instance_id: InstanceId,
    ) -> Result<Chosen, ApiError> {
        let token = self.accounts.token(connection, holder).await?;
        let needles = self.needles(connection, &token.credential, instance_id);
        Ok(Chosen {
            needles: needles.await?,
            base: connection.base(&token.values)?,
            credential: token.credential.clone(),
            token: Some((holder, token.text)),
        })
    }
}

impl Connection {
    /// The shared credential, if its secrets were read recently.
    fn everybodys(&self) -> Option<Chosen> {
        let known = self.everybodys.lock();
        let (read_at, chosen) = known.as_ref()?;
        (read_at.elapsed() < CREDENTIAL_CACHE_TTL).then(|| chosen.clone())
    }

    /// A credential made of these secrets: the one that was made before, as long as they are the same.
    fn prepared(
        &self,
        whose: Option<InstanceId>,
        secrets: Vec<SecretString>,
    ) -> Result<Credential, ApiError> {
        let known = match whose {
            None => self.prepared.lock().clone(),
            Some(instance_id) => self.prepared_of.get(&instance_id),
        };
        if let Some(known) = known
            && known.0 == secrets
        {
            return Ok(known.1.clone());
        }
        let credential = made(&self.settings.credential, &secrets)?;
        let known = Arc::new((secrets, credential.clone()));
        match whose {
            None => *self.prepared.lock() = Some(known),
            Some(instance_id) => self.prepared_of.insert(instance_id, known),
        }
        Ok(credential)
    }
}

fn made(settings: &CredentialSettings, secrets: &[SecretString]) -> Result<Credential, ApiError> {
    let text = |at: usize| secrets.get(at).map_or("", SecretString::reveal);
    match settings {
        CredentialSettings::Bearer(_) => usable(Credential::bearer(text(0))),
        CredentialSettings::Basic(..) => usable(Credential::basic(text(0), text(1))),
        CredentialSettings::Header(name, before, _) => {
            usable(Credential::header(name.clone(), before, text(0)))
        }
        CredentialSettings::Query(name, _) => Ok(Credential::query(name, text(0))),
        CredentialSettings::Signature(template, _) => {
            Ok(Credential::signature(Arc::clone(template), text(0)))
        }
        CredentialSettings::None
        | CredentialSettings::ClientCredentials(_)
        | CredentialSettings::Account(_) => Ok(Credential::none()),
    }
}

pub(super) fn usable(
    credential: Result<Credential, CredentialFault>,
) -> Result<Credential, ApiError> {
    credential.map_err(|fault| ApiError::from(ErrorCode::SecretUnreadable).with_source(fault))
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

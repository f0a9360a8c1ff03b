//! The way back from the provider.

use backlot_outbound::connection::grant::Grant;
use backlot_store::accounts::{Account, Accounts as _, PendingAuthorization};
use backlot_wix::InstanceId;
use jiff::{SignedDuration, Timestamp};

use super::authorize::{STATE_LENGTH, state_hash};
use super::endpoint::ask;
use super::sealed::{Pending, Tokens};
use super::{Accounts, Holder, Inner};
use crate::connections::{AccountSettings, Connection};
use crate::error::{Code, Refusal};
use crate::vault::{Place, Revision};

/// How often an account is kept when others do the same at the same time.
const MAX_TRIES: u32 = 16;

/// How an authorization ended.
pub(crate) struct AuthorizationOutcome {
    /// Why not, if it failed.
    pub(crate) refusal: Option<Refusal>,
    /// Where the owner goes on to.
    pub(crate) return_to: Option<String>,
    /// The page that waits to be told, by its origin.
    pub(crate) origin: Option<String>,
}

impl Accounts {
    /// Ends an authorization with what the provider sent along: a code, or an error. A state that is not known
    /// (it was used, is too old, or somebody made it up) is a refusal.
    pub(crate) async fn finish(
        &self,
        connection: &Connection,
        account: &AccountSettings,
        state: &str,
        answer: Result<&str, &str>,
    ) -> Result<AuthorizationOutcome, Refusal> {
        let inner = &*self.0;
        let unknown = || Refusal::from(Code::AuthorizationUnknown);
        // What none of ours looks like need not be looked for.
        let is_ours = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if state.len() != STATE_LENGTH || !state.bytes().all(is_ours) {
            return Err(unknown());
        }
        let kept = inner
            .store
            .take_authorization(state_hash(state), inner.clock.now())
            .await?
            .ok_or_else(unknown)?;
        if *kept.connection != *connection.settings.name {
            return Err(unknown().because("the state belongs to another connection"));
        }
        let place = Place::Authorization(kept.instance_id, &kept.connection);
        let open = inner.vault()?.open(place, &kept.key_id, &kept.sealed)?;
        let pending: Pending = serde_json::from_slice(&open).map_err(|_| unknown())?;
        let ended = match answer {
            Err(error) => {
                let denied = Refusal::from(Code::AuthorizationDenied);
                Err(denied.fact("providerError", error))
            }
            Ok(code) => {
                let exchange = inner.exchange(connection, account, &kept, &pending, code);
                exchange.await
            }
        };
        self.forget_token(connection, kept.instance_id);
        Ok(AuthorizationOutcome {
            refusal: ended.err(),
            return_to: pending.return_to.clone(),
            origin: pending.origin.clone(),
        })
    }

    /// The database knows better from now on.
    pub(super) fn forget_token(&self, connection: &Connection, instance_id: InstanceId) {
        let key = (
            Holder::Instance(instance_id),
            connection.settings.name.clone(),
        );
        self.0.tokens.invalidate(&key);
        self.0.pauses.invalidate(&key);
    }
}

impl Inner {
    async fn exchange(
        &self,
        connection: &Connection,
        account: &AccountSettings,
        kept: &PendingAuthorization,
        pending: &Pending,
        code: &str,
    ) -> Result<(), Refusal> {
        self.vault()?.check_data_key().await?;
        let identity = self.identity(&account.client).await?;
        let redirect = self.redirect_url(connection, account);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect),
            ("code_verifier", &pending.verifier),
        ];
        let grant = ask(connection, &account.client, &identity, &form).await;
        let grant =
            grant.map_err(|error| Refusal::from(Code::AuthorizationFailed).because(error))?;
        for _ in 0..MAX_TRIES {
            let before = self.account_of(kept.instance_id, connection).await?;
            let replaces = before.map(|before| before.version);
            let revision = Revision {
                version: replaces.unwrap_or_default() + 1,
                created_at: self.clock.now(),
            };
            let mut new = self.account(connection, kept.instance_id, &grant, revision)?;
            let asked = &account.client.scopes;
            new.scopes = grant.scope.clone().unwrap_or_else(|| asked.clone());
            new.connected_by.clone_from(&pending.user_id);
            if self.store.keep_account(new, replaces).await? {
                return Ok(());
            }
        }
        Err(Refusal::from(Code::DatabaseBusy)
            .because("others connect the same account at the same time"))
    }

    /// What was granted, sealed for this write.
    pub(super) fn account(
        &self,
        connection: &Connection,
        instance_id: InstanceId,
        grant: &Grant,
        revision: Revision,
    ) -> Result<Account, Refusal> {
        let name = &connection.settings.name;
        let tokens = Tokens {
            access: grant.access_token.to_string(),
            refresh: grant.refresh_token.as_ref().map(|it| it.to_string()),
            lifetime: grant.lifetime.map(|lifetime| lifetime.as_secs()),
        };
        let place = Place::Account(instance_id, name, revision);
        let (key_id, sealed) = self.seal_tokens(place, &tokens)?;
        Ok(Account {
            instance_id,
            connection: name.to_string(),
            key_id,
            sealed,
            version: revision.version,
            scopes: grant.scope.clone().unwrap_or_default(),
            connected_by: None,
            connected_at: revision.created_at,
            expires_at: expires_at(grant, self.clock.now()),
            broken: false,
        })
    }

    pub(super) fn seal_tokens(
        &self,
        place: Place<'_>,
        tokens: &Tokens,
    ) -> Result<(String, Vec<u8>), Refusal> {
        let open = zeroize::Zeroizing::new(serde_json::to_vec(tokens).unwrap_or_default());
        Ok(self.vault()?.seal(place, &open)?)
    }
}

/// When a token ends, if it says.
pub(super) fn expires_at(grant: &Grant, now: Timestamp) -> Option<Timestamp> {
    let lifetime = SignedDuration::try_from(grant.lifetime?).ok()?;
    now.checked_add(lifetime).ok()
}

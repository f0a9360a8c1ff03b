//! The secrets that deliveries are signed with: those of the configuration, or one that the vault has.

use aws_lc_rs::rand;
use backlot_outbound::third_party::{SecretSource, SecretString};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use standardwebhooks::Webhook;

use super::SubscriptionSettings;
use crate::error::Chain;
use crate::secrets::{Vault, VaultError};

/// Bytes of a generated secret. Standard Webhooks asks for 24 to 64.
const SECRET_BYTES: usize = 32;
/// The fewest bytes of a secret: a shorter one can be guessed.
const MIN_SECRET_BYTES: usize = 16;

/// Checks a secret of Standard Webhooks: `whsec_` and base64.
///
/// # Errors
///
/// Returns a sentence about the mistake.
pub fn check_signing_secret(text: &str) -> Result<(), &'static str> {
    let base64 = text.strip_prefix("whsec_").unwrap_or(text);
    if Webhook::new(text).is_err() {
        return Err("the secret is not `whsec_` and base64");
    }
    let bytes = STANDARD.decode(base64).unwrap_or_default();
    if bytes.len() < MIN_SECRET_BYTES {
        return Err("the secret is shorter than 16 bytes");
    }
    Ok(())
}

/// Returns the name under which the vault has the secret of a subscription that has none in the configuration.
pub fn generated_secret_name(subscription: &str) -> String {
    format!("subscription.{subscription}")
}

/// Returns the generated secret of a subscription. It is made on first use.
///
/// # Errors
///
/// Fails if the vault cannot be read or written.
pub async fn subscription_secret(
    vault: &Vault,
    subscription: &str,
) -> Result<SecretString, VaultError> {
    let name = generated_secret_name(subscription);
    if let Some(secret) = vault.secret(None, &name).await? {
        return Ok(secret);
    }
    let mut bytes = [0; SECRET_BYTES];
    rand::fill(&mut bytes).map_err(|_| VaultError::NoRandomness)?;
    let secret = SecretString::new(format!("whsec_{}", STANDARD.encode(bytes)));
    vault.insert_secret_or_get(&name, &secret).await
}

/// Returns the secrets of a subscription.
pub(super) async fn read(
    settings: &SubscriptionSettings,
    vault: &Vault,
) -> Result<Vec<SecretString>, String> {
    let said = |error: VaultError| Chain(&error).to_string();
    if settings.secrets.is_empty() {
        let secret = subscription_secret(vault, &settings.name).await;
        return Ok(vec![secret.map_err(said)?]);
    }
    let mut secrets = Vec::with_capacity(settings.secrets.len());
    for source in &settings.secrets {
        secrets.push(match source {
            SecretSource::Plain(text) => SecretString::new(text.to_string()),
            SecretSource::Text(text) => text.clone(),
            SecretSource::Shared(name) | SecretSource::OfInstance(name) => {
                let secret = vault.secret(None, name).await.map_err(said)?;
                secret.ok_or_else(|| format!("the secret {name} has not been set"))?
            }
        });
    }
    Ok(secrets)
}

//! What is sealed of an account, and of an authorization under way.

use std::collections::BTreeMap;

use backlot_outbound::third_party::oauth::IssuedTokens;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The tokens of an account, and what else is known of it.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Tokens {
    #[serde(rename = "a")]
    pub(crate) access: String,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh: Option<String>,
    /// The seconds that the access token had when it was given.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) lifetime: Option<u64>,
    /// Whose account it is: the name of what the provider says so by, and its value.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<(String, String)>,
    /// What the address of the account's API is made of.
    #[serde(rename = "v", default, skip_serializing_if = "BTreeMap::is_empty")]
    #[zeroize(skip)]
    pub(crate) values: BTreeMap<String, String>,
    /// The hash of the state that it was connected by.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    #[zeroize(skip)]
    pub(crate) connected_by: Option<[u8; 32]>,
}

impl Tokens {
    /// The tokens of a grant that holds an access token; `None` if it holds none.
    pub(crate) fn from_grant(grant: &IssuedTokens) -> Option<Self> {
        let text = |text: &zeroize::Zeroizing<String>| text.to_string();
        Some(Self {
            access: grant.access_token.as_ref().map(text)?,
            refresh: grant.refresh_token.as_ref().map(text),
            lifetime: grant.lifetime.map(|lifetime| lifetime.as_secs()),
            subject: grant.subject(),
            values: BTreeMap::new(),
            connected_by: None,
        })
    }

    /// The same after a renewal. What the grant leaves out stays as it is: the refresh token above all, and where the
    /// grant holds no access token that can be sent, the access token.
    pub(crate) fn renewed(&self, grant: &IssuedTokens) -> Self {
        let before = || Self {
            access: self.access.clone(),
            refresh: grant.refresh_token.as_ref().map(|it| it.to_string()),
            lifetime: self.lifetime,
            subject: None,
            values: BTreeMap::new(),
            connected_by: None,
        };
        let mut renewed = Self::from_grant(grant).unwrap_or_else(before);
        renewed.connected_by = self.connected_by;
        renewed.values.clone_from(&self.values);
        renewed.keep(self);
        renewed
    }

    /// Takes over the refresh token of earlier tokens of the same account, unless these have one.
    pub(crate) fn keep(&mut self, before: &Self) {
        if self.refresh.is_none() {
            self.refresh.clone_from(&before.refresh);
        }
        if self.subject.is_none() {
            self.subject.clone_from(&before.subject);
        }
    }

    /// Whether they may be of one account, as far as the provider says whose they are.
    pub(crate) fn may_be_of_one(&self, other: &Self) -> bool {
        match (&self.subject, &other.subject) {
            (Some((name, value)), Some((other, other_value))) => {
                name != other || value == other_value
            }
            _ => true,
        }
    }
}

/// What must be known again when the owner comes back from the provider.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Pending {
    /// PKCE's `code_verifier`, if the provider takes one.
    #[serde(rename = "v", default, skip_serializing_if = "String::is_empty")]
    pub(crate) verifier: String,
    /// Who began it.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<String>,
    /// Where the owner goes on to.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(crate) return_to: Option<String>,
    /// The page that waits to be told, by its origin.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<String>,
}

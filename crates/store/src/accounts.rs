//! Accounts at third parties that owners of instances have connected, and authorizations under way.
//!
//! Tokens are sealed before they come here; nothing is opened. Of all nodes one at a time renews an account's
//! tokens: the one that holds the claim.

use std::fmt;

use backlot_wix::InstanceId;
use jiff::Timestamp;

use crate::StoreError;
use crate::sql::Row;

/// An account that is connected. Its sealed bytes cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The name of the connection; an instance has one account for it.
    pub connection: String,
    /// The data key that seals the tokens.
    pub key_id: String,
    /// The tokens, encrypted.
    pub sealed: Vec<u8>,
    /// 1 for a new one, and one more with each change.
    pub version: i64,
    /// What the provider allows, in its words.
    pub scopes: String,
    /// The id of the person who connected it.
    pub connected_by: Option<String>,
    /// When it was connected. Together with the version it tells one account from the next.
    pub connected_at: Timestamp,
    /// When the token ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// The provider does not renew it any more.
    pub broken: bool,
    /// The provider's own id of the account, which its webhooks name.
    pub external_id: Option<String>,
}

/// An authorization that is pending at a provider. The sealed bytes and the state cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingAuthorization {
    /// SHA-256 of the state that the provider sends back.
    pub state_hash: [u8; 32],
    /// The tenant.
    pub instance_id: InstanceId,
    /// The name of the connection.
    pub connection: String,
    /// The data key.
    pub key_id: String,
    /// What is needed when they come back, encrypted.
    pub sealed: Vec<u8>,
    /// From when on the state serves no more.
    pub expires_at: Timestamp,
}

/// An authorization whose state has served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenAuthorization {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The name of the connection.
    pub connection: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Account")
            .field("instance_id", &self.instance_id)
            .field("connection", &self.connection)
            .field("version", &self.version)
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PendingAuthorization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PendingAuthorization")
            .field("instance_id", &self.instance_id)
            .field("connection", &self.connection)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Reads a pending authorization, but for the hash that it was found by.
pub(crate) fn read_pending(row: &Row<'_>) -> Result<PendingAuthorization, StoreError> {
    Ok(PendingAuthorization {
        state_hash: [0; 32],
        instance_id: row.instance_id(0)?,
        connection: row.get(1)?,
        key_id: row.get(2)?,
        sealed: row.get(3)?,
        expires_at: row.timestamp(4)?,
    })
}

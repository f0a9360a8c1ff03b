//! What connections keep: secrets, accounts and usage, asked of every database behind the seam.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[macro_use]
#[path = "../items/databases.rs"]
mod databases;
#[path = "../place/mod.rs"]
mod place;

mod accounts;
mod authorizations;
mod moving;
mod secrets;
mod usage;
mod webhook_addresses;

use backlot_store::accounts::{Account, PendingAuthorization};
use backlot_store::connection_usage::ConnectionUsage;
use backlot_store::secrets::{SealedSecret, WrappedKey};
use backlot_wix::InstanceId;
use jiff::Timestamp;

fn instance_id(last: u8) -> InstanceId {
    format!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e{last:02x}")
        .parse()
        .unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn key(id: &str, wrapped: &[u8], created_at: i64) -> WrappedKey {
    WrappedKey {
        key_id: id.to_owned(),
        wrapped: wrapped.to_vec(),
        created_at: at(created_at),
    }
}

fn secret(instance: Option<u8>, name: &str, sealed: &[u8], now: i64) -> SealedSecret {
    SealedSecret {
        instance_id: instance.map(instance_id),
        name: name.to_owned(),
        key_id: "k".to_owned(),
        sealed: sealed.to_vec(),
        version: 1,
        created_at: at(now),
        changed_at: at(now),
    }
}

fn account(instance: u8, connection: &str, sealed: &[u8]) -> Account {
    Account {
        instance_id: instance_id(instance),
        connection: connection.to_owned(),
        key_id: "k".to_owned(),
        sealed: sealed.to_vec(),
        version: 1,
        scopes: "read write".to_owned(),
        connected_by: Some("somebody".to_owned()),
        connected_at: at(100),
        expires_at: Some(at(3700)),
        broken: false,
        external_id: Some(format!("{connection}-account")),
    }
}

fn pending(state: u8, instance: u8, expires_at: i64) -> PendingAuthorization {
    PendingAuthorization {
        state_hash: [state; 32],
        instance_id: instance_id(instance),
        connection: "mail".to_owned(),
        key_id: "k".to_owned(),
        sealed: vec![state],
        expires_at: at(expires_at),
    }
}

fn used(instance: u8, connection: &str, month: i32, calls: u64) -> ConnectionUsage {
    ConnectionUsage {
        instance_id: instance_id(instance),
        connection: connection.to_owned(),
        month,
        calls,
        errors: calls / 2,
        bytes_sent: calls * 10,
        bytes_received: calls * 100,
        milliseconds: calls * 7,
    }
}

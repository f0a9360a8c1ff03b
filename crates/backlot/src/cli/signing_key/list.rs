//! `backlot signing-key list`

use std::io::Write as _;

use backlot_server::Clock;
use backlot_server::auth::elevated_token::{KeyListing, list_signing_keys};

use crate::cli::arguments::SigningKeyList;
use crate::cli::configured::Configured;
use crate::cli::runtime;

pub(super) fn run(arguments: &SigningKeyList) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let keys = runtime()?.block_on(async {
        let store = configured.open().await?;
        anyhow::Ok(list_signing_keys(&store, Clock::System.now()).await?)
    })?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let all: Vec<_> = keys.iter().map(to_json).collect();
        writeln!(out, "{}", serde_json::Value::from(all))?;
        return Ok(());
    }
    for key in &keys {
        let (id, state, created_at) = (&key.key_id, key.state.as_str(), key.created_at);
        write!(out, "{id:16}  {state:9}  created {created_at:.0}")?;
        if key.signs_from > key.created_at {
            write!(out, "  signs from {:.0}", key.signs_from)?;
        }
        if let Some(ends_at) = key.ends_at {
            write!(out, "  ends {ends_at:.0}")?;
        }
        if !key.is_sealed {
            write!(out, "  not sealed until a server starts")?;
        }
        writeln!(out)?;
    }
    if keys.is_empty() {
        writeln!(
            std::io::stderr(),
            "there are no keys yet: a server makes one at its start"
        )?;
    }
    Ok(())
}

fn to_json(key: &KeyListing) -> serde_json::Value {
    serde_json::json!({
        "id": key.key_id,
        "state": key.state.as_str(),
        "createdAt": key.created_at.to_string(),
        "signsFrom": key.signs_from.max(key.created_at).to_string(),
        "endsAt": key.ends_at.map(|it| it.to_string()),
        "sealed": key.is_sealed,
    })
}

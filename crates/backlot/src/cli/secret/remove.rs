//! `backlot secret remove`

use std::io::Write as _;

use super::{check_name, runtime};
use crate::cli::arguments::SecretRemove;
use crate::cli::configured::Configured;
use crate::cli::confirm::confirm;
use crate::user_error::user_error;

pub(super) fn run(arguments: &SecretRemove) -> anyhow::Result<()> {
    let (name, whose) = (&arguments.secret.name, arguments.secret.instance);
    check_name(name)?;
    let configured = Configured::read(&arguments.secret.config)?;
    let runtime = runtime()?;
    let missing = || {
        user_error(format!(
            "there is no secret {name} in {}\n  hint: `backlot secret list{}` says which there are",
            configured.database,
            configured.flags()
        ))
    };
    let store = runtime.block_on(configured.open())?;
    let kept = runtime.block_on(store.find_secret(whose, name))?;
    let kept = kept.ok_or_else(missing)?;
    let of = whose.map_or_else(String::new, |id| format!(" of the instance {id}"));
    let mut loss = vec![format!(
        "removes for good from {}: the secret {name}{of}, version {}, changed {:.0}",
        configured.database, kept.version, kept.changed_at
    )];
    if whose.is_none() {
        let users = configured.source.users_of_secret(name);
        loss.extend(users.iter().map(|key| format!("  used by {key}")));
    }
    confirm(arguments.yes, &loss, name)?;
    if !runtime.block_on(store.delete_secret(whose, name))? {
        return Err(missing());
    }
    let _ = writeln!(std::io::stderr(), "{name}: removed");
    configured.tell_server(
        "connections are without the secret within a second; what the configuration takes at the start stays until a \
         restart",
    );
    Ok(())
}

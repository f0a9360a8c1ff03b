//! `backlot instance delete`

use std::io::Write as _;

use backlot_store::Store;
use backlot_wix::InstanceId;

use crate::cli::arguments::InstanceDelete;
use crate::cli::configured::Configured;
use crate::cli::confirm::confirm;
use crate::cli::runtime;
use crate::user_error::user_error;
use crate::wording::count;

pub(super) fn run(arguments: &InstanceDelete) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let instance_id = arguments.instance;
    let runtime = runtime()?;
    let store = runtime.block_on(configured.open())?;
    if !runtime.block_on(store.is_known(instance_id))? {
        return Err(unknown(&configured, instance_id));
    }
    let held = runtime.block_on(held(&store, instance_id))?;
    let loss = format!(
        "removes for good from {}, {instance_id}: {held}",
        configured.database
    );
    confirm(arguments.yes, &[loss], &instance_id.to_string())?;
    let items = runtime.block_on(store.delete_instance(instance_id))?;
    let _ = writeln!(
        std::io::stderr(),
        "deleted, with {}",
        count(items, "item", "items")
    );
    configured
        .tell_server("it knows nothing of the instance from now on, until that is seen again");
    Ok(())
}

/// What is said of an instance that nothing is kept of.
pub(super) fn unknown(configured: &Configured, instance_id: InstanceId) -> anyhow::Error {
    user_error(format!(
        "nothing is kept of the instance {instance_id} in {}\n  hint: `backlot instance list{}` says which there are",
        configured.database,
        configured.flags()
    ))
}

/// Describes the data of an instance.
pub(super) async fn held(store: &Store, instance_id: InstanceId) -> anyhow::Result<String> {
    let usage = store.storage_usage(instance_id).await?;
    let collections = store.list_collections(instance_id).await?;
    let own = collections.iter().filter(|it| !it.declared).count() as u64;
    let secrets = store.list_secrets(Some(instance_id)).await?.len() as u64;
    let accounts = store.list_accounts(instance_id).await?.len() as u64;
    let events = store.count_events(instance_id).await?;
    let mut words = vec![
        count(usage.items, "item", "items"),
        count(own, "own collection", "own collections"),
        count(secrets, "secret", "secrets"),
        count(accounts, "connected account", "connected accounts"),
        count(events, "event", "events"),
    ];
    let details = store.find_details(instance_id).await?;
    if let Some(url) = details.and_then(|it| it.answer.site.url) {
        words.push(format!("of the site {url}"));
    }
    Ok(words.join(", "))
}

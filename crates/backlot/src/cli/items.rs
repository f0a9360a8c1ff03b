//! `backlot items clear`

use std::io::Write as _;

use backlot_store::Store;
use backlot_store::items::CollectionRef;
use backlot_wix::InstanceId;

use super::arguments::{Items, ItemsClear};
use super::configured::Configured;
use super::confirm::confirm;
use super::runtime;
use crate::user_error::user_error;
use crate::wording::count;

pub(super) fn run(command: &Items) -> anyhow::Result<()> {
    match command {
        Items::Clear(arguments) => clear(arguments),
    }
}

fn clear(arguments: &ItemsClear) -> anyhow::Result<()> {
    let id = &arguments.collection;
    let configured = Configured::read(&arguments.config)?;
    let runtime = runtime()?;
    let store = runtime.block_on(configured.open())?;
    let mut instances = runtime.block_on(store.list_instances_with_items(id))?;
    instances.retain(|it| arguments.instance.is_none_or(|only| only == *it));
    let mut total = 0;
    for instance_id in &instances {
        total += runtime.block_on(store.count_items_in(*instance_id, id))?;
    }
    if total == 0 {
        let of = arguments
            .instance
            .map_or_else(String::new, |id| format!(" of the instance {id}"));
        return Err(user_error(format!(
            "there are no items in the collection {id}{of} in {}",
            configured.database
        )));
    }
    let loss = format!(
        "removes for good from {}: {} in the collection {id} of {}",
        configured.database,
        count(total, "item", "items"),
        count(instances.len() as u64, "instance", "instances")
    );
    confirm(arguments.yes, &[loss], id)?;
    for instance_id in instances {
        runtime.block_on(empty(&store, instance_id, id))?;
    }
    let _ = writeln!(
        std::io::stderr(),
        "removed {}",
        count(total, "item", "items")
    );
    configured.tell_server("it answers without them at once");
    Ok(())
}

/// Only this command reaches items of a collection that is no longer declared.
async fn empty(store: &Store, instance_id: InstanceId, id: &str) -> anyhow::Result<()> {
    if let Some(collection) = store.find_collection(instance_id, id).await? {
        store
            .delete_items(&CollectionRef::new(instance_id, collection))
            .await?;
    } else {
        store.delete_unreachable_items(instance_id, id).await?;
    }
    Ok(())
}

//! Links: pairs of ids, found and replaced by either side.

use backlot_store::entity_links::{EntityLink, EntityLinkUpsert, LinkSide};
use backlot_store::portability::copy::{copy, holdings};
use backlot_store::portability::{Check, Exporter, Importer, NotImported, Record};

use crate::{Queue, at, instance, on_every_database};

on_every_database! {
    links_are_upserted_by_either_side
    ids_of_two_links_are_a_conflict
    links_are_deleted_by_either_side
    links_are_listed_by_external_id
    instances_and_collections_have_their_own_links
    nodes_that_link_at_once_make_one_link
    links_count_as_storage_and_go_with_their_instance
    links_are_copied_with_a_database
    links_are_exported_and_imported
    links_stay_where_an_older_export_has_none
}

fn link(number: u8, external: &str, internal: &str, seconds: i64) -> EntityLink {
    EntityLink {
        instance_id: instance(number),
        collection: "contacts".to_owned(),
        external: external.to_owned(),
        internal: internal.to_owned(),
        hash: Some(format!("hash {seconds}")),
        updated_at: at(seconds),
    }
}

async fn upsert(queue: &Queue, link: &EntityLink) -> EntityLinkUpsert {
    let upserted = queue.store.upsert_entity_link(link.clone());
    upserted.await.unwrap()
}

async fn find(queue: &Queue, side: LinkSide<'_>) -> Option<EntityLink> {
    let found = queue.store.find_entity_link(instance(1), "contacts", side);
    found.await.unwrap()
}

async fn list(queue: &Queue, after: &str, limit: u32) -> Vec<String> {
    let list = queue
        .store
        .list_entity_links(instance(1), "contacts", after, limit);
    list.await
        .unwrap()
        .into_iter()
        .map(|it| it.external)
        .collect()
}

async fn links_are_upserted_by_either_side(queue: Queue) {
    let first = link(1, "x1", "i1", 0);
    assert_eq!(upsert(&queue, &first).await, EntityLinkUpsert::Inserted);
    for side in [LinkSide::External("x1"), LinkSide::Internal("i1")] {
        assert_eq!(find(&queue, side).await.as_ref(), Some(&first));
    }
    let by_external = link(1, "x1", "i2", 1);
    let updated = EntityLinkUpsert::Updated(first);
    assert_eq!(upsert(&queue, &by_external).await, updated);
    assert_eq!(find(&queue, LinkSide::Internal("i1")).await, None);
    let mut by_internal = link(1, "x2", "i2", 2);
    by_internal.hash = None;
    let updated = EntityLinkUpsert::Updated(by_external);
    assert_eq!(upsert(&queue, &by_internal).await, updated);
    assert_eq!(find(&queue, LinkSide::External("x1")).await, None);
    let updated = EntityLinkUpsert::Updated(by_internal.clone());
    assert_eq!(upsert(&queue, &by_internal).await, updated);
    let found = find(&queue, LinkSide::External("x2")).await;
    assert_eq!(found, Some(by_internal));
}

async fn ids_of_two_links_are_a_conflict(queue: Queue) {
    let (one, two) = (link(1, "x1", "i1", 0), link(1, "x2", "i2", 0));
    upsert(&queue, &one).await;
    upsert(&queue, &two).await;
    let conflict = EntityLinkUpsert::Conflict {
        of_external: two.clone(),
        of_internal: one.clone(),
    };
    assert_eq!(upsert(&queue, &link(1, "x2", "i1", 1)).await, conflict);
    assert_eq!(find(&queue, LinkSide::External("x1")).await, Some(one));
    assert_eq!(find(&queue, LinkSide::External("x2")).await, Some(two));
}

async fn links_are_deleted_by_either_side(queue: Queue) {
    for (side, number) in [(LinkSide::External("x1"), 0), (LinkSide::Internal("i1"), 1)] {
        let stored = link(1, "x1", "i1", number);
        upsert(&queue, &stored).await;
        let delete = || {
            queue
                .store
                .delete_entity_link(instance(1), "contacts", side)
        };
        assert_eq!(delete().await.unwrap(), Some(stored));
        assert_eq!(delete().await.unwrap(), None);
    }
}

async fn links_are_listed_by_external_id(queue: Queue) {
    for number in [3, 1, 2] {
        upsert(
            &queue,
            &link(1, &format!("x{number}"), &format!("i{number}"), 0),
        )
        .await;
    }
    assert_eq!(list(&queue, "", 2).await, ["x1", "x2"]);
    assert_eq!(list(&queue, "x2", 2).await, ["x3"]);
    assert_eq!(list(&queue, "x3", 2).await, [""; 0]);
}

async fn instances_and_collections_have_their_own_links(queue: Queue) {
    upsert(&queue, &link(1, "x1", "i1", 0)).await;
    assert_eq!(
        upsert(&queue, &link(2, "x1", "i9", 0)).await,
        EntityLinkUpsert::Inserted
    );
    let mut other = link(1, "x1", "i8", 0);
    "orders".clone_into(&mut other.collection);
    assert_eq!(upsert(&queue, &other).await, EntityLinkUpsert::Inserted);
    assert_eq!(find(&queue, LinkSide::Internal("i8")).await, None);
    assert_eq!(find(&queue, LinkSide::Internal("i9")).await, None);
    assert_eq!(list(&queue, "", 10).await, ["x1"]);
}

async fn nodes_that_link_at_once_make_one_link(queue: Queue) {
    let other = queue.place.open().await;
    let tasks = (0..20).map(|number| {
        let node = if number % 2 == 0 {
            &queue.store
        } else {
            &other
        };
        let (node, link) = (node.clone(), link(1, "x", &format!("i{number}"), number));
        tokio::spawn(async move { node.upsert_entity_link(link).await.unwrap() })
    });
    let mut inserted = 0;
    for task in tasks.collect::<Vec<_>>() {
        inserted += usize::from(task.await.unwrap() == EntityLinkUpsert::Inserted);
    }
    assert_eq!(inserted, 1);
    assert_eq!(list(&queue, "", 10).await, ["x"]);
}

async fn links_count_as_storage_and_go_with_their_instance(queue: Queue) {
    let (one, two) = (link(1, "x1", "i1", 0), link(2, "x1", "i1", 0));
    upsert(&queue, &one).await;
    upsert(&queue, &two).await;
    let usage = queue.store.storage_usage(instance(1)).await.unwrap();
    assert_eq!(usage.items, 1);
    assert_eq!(usage.bytes, one.bytes() as u64);
    assert!(queue.store.is_known(instance(1)).await.unwrap());
    queue.store.delete_instance(instance(1)).await.unwrap();
    assert!(!queue.store.is_known(instance(1)).await.unwrap());
    assert_eq!(list(&queue, "", 10).await, [""; 0]);
    let found = queue
        .store
        .find_entity_link(instance(2), "contacts", LinkSide::External("x1"));
    assert_eq!(found.await.unwrap(), Some(two));
}

async fn links_are_copied_with_a_database(queue: Queue) {
    for number in 0..1200 {
        let (external, internal) = (format!("x{number}"), format!("i{number}"));
        upsert(&queue, &link(1, &external, &internal, number)).await;
    }
    let place = crate::place::Place::folder();
    let to = place.open().await;
    copy(&queue.store, &to, &mut |_| {}).await.unwrap();
    assert_eq!(holdings(&to).await.unwrap().all.links, 1200);
    let both = (
        holdings(&queue.store).await.unwrap(),
        holdings(&to).await.unwrap(),
    );
    assert_eq!(both.0, both.1);
    to.delete_entity_link(instance(1), "contacts", LinkSide::Internal("i7"))
        .await
        .unwrap();
    assert_ne!(holdings(&to).await.unwrap(), both.0);
}

async fn export(queue: &Queue, number: u8) -> Vec<Record> {
    let mut exporter = Exporter::new(&queue.store, instance(number));
    let mut records = Vec::new();
    loop {
        let page = exporter.next().await.unwrap();
        if page.is_empty() {
            return records;
        }
        records.extend(page);
    }
}

async fn import(
    queue: &Queue,
    records: &[Record],
    number: u8,
    replaces: bool,
) -> Result<(), NotImported> {
    let (store, staged) = (&queue.store, instance(200));
    let mut importer = Importer::staged(store, instance(number), staged, replaces, at(0)).await?;
    for record in records {
        if let Err(error) = importer.take(record.clone()).await {
            importer.abandon().await?;
            return Err(error);
        }
    }
    importer.finish().await.map(drop)
}

async fn links_are_exported_and_imported(queue: Queue) {
    for number in 0..1200 {
        let (external, internal) = (format!("x{number:04}"), format!("i{number}"));
        upsert(&queue, &link(1, &external, &internal, number)).await;
    }
    let mut orders = link(1, "x1", "i1", 7);
    "orders".clone_into(&mut orders.collection);
    orders.hash = None;
    upsert(&queue, &orders).await;
    let records = export(&queue, 1).await;
    let last = records.len() - 1;
    assert!(matches!(records[last], Record::End { links: 1201, .. }));

    import(&queue, &records, 2, false).await.unwrap();
    let store = &queue.store;
    let all = store.list_entity_links_of_instance(instance(2), None, 2000);
    let all = all.await.unwrap();
    assert_eq!(all.len(), 1201);
    assert_eq!(all[3], link(2, "x0003", "i3", 3));
    orders.instance_id = instance(2);
    assert_eq!(all[1200], orders);

    let refused = import(&queue, &records, 2, false).await;
    assert!(
        matches!(refused, Err(NotImported::NotEmpty(_))),
        "{refused:?}"
    );
    upsert(&queue, &link(2, "another", "i3000", 0)).await;
    import(&queue, &records, 2, true).await.unwrap();
    let all = store.list_entity_links_of_instance(instance(2), None, 2000);
    assert_eq!(all.await.unwrap().len(), 1201);

    // One that is changed, moved or missing is found.
    let mut changed = records.clone();
    if let Record::EntityLink { internal, .. } = &mut changed[5] {
        internal.push('0');
    }
    let mut missing = records.clone();
    missing.remove(5);
    for damaged in [changed, missing] {
        let mut check = Check::default();
        let looked = damaged.iter().try_for_each(|record| check.look(record));
        assert!(
            matches!(looked, Err(NotImported::Damaged { .. })),
            "{looked:?}"
        );
    }
}

async fn links_stay_where_an_older_export_has_none(queue: Queue) {
    upsert(&queue, &link(1, "x1", "i1", 0)).await;
    let mut older = export(&queue, 1).await;
    older.retain(|record| !matches!(record, Record::EntityLink { .. } | Record::End { .. }));
    if let Record::Header { version, .. } = &mut older[0] {
        *version = 2;
    }
    older.push(Record::end_of(&older).unwrap());
    for replaces in [false, true] {
        import(&queue, &older, 1, replaces).await.unwrap();
        assert_eq!(list(&queue, "", 10).await, ["x1"]);
    }
}

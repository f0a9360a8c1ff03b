//! Row-level security: what a tenant's connection sees when a statement forgets to ask for one tenant.

use backlot_store::accounts::{Account, PendingAuthorization};
use backlot_store::connection_usage::ConnectionUsage;
use backlot_store::postgres::PostgresStore;
use backlot_store::secrets::SealedSecret;

use crate::house::{self, House, definition, insert, instance_id};
use crate::server;

const TABLES: [&str; 14] = [
    "collections",
    "items",
    "item_keys",
    "item_unique_keys",
    "inexact_indexes",
    "index_builds",
    "item_links",
    "jobs",
    "instance_secrets",
    "accounts",
    "pending_authorizations",
    "connection_usage",
    "echo_marks",
    "entity_links",
];

pub(crate) async fn two_tenants() -> House {
    let house = House::new().await;
    for instance in [1, 2] {
        let of = house
            .collection(instance, definition("c", &["a", "!b"]))
            .await;
        house
            .insert(
                &of,
                &[("x", r#"{"a":[1,2],"b":1}"#), ("y", r#"{"a":3,"b":2}"#)],
            )
            .await;
        let links = vec![backlot_store::items::Link {
            field: "friends".to_owned(),
            item_id: "x".to_owned(),
            referenced_id: "y".to_owned(),
        }];
        for outcome in house.store.insert_links(&of, links).await.unwrap() {
            outcome.unwrap();
        }
        let job = backlot_store::jobs::Job {
            instance_id: instance_id(instance),
            job_id: "j".to_owned(),
            collection: "c".to_owned(),
            work: "{}".to_owned(),
            status: backlot_store::jobs::JobStatus::Initialized,
            done: 0,
            position: 0,
            created_at: jiff::Timestamp::UNIX_EPOCH,
        };
        house.store.insert_job(job).await.unwrap();
        connections(&house, instance).await;
        let tenant = instance_id(instance);
        let build = format!("INSERT INTO index_builds VALUES ('{tenant}', 'c', 1, 'CLEARING', 0)");
        let mark = format!("INSERT INTO echo_marks VALUES ('{tenant}', 'm', 'contact', 'x', 0)");
        let link = format!("INSERT INTO entity_links VALUES ('{tenant}', 'c', 'x', 'i', NULL, 0)");
        let rows = [build, mark, link].join("; ");
        house.client().await.batch_execute(&rows).await.unwrap();
    }
    house
}

/// What an instance keeps for its connections.
pub(crate) async fn connections(house: &House, instance: u8) {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let instance_id = instance_id(instance);
    let secret = SealedSecret {
        instance_id: Some(instance_id),
        name: "s".to_owned(),
        key_id: "k".to_owned(),
        sealed: vec![instance],
        version: 1,
        created_at: now,
        changed_at: now,
    };
    house.store.upsert_secret(secret, None).await.unwrap();
    let account = Account {
        instance_id,
        connection: "mail".to_owned(),
        key_id: "k".to_owned(),
        sealed: vec![instance],
        version: 1,
        scopes: String::new(),
        connected_by: None,
        connected_at: now,
        expires_at: None,
        broken: false,
        external_id: None,
    };
    house.store.upsert_account(account, None).await.unwrap();
    let pending = PendingAuthorization {
        state_hash: [instance; 32],
        instance_id,
        connection: "mail".to_owned(),
        key_id: "k".to_owned(),
        sealed: vec![instance],
        expires_at: jiff::Timestamp::from_second(1).unwrap(),
    };
    let kept = house.store.insert_authorization(pending, 1, now).await;
    assert!(kept.unwrap());
    let usage = ConnectionUsage {
        instance_id,
        connection: "mail".to_owned(),
        month: 202_611,
        calls: 1,
        errors: 0,
        bytes_sent: 0,
        bytes_received: 0,
        milliseconds: 0,
    };
    house.store.add_connection_usage(vec![usage]).await.unwrap();
}

#[tokio::test]
async fn a_statement_without_a_tenant_sees_one_tenant_or_nothing() {
    let house = two_tenants().await;
    let client = house.client().await;
    client
        .batch_execute("SET ROLE backlot_tenant")
        .await
        .unwrap();
    let count = async |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        client.query_one(&sql, &[]).await.unwrap().get(0)
    };
    for name in ["", "not set"] {
        if name.is_empty() {
            client
                .batch_execute("SELECT set_config('backlot.instance_id', '', false)")
                .await
                .unwrap();
        }
        for table in TABLES {
            assert_eq!(count(table).await, 0, "{table} {name}");
        }
    }
    let one = instance_id(1).to_string();
    let sql = "SELECT set_config('backlot.instance_id', $1, false)";
    client.query(sql, &[&one]).await.unwrap();
    for table in TABLES {
        assert!(count(table).await > 0, "{table}");
        let sql = format!("SELECT DISTINCT instance_id::text FROM {table}");
        let rows = client.query(&sql, &[]).await.unwrap();
        let seen: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(seen, std::slice::from_ref(&one), "{table}");
    }
    // Nor can anything be put into another tenant's hands.
    let two = instance_id(2).to_string();
    for sql in [
        format!("UPDATE items SET instance_id = '{two}'"),
        format!("INSERT INTO collections VALUES ('{two}', 'd', '', 1)"),
        "UPDATE declared_collections SET revision = 7".to_owned(),
        "SELECT * FROM signing_keys".to_owned(),
        "SELECT * FROM wrapped_keys".to_owned(),
        "SELECT * FROM secrets".to_owned(),
        format!("UPDATE instance_secrets SET instance_id = '{two}'"),
        format!("UPDATE accounts SET instance_id = '{two}'"),
        "UPDATE connection_usage SET calls = 0".to_owned(),
        format!("UPDATE index_builds SET instance_id = '{two}'"),
        "SELECT * FROM instances".to_owned(),
        "SELECT * FROM instance_details".to_owned(),
        "INSERT INTO declared_collections VALUES ('d', '', 1)".to_owned(),
    ] {
        if sql.contains("declared_collections SET") {
            // There is none yet; the policy is asked only for a row.
            let owner = house.client().await;
            let row = "INSERT INTO declared_collections VALUES ('e', '', 1)";
            owner.batch_execute(row).await.unwrap();
        }
        let refused = client.batch_execute(&sql).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42501", "{sql}");
    }
    // What only the owner may ask for does not help.
    client
        .batch_execute("SET backlot.all_instances = 'on'")
        .await
        .unwrap();
    assert_eq!(count("items").await, 2);
}

#[tokio::test]
async fn a_role_that_may_make_no_role_is_held_by_row_level_security() {
    let house = House::new().await;
    let admin = house.client().await;
    // The store of another schema owner, who may do nothing but make tables.
    let role = format!("backlot_test_{}", std::process::id());
    admin
        .batch_execute(&format!(
            "DROP SCHEMA backlot CASCADE;
             DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
             DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {role}', current_database()); END $$"
        ))
        .await
        .unwrap();
    let url = house.database.url();
    let (_, rest) = url.split_once('@').unwrap();
    let url = format!("postgres://{role}@{rest}");
    let store = PostgresStore::open(&url).await.unwrap();
    let house = House {
        store: backlot_store::Store::Postgres(store),
        database: house.database,
    };
    for instance in [1, 2] {
        let of = house.collection(instance, definition("c", &["a"])).await;
        house.insert(&of, &[("x", r#"{"a":1}"#)]).await;
        assert_eq!(house.ids(&of, r#"{"a":1}"#).await, ["x"]);
        connections(&house, instance).await;
        let id = instance_id(instance);
        let secrets = house.store.list_secrets(Some(id)).await.unwrap();
        assert_eq!(secrets.len(), 1);
        let state = [instance; 32];
        let taken = house
            .store
            .take_authorization(state, jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(taken.await.unwrap().unwrap().instance_id, id);
    }
    let declared = definition("c", &["b"]);
    house
        .store
        .declare_collections(vec![declared], false)
        .await
        .unwrap();
    assert_eq!(
        house.store.list_declared_collections().await.unwrap().len(),
        1
    );
    let owner = server::connect(&url.parse().unwrap()).await;
    let sql = "SELECT count(*) FROM backlot.items";
    let seen: i64 = owner.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(seen, 0, "the owner is held, too");
    let sql = "SELECT count(*) FROM backlot.item_keys";
    let seen: i64 = admin.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(seen, 4, "the owner reached all instances when it had to");
    build_under_row_level_security(&house).await;
    let seen: i64 = admin.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(seen, 2 + 302, "one index is cleared, and one is built");
    drop((owner, house.store));
    admin
        .batch_execute(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"))
        .await
        .unwrap();
}

/// Declares one more index where one instance has many items.
async fn build_under_row_level_security(house: &House) {
    let mut declared = house.store.list_declared_collections().await.unwrap();
    let of = house::of(1, declared.remove(0), true);
    let items: Vec<String> = (0..300).map(|number| format!("m{number}")).collect();
    let items: Vec<(&str, &str)> = items.iter().map(|id| (id.as_str(), "{}")).collect();
    house.insert(&of, &items).await;
    let declared = vec![definition("c", &["x"])];
    let done = house.store.declare_collections(declared, false).await;
    done.unwrap();
    let id = instance_id(1);
    while house.store.has_builds(id).await.unwrap() {
        house.store.build_piece(id).await.unwrap();
    }
}

#[tokio::test]
async fn the_name_of_before_serves_nobody() {
    let house = two_tenants().await;
    let (one, two) = (
        house.collection(1, definition("d", &[])).await,
        house.collection(2, definition("d", &[])).await,
    );
    // Many at once, so that the connections change hands.
    for round in 0..20 {
        let id = format!("i{round}");
        let writes = [&one, &two].map(|of| house.write(of, vec![insert(&id, "{}")]));
        let [first, second] = writes;
        let (first, second) = tokio::join!(first, second);
        assert!(first[0].is_ok() && second[0].is_ok());
        let (first, second) = tokio::join!(house.ids(&one, "{}"), house.ids(&two, "{}"));
        assert_eq!((first.len(), second.len()), (round + 1, round + 1));
    }
}

/// A table that is not listed would keep its rows when an instance is deleted.
#[tokio::test]
async fn every_table_with_rows_of_instances_is_listed() {
    let house = House::new().await;
    let sql = "SELECT table_name::text FROM information_schema.columns
               WHERE table_schema = 'backlot' AND column_name = 'instance_id' ORDER BY 1";
    let rows = house.client().await.query(sql, &[]).await.unwrap();
    let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let mut listed = backlot_store::test_util::instance_tables();
    listed.sort_unstable();
    assert_eq!(found, listed);
}

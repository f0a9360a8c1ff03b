//! The role that tenants' work runs under: it cannot log in, owns nothing, and row-level security holds
//! for it.
//!
//! Where the role cannot be made, the owner of the tables does the work. Row-level security is forced
//! on the owner, too; but not on a superuser, nor on a role with `BYPASSRLS`, so these are refused then.

use super::failure::Failure;
use super::lease::Lease;
use super::migrations::LOCK;
use super::tenant::owners_transaction;
use crate::StoreError;
use crate::tables;

pub(super) const TENANT: &str = "backlot_tenant";

// Roles belong to all databases of a server: another one may make it at the same time.
const MAKE: &str = "
    DO $$
    BEGIN
        IF to_regrole('backlot_tenant') IS NULL THEN
            CREATE ROLE backlot_tenant NOLOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
        NULL;
    END
    $$";

const JOIN: &str = "
    DO $$
    BEGIN
        GRANT backlot_tenant TO CURRENT_USER;
    EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
        NULL;
    END
    $$";

/// Whether the role, or the connected user, bypasses row-level security.
const ABOVE: &str = "
    SELECT coalesce(bool_or(rolsuper OR rolbypassrls) FILTER (WHERE rolname = 'backlot_tenant'), false),
           coalesce(bool_or(rolsuper OR rolbypassrls) FILTER (WHERE rolname = current_user), false)
    FROM pg_roles";

// Instances, their details, signing keys, data keys and shared secrets are none of a tenant's business.
const GRANT: &str = "
    GRANT USAGE ON SCHEMA backlot TO backlot_tenant;
    GRANT SELECT, UPDATE ON declared_collections TO backlot_tenant;
    GRANT SELECT ON connection_usage TO backlot_tenant;
    GRANT USAGE ON SEQUENCE items_sequence TO backlot_tenant;";

/// Counts the privileges that the role lacks, on the tables that it writes (`$1`) and on the two others.
const MISSING: &str = "
    SELECT count(*)
    FROM (
        SELECT name, privilege FROM unnest($1::text[]) AS t(name)
        CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p(privilege)
        UNION ALL VALUES ('declared_collections', 'SELECT'), ('declared_collections', 'UPDATE'),
                         ('connection_usage', 'SELECT')
    ) AS needed
    WHERE NOT has_table_privilege('backlot_tenant', 'backlot.' || name, privilege)";

/// The role to take on for tenants' work; none when the one that is connected has to do.
pub(super) async fn prepare(lease: &Lease) -> Result<Option<&'static str>, Failure> {
    let client = lease.client()?;
    client.batch_execute(MAKE).await?;
    let row = client.query_one(ABOVE, &[]).await?;
    let (role_is_above, user_is_above): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
    if role_is_above {
        let text = "the role backlot_tenant is a superuser or has BYPASSRLS, so it would see every \
                    instance; take both from it: ALTER ROLE backlot_tenant NOSUPERUSER NOBYPASSRLS";
        return Err(StoreError::Unusable(text.to_owned()).into());
    }
    let mut refusal = try_role(lease).await?;
    if refusal.is_some() {
        client.batch_execute(JOIN).await?;
        refusal = try_role(lease).await?;
    }
    match refusal {
        None => {
            owners_transaction(lease, grant(lease)).await?;
            Ok(Some(TENANT))
        }
        Some(cause) if user_is_above => {
            let text = format!(
                "the role backlot_tenant cannot be taken on ({cause}), and the role that is connected is \
                 above row-level security; let a superuser run CREATE ROLE backlot_tenant NOLOGIN and \
                 GRANT backlot_tenant TO that role, or connect with one that is neither superuser nor \
                 has BYPASSRLS"
            );
            Err(StoreError::Unusable(text).into())
        }
        Some(_) => Ok(None),
    }
}

/// Why the role cannot be taken on, if it cannot.
async fn try_role(lease: &Lease) -> Result<Option<String>, Failure> {
    let client = lease.client()?;
    client.batch_execute("BEGIN").await?;
    let tried = client.batch_execute("SET LOCAL ROLE backlot_tenant").await;
    client.batch_execute("ROLLBACK").await?;
    match tried {
        Ok(()) => Ok(None),
        Err(Failure::Final(StoreError::Database(cause))) => Ok(Some(cause)),
        Err(failure) => Err(failure),
    }
}

/// Grants what the role needs, as far as it has not got it.
pub(super) async fn grant(lease: &Lease) -> Result<(), Failure> {
    let client = lease.client()?;
    client.batch_execute(LOCK).await?;
    let tables = tables::written_by_tenants();
    let missing: i64 = client.query_one(MISSING, &[&tables]).await?.try_get(0)?;
    if missing > 0 {
        let written = tables.join(", ");
        let grant =
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {written} TO backlot_tenant; {GRANT}");
        client.batch_execute(&grant).await?;
    }
    Ok(())
}

//! What Wix says of each instance: its site, its plan; and whether Wix still gives tokens for it.

use backlot_wix::{AppInstance, InstanceId};
use jiff::Timestamp;

use crate::StoreError;

/// What Wix said of an instance, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// The tenant.
    pub instance_id: InstanceId,
    /// Wix's answer. The owner's address is not kept: nothing here needs it.
    pub answer: AppInstance,
    /// When Wix was asked.
    pub fetched_at: Timestamp,
}

/// Wix gives no token for an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRefusal {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The status of Wix's reply.
    pub status: u16,
    /// Wix's own word for it, such as `invalid_grant`; may be empty.
    pub reason: String,
    /// When.
    pub refused_at: Timestamp,
}

/// Which instances are to be asked about again.
#[derive(Debug, Clone, Copy)]
pub struct Outdated {
    /// Those whose details are older than this.
    pub fetched_before: Timestamp,
    /// Those without details, too.
    pub missing_too: bool,
    /// Only those that called since then.
    pub seen_since: Timestamp,
    /// Leaving out those that Wix has refused since then. Those that it refused before are asked about
    /// whatever the age of their details: the mark may be out of date.
    pub refused_since: Timestamp,
}

/// The store of what Wix says of instances.
pub trait InstanceDetails {
    /// Keeps an answer in place of an older one. That Wix answered shows that it gives tokens, so a
    /// refusal is forgotten.
    fn keep_details(&self, details: Details)
    -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The latest answer.
    fn details(
        &self,
        instance_id: InstanceId,
    ) -> impl Future<Output = Result<Option<Details>, StoreError>> + Send;

    /// The instance on a site; of several, the one that was asked about last.
    fn instance_of_site(
        &self,
        site_id: &str,
    ) -> impl Future<Output = Result<Option<InstanceId>, StoreError>> + Send;

    /// The origins of all sites that have one, and where Wix still gives tokens.
    fn site_origins(
        &self,
    ) -> impl Future<Output = Result<Vec<(InstanceId, String)>, StoreError>> + Send;

    /// Instances to be asked about again, those with the oldest details first.
    fn outdated_instances(
        &self,
        outdated: Outdated,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<InstanceId>, StoreError>> + Send;

    /// Marks an instance.
    fn keep_refusal(
        &self,
        refusal: TokenRefusal,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes the mark away.
    fn forget_refusal(
        &self,
        instance_id: InstanceId,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The mark, where there is one.
    fn refusal(
        &self,
        instance_id: InstanceId,
    ) -> impl Future<Output = Result<Option<TokenRefusal>, StoreError>> + Send;
}

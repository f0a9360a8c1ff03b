//! What Wix says of instances.

use crate::StoreError;
use crate::instance_details::{Details, Outdated, TokenRefusal};
use backlot_wix::InstanceId;

repository! {
    /// Keeps an answer in place of an older one. That Wix answered shows that it gives tokens, so a
    /// refusal is forgotten.
    async fn keep_details(&self, details: Details) -> Result<(), StoreError>;

    /// The latest answer.
    async fn details(&self, instance_id: InstanceId) -> Result<Option<Details>, StoreError>;

    /// The instance on a site; of several, the one that was asked about last.
    async fn instance_of_site(&self, site_id: &str) -> Result<Option<InstanceId>, StoreError>;

    /// The origins of all sites that have one, and where Wix still gives tokens.
    async fn site_origins(&self) -> Result<Vec<(InstanceId, String)>, StoreError>;

    /// Instances to be asked about again, those with the oldest details first.
    async fn outdated_instances(
        &self,
        outdated: Outdated,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError>;

    /// Marks an instance.
    async fn keep_refusal(&self, refusal: TokenRefusal) -> Result<(), StoreError>;

    /// Takes the mark away.
    async fn forget_refusal(&self, instance_id: InstanceId) -> Result<(), StoreError>;

    /// The mark, where there is one.
    async fn refusal(&self, instance_id: InstanceId) -> Result<Option<TokenRefusal>, StoreError>;
}

//! The extractor.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use backlot_wix::Role;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::convert::from_json;
use super::{ItemsError, ItemsQuery};
use crate::data::{DataSession, OperationError};
use crate::extract::caller::CallerMissing;

/// The items of the verified caller's instance, with the caller's rights.
///
/// ```
/// use backlot_server::{Items, ItemsError};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Review {
///     title: String,
///     rating: u8,
/// }
///
/// async fn best(items: Items) -> Result<axum::Json<Vec<Review>>, ItemsError> {
///     let best = items.query("reviews").eq("rating", 5).descending("_createdDate").limit(20);
///     Ok(axum::Json(best.find().await?.items))
/// }
///
/// async fn add(items: Items, review: axum::Json<Review>) -> Result<axum::Json<Review>, ItemsError> {
///     Ok(axum::Json(items.insert("reviews", &review.0).await?))
/// }
/// let router: axum::Router = axum::Router::new()
///     .route("/api/best", axum::routing::get(best))
///     .route("/api/add", axum::routing::post(add));
/// ```
#[derive(Clone)]
pub struct Items(pub(crate) DataSession);

impl std::fmt::Debug for Items {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let who = self.0.who();
        write!(formatter, "Items({} as {})", who.instance_id, who.role)
    }
}

impl Items {
    pub(crate) const fn new(data: DataSession) -> Self {
        Self(data)
    }

    /// The same items with the rights of the app itself. New ones belong to whom they would have
    /// belonged to.
    #[must_use]
    pub fn as_app(&self) -> Self {
        Self(self.0.with_role(Role::App))
    }

    /// A query, to be narrowed, sorted and sent.
    pub fn query(&self, collection: &str) -> ItemsQuery {
        ItemsQuery::new(self.0.clone(), collection)
    }

    /// One item; `None` when there is none that the caller may see.
    pub async fn get<T: DeserializeOwned>(
        &self,
        collection: &str,
        id: &str,
    ) -> Result<Option<T>, ItemsError> {
        use backlot_wix::data::DataCode;
        let (collection, id) = (collection.to_owned(), id.to_owned());
        let work = move |data: DataSession| {
            let (collection, id) = (collection.clone(), id.clone());
            async move { data.get(&collection, &id).await }
        };
        match self.0.run(work).await? {
            Ok(item) => from_json(&item.json).map(Some),
            Err(OperationError::DataError(fault)) if fault.code() == DataCode::ItemMissing => {
                Ok(None)
            }
            Err(fault) => Err(fault.into()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Items {
    type Rejection = CallerMissing;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, CallerMissing> {
        let handle: Option<&Arc<Self>> = parts.extensions.get();
        handle
            .map(|handle| Self::clone(handle))
            .ok_or(CallerMissing)
    }
}

//! Links for handlers in Rust.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use backlot_store::entity_links::LinkSide;
use http::request::Parts;

use crate::error::{ApiError, ErrorCode, ErrorKind};
use crate::extract::caller::CallerMissing;
use crate::links::{InstanceLinks, Link, NewLink};

/// The links of the verified caller's instance: pairs of an id in another system and the app's own.
///
/// ```
/// use backlot_server::{Links, LinksError};
///
/// async fn own_id(links: Links) -> Result<String, LinksError> {
///     if let Some(link) = links.find_external("contacts", "hs-1").await? {
///         return Ok(link.internal);
///     }
///     Ok(links.upsert("contacts", "hs-1", "c-1", None).await?.internal)
/// }
/// let router: axum::Router = axum::Router::new().route("/api/own-id", axum::routing::get(own_id));
/// ```
#[derive(Debug, Clone)]
pub struct Links(InstanceLinks);

/// Why a link cannot be had. As a response it is a refusal with a code.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: {}", .0.code().name(), .0.sentence())]
pub struct LinksError(#[from] ApiError);

impl LinksError {
    /// Returns whether the ids are in two links.
    pub fn is_conflict(&self) -> bool {
        self.0.code() == ErrorKind::Own(ErrorCode::LinkConflict)
    }
}

impl Links {
    pub(crate) const fn new(links: InstanceLinks) -> Self {
        Self(links)
    }

    /// Inserts a link, or replaces the one that has one of its ids.
    ///
    /// # Errors
    ///
    /// Fails if the ids are in two links ([`LinksError::is_conflict`]), a text is empty or too long, or the instance has no
    /// room for it.
    pub async fn upsert(
        &self,
        collection: &str,
        external: &str,
        internal: &str,
        hash: Option<&str>,
    ) -> Result<Link, LinksError> {
        let link = NewLink {
            external: external.to_owned(),
            internal: internal.to_owned(),
            hash: hash.map(str::to_owned),
        };
        Ok(self.0.upsert(collection, link).await?)
    }

    /// Finds the link of an id in the other system.
    pub async fn find_external(
        &self,
        collection: &str,
        id: &str,
    ) -> Result<Option<Link>, LinksError> {
        Ok(self.0.find(collection, LinkSide::External(id)).await?)
    }

    /// Finds the link of the app's own id.
    pub async fn find_internal(
        &self,
        collection: &str,
        id: &str,
    ) -> Result<Option<Link>, LinksError> {
        Ok(self.0.find(collection, LinkSide::Internal(id)).await?)
    }

    /// Lists links by their external ids, those after the given one, up to 1,000.
    pub async fn list(
        &self,
        collection: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Link>, LinksError> {
        Ok(self.0.list(collection, after, limit).await?)
    }

    /// Deletes the link of an id in the other system, and returns it.
    pub async fn delete_external(
        &self,
        collection: &str,
        id: &str,
    ) -> Result<Option<Link>, LinksError> {
        Ok(self.0.delete(collection, LinkSide::External(id)).await?)
    }

    /// Deletes the link of the app's own id, and returns it.
    pub async fn delete_internal(
        &self,
        collection: &str,
        id: &str,
    ) -> Result<Option<Link>, LinksError> {
        Ok(self.0.delete(collection, LinkSide::Internal(id)).await?)
    }
}

impl IntoResponse for LinksError {
    fn into_response(self) -> Response {
        self.0.into_response().map(axum::body::Body::from)
    }
}

impl<S: Sync> FromRequestParts<S> for Links {
    type Rejection = CallerMissing;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, CallerMissing> {
        let handle: Option<&Arc<Self>> = parts.extensions.get();
        handle
            .map(|handle| Self::clone(handle))
            .ok_or(CallerMissing)
    }
}

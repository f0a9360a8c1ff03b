//! Parameters of the admin API: a value that cannot be read is an error in the shape of all others.

use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::instances::Refused;
use crate::error::{ApiError, ErrorCode};

/// The parameters of the query.
pub(crate) struct QueryParameters<T>(pub(crate) T);

/// The number that the path names.
pub(crate) struct Number(pub(crate) i64);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParameters<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(invalid(&rejection.body_text())),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Number {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(number)) => Ok(Self(number)),
            Err(rejection) => Err(invalid(&rejection.body_text())),
        }
    }
}

fn invalid(cause: &str) -> Refused {
    ApiError::from(ErrorCode::ParameterInvalid)
        .with_data("cause", cause)
        .into()
}

//! The mark of a call that is under way, and what becomes of it.

use std::time::Duration;

use backlot_outbound::wix::WixError;
use backlot_store::StoreError;
use backlot_store::echo_marks::EchoKey;
use backlot_wix::InstanceId;
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::Body;
use jiff::Timestamp;

use super::EchoMarks;
use super::creations::Creation;
use super::entity::CreatedEntity;
use crate::error::{ApiError, Chain, ErrorCode, ErrorKind};
use crate::http::peeked_body::PeekedBody;

/// The most bytes of a response in which an id is looked for.
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;
/// How long such a response may take from its head to its end.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// The mark of a call that is under way.
#[must_use = "it is removed if the call fails"]
pub(crate) struct CallMark {
    pub(super) marks: EchoMarks,
    pub(super) instance_id: InstanceId,
    pub(super) mark_id: [u8; 16],
    pub(super) creation: Option<CreationMark>,
}

/// What a mark has if its entity is not known before the response.
pub(super) struct CreationMark {
    pub(super) entity: CreatedEntity,
    pub(super) begun_at: Timestamp,
    pub(super) _under_way: Creation,
}

/// What is known of a call once it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteOutcome {
    /// It has changed something, or may have.
    Possible,
    /// It has changed nothing.
    Failed,
}

/// Ends the mark of a call, if it has one: removes the mark of one that has failed, and names the entity of a creation. The
/// response is read for that, and goes on unchanged. `of_error` is the outcome of a call without a response.
///
/// # Errors
///
/// Fails as the call has failed.
pub(crate) async fn settle<B, Error>(
    mark: Option<CallMark>,
    outcome: Result<Response<B>, Error>,
    of_error: impl FnOnce(&Error) -> WriteOutcome,
) -> Result<Response<PeekedBody<B>>, Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let Some(mark) = mark else {
        return outcome.map(|response| response.map(PeekedBody::new));
    };
    let response = match outcome {
        Ok(response) => response,
        Err(error) => {
            mark.end(of_error(&error)).await;
            return Err(error);
        }
    };
    let (head, body) = response.into_parts();
    let mut body = PeekedBody::new(body);
    match &mark.creation {
        None => mark.end(WriteOutcome::of_status(head.status)).await,
        Some(creation) if head.status.is_success() => {
            let read = body.peek(MAX_RESPONSE_BYTES, RESPONSE_TIMEOUT).await;
            let key = read.and_then(|response| creation.entity.find(&response));
            let begun_at = creation.begun_at;
            mark.name(key, begun_at).await;
        }
        Some(_) => mark.end(WriteOutcome::Failed).await,
    }
    Ok(Response::from_parts(head, body))
}

impl CallMark {
    /// Removes the mark if the call has failed. Without a response there is no id of a creation.
    async fn end(self, outcome: WriteOutcome) {
        if outcome == WriteOutcome::Possible && self.creation.is_none() {
            return;
        }
        let store = &self.marks.store;
        if let Err(error) = store.delete_echo_mark(self.instance_id, self.mark_id).await {
            let instance_id = self.instance_id;
            tracing::warn!(
                instance.id = %instance_id,
                error = %Chain(&error),
                "failed to remove the echo mark of a failed call"
            );
        }
    }

    /// Gives the mark of a creation its entity. If its event is stored already, that one becomes the echo.
    async fn name(self, key: Option<EchoKey>, begun_at: Timestamp) {
        let instance_id = self.instance_id;
        let Some(key) = key else {
            tracing::warn!(
                instance.id = %instance_id,
                "the response to a call with Backlot-Echo has no id where the header says, so its event is no echo"
            );
            return self.end(WriteOutcome::Failed).await;
        };
        if let Err(error) = self.try_name(&key, begun_at).await {
            tracing::warn!(
                instance.id = %instance_id,
                error = %Chain(&error),
                "failed to mark the entity that a call has created"
            );
        }
    }

    async fn try_name(&self, key: &EchoKey, begun_at: Timestamp) -> Result<(), StoreError> {
        let (marks, id, mark_id) = (&self.marks, self.instance_id, self.mark_id);
        let store = &marks.store;
        store
            .name_echo_mark(id, mark_id, key, marks.expiry())
            .await?;
        // An event that comes from now on takes the mark. One that came before has not.
        if let Some(stored) = marks.stored.find(id, key, begun_at).await?
            && store.delete_echo_mark(id, mark_id).await?
        {
            marks.stored.mark(stored).await?;
        }
        Ok(())
    }
}

impl WriteOutcome {
    /// The outcome of a call with a response. A gateway's failure does not say whether the server behind it got the call.
    fn of_status(status: StatusCode) -> Self {
        let is_gateway = matches!(
            status,
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
        );
        if status.is_success() || is_gateway {
            Self::Possible
        } else {
            Self::Failed
        }
    }

    /// The outcome of a call to Wix that has no response.
    pub(crate) const fn of_wix(error: &WixError) -> Self {
        match error {
            WixError::Unavailable { .. } => Self::Possible,
            _ => Self::Failed,
        }
    }

    /// The outcome of a call to a third party that has no response, or none that can be returned.
    pub(crate) fn of_connection(error: &ApiError) -> Self {
        const UNKNOWN: [ErrorKind; 5] = [
            ErrorKind::Own(ErrorCode::ConnectionTimeout),
            ErrorKind::Own(ErrorCode::ConnectionBroken),
            ErrorKind::Own(ErrorCode::ConnectionRedirected),
            ErrorKind::Own(ErrorCode::ConnectionResponseRefused),
            ErrorKind::Own(ErrorCode::Internal),
        ];
        if UNKNOWN.contains(&error.code()) {
            Self::Possible
        } else {
            Self::Failed
        }
    }
}

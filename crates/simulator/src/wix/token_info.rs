//! `POST /oauth2/token-info`: whom a token belongs to. Also takes a signed instance.
//!
//! Source: `get-token-info.d.ts` of `@wix/sdk` 1.21.16. What Wix says of a dead token is not
//! documented, so there are two ways to say it, and a fault chooses.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::{alive, body, refusal};
use crate::Stage;
use crate::faults::{DeadTokens, TokenInfoBody};
use crate::memory::{Arrived, Seen};

#[derive(Deserialize)]
struct Asked {
    token: String,
}

pub(super) fn answer(stage: &Stage, call: &Arrived) -> Answer {
    let asked = serde_json::from_slice(&call.body).ok();
    let asked = asked.filter(|Asked { token }| !token.is_empty());
    let subject = asked
        .as_ref()
        .and_then(|asked| alive::subject(stage, &asked.token));
    let (wanted, dead_tokens) = {
        let faults = stage.memory.faults.lock();
        (faults.token_info, faults.dead_tokens)
    };
    let response = match (wanted, asked, &subject) {
        (TokenInfoBody::NotJson, ..) => body::not_json(),
        (TokenInfoBody::Huge, ..) => body::huge(),
        (TokenInfoBody::Endless, ..) => body::endless(),
        (TokenInfoBody::Right, None, _) => refusal::invalid("token", "must be a text"),
        (TokenInfoBody::Right, Some(_), Some(subject)) => {
            Json(subject.token_info()).into_response()
        }
        (TokenInfoBody::Right, Some(_), None) => dead(dead_tokens),
    };
    Answer {
        response,
        seen: subject.as_ref().map(Seen::new).unwrap_or_default(),
    }
}

fn dead(how: DeadTokens) -> Response {
    match how {
        DeadTokens::Inactive => Json(json!({ "active": false })).into_response(),
        DeadTokens::Unauthorized => refusal::unauthenticated(),
    }
}

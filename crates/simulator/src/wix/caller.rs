//! The caller of an endpoint other than `/oauth2/…`: a subject with an access token, or an account with
//! an API key.
//!
//! Source: Wix's "About API Keys" (exactly one of two headers); the refusal of a bad key is what
//! the Wix CLI expects.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use backlot_wix::credential::strip_bearer;
use backlot_wix::{ApiKeyScope, AppId, InstanceId, Role};

use super::alive;
use super::refusal::{app_not_installed, refuse, unauthenticated};
use crate::Stage;
use crate::access_token::Subject;
use crate::memory::{Arrived, Seen, SiteNow};

/// A caller with a valid credential.
pub(super) enum Caller {
    Token(Subject),
    ApiKey {
        scope: String,
        site: Option<SiteNow>,
    },
}

/// The reason why there is no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoCaller {
    /// No credential, or one that is no longer good.
    Unknown,
    /// Another app, which is not on this site.
    OtherApp(AppId),
    /// An API key, and keys are refused now.
    KeyRefused,
    /// An API key that does not say what it is for, or says two things.
    KeyWithoutScope,
}

pub(super) fn find(stage: &Stage, call: &Arrived) -> Result<Caller, NoCaller> {
    let credential = text(&call.headers, "authorization").map(strip_bearer);
    let credential = credential.ok_or(NoCaller::Unknown)?;
    if credential.starts_with("IST.") {
        return api_key(stage, &call.headers);
    }
    let subject = alive::of_token(stage, credential).ok_or(NoCaller::Unknown)?;
    if subject.app_id != stage.world.app.id {
        return Err(NoCaller::OtherApp(subject.app_id));
    }
    Ok(Caller::Token(subject))
}

fn api_key(stage: &Stage, headers: &HeaderMap) -> Result<Caller, NoCaller> {
    if stage.memory.faults.lock().api_key_refused {
        return Err(NoCaller::KeyRefused);
    }
    let site_id = text(headers, "wix-site-id").map(ApiKeyScope::Site);
    let account_id = text(headers, "wix-account-id").map(ApiKeyScope::Account);
    let ((Some(scope), None) | (None, Some(scope))) = (site_id, account_id) else {
        return Err(NoCaller::KeyWithoutScope);
    };
    let (name, id) = scope.header();
    let site = match scope {
        ApiKeyScope::Site(id) => stage.sites().with_id(id),
        ApiKeyScope::Account(_) => None,
    };
    let scope = format!("{name} {id}");
    Ok(Caller::ApiKey { scope, site })
}

impl NoCaller {
    pub(super) fn refuse(self) -> Response {
        match self {
            Self::Unknown => unauthenticated(),
            Self::OtherApp(app_id) => app_not_installed(&app_id.to_string()),
            Self::KeyRefused => refuse(
                StatusCode::PRECONDITION_REQUIRED,
                "48876",
                "The API key is refused.",
            ),
            Self::KeyWithoutScope => refuse(
                StatusCode::BAD_REQUEST,
                "INVALID_ARGUMENT",
                "With an API key comes exactly one of wix-site-id and wix-account-id.",
            ),
        }
    }
}

fn text<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    let value = headers.get(name)?.to_str().ok()?;
    (!value.is_empty()).then_some(value)
}

impl Caller {
    /// The site that the call is about; `None` for an account's.
    pub(super) fn site(&self, stage: &Stage) -> Option<SiteNow> {
        match self {
            Self::Token(subject) => stage.sites().find(subject.instance_id),
            Self::ApiKey { site, .. } => site.clone(),
        }
    }

    /// The installation that the call is about.
    pub(super) fn instance_id(&self) -> Option<InstanceId> {
        match self {
            Self::Token(subject) => Some(subject.instance_id),
            Self::ApiKey { site, .. } => site.as_ref().map(|it| it.site.instance_id),
        }
    }

    /// Whether it is the app itself.
    pub(super) fn is_app(&self) -> bool {
        matches!(self, Self::Token(subject) if alive::is_app(subject))
    }

    /// An API key has the rights of the app.
    pub(super) fn role_and_user(&self) -> (Role, Option<String>) {
        match self {
            Self::Token(subject) => (subject.role, subject.user_id.clone()),
            Self::ApiKey { .. } => (Role::App, None),
        }
    }

    /// Returns the instance whose limit applies.
    pub(super) fn limit_key(&self) -> String {
        match self {
            Self::Token(subject) => subject.instance_id.to_string(),
            Self::ApiKey { scope, .. } => scope.clone(),
        }
    }

    /// For the record.
    pub(super) fn seen(&self) -> Seen {
        Seen {
            instance_id: self.instance_id(),
            subject_type: match self {
                Self::Token(subject) => Some(subject.role.subject_type()),
                Self::ApiKey { .. } => None,
            },
        }
    }
}

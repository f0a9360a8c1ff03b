//! `wix.calls`

use backlot_server::handlers::wix::{AllowedCall, OnBehalfOf};
use backlot_server::policy::{AccessRule, CallPattern, Roles};

use backlot_wix::Role;

use crate::config::resolve::overlap::{self, Line};
use crate::config::resolve::report::Report;
use crate::config::sections::{OnBehalfOfName, RuledCall, Wix, WixCall};

pub(super) fn resolve(section: &Wix, report: &mut Report<'_>) -> Option<Vec<AllowedCall>> {
    let mut calls = Vec::new();
    let mut is_right = true;
    for (index, call) in section.calls.iter().enumerate() {
        let key = format!("wix.calls[{index}]");
        let ruled = match call.clone() {
            WixCall::Ruled(ruled) => ruled,
            WixCall::Plain(call) => RuledCall {
                call,
                allow: None,
                plans: Vec::new(),
                on_behalf_of: OnBehalfOfName::App,
            },
        };
        match allowed(section, &key, ruled, report) {
            Some(call) => calls.push(call),
            None => is_right = false,
        }
    }
    if !is_right {
        return None;
    }
    let written = section.calls.iter().map(|call| match call {
        WixCall::Plain(text) => text,
        WixCall::Ruled(ruled) => &ruled.call,
    });
    let lines = written
        .zip(&calls)
        .enumerate()
        .map(|(index, (text, call))| Line {
            key: format!("wix.calls[{index}]"),
            text,
            pattern: &call.pattern,
            rules: (&call.rules, &call.on_behalf_of),
        });
    overlap::note(&lines.collect::<Vec<_>>(), report);
    Some(calls)
}

fn allowed(
    section: &Wix,
    key: &str,
    call: RuledCall,
    report: &mut Report<'_>,
) -> Option<AllowedCall> {
    let pattern = match CallPattern::parse(&call.call) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let cause = format!("{:?}: {error}", call.call);
            report.problem(key, cause, "write for example \"GET /apps/v1/instance\"");
            None
        }
    };
    let roles = call.allow.as_ref().unwrap_or(&section.allow);
    if roles.is_empty() {
        report.problem(
            key,
            "no role may make this call",
            "write allow = [\"owner\"] in [wix], or { call = \"…\", allow = [\"owner\"] } here",
        );
        return None;
    }
    let on_behalf_of = on_behalf_of(section, key, &call, roles, report)?;
    Some(AllowedCall {
        pattern: pattern?,
        rules: AccessRule {
            roles: Roles::new(roles.iter().copied()),
            plans: call.plans,
        },
        on_behalf_of,
    })
}

/// Resolves the identity of a call. The API key has access to the whole account, so only the developer's server may make
/// calls with it.
fn on_behalf_of(
    section: &Wix,
    key: &str,
    call: &RuledCall,
    roles: &[Role],
    report: &mut Report<'_>,
) -> Option<OnBehalfOf> {
    if call.on_behalf_of == OnBehalfOfName::App {
        return Some(OnBehalfOf::App);
    }
    if roles != [Role::App] {
        report.problem(
            key,
            "the API key has access to your whole account, so pages must not make calls with it",
            "write allow = [\"app\"], and call from your own server with its elevated token",
        );
        return None;
    }
    if section.api_key.is_none() {
        report.problem(
            key,
            "the call needs an API key, and none is configured",
            "set wix.api_key = { env = \"WIX_API_KEY\" } and that variable",
        );
        return None;
    }
    match (call.on_behalf_of, &section.account_id) {
        (OnBehalfOfName::Account, Some(id)) => Some(OnBehalfOf::Account(id.as_str().into())),
        (OnBehalfOfName::Account, None) => {
            report.problem(
                key,
                "the call is for the account, and no account is configured",
                "set wix.account_id, which the account's API key manager shows",
            );
            None
        }
        _ => Some(OnBehalfOf::Site),
    }
}

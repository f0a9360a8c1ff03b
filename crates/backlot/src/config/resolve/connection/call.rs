//! `connection.calls`

use backlot_server::connections::{AllowedCall, ParameterRule, QueryRules};
use backlot_server::policy::{AccessRule, CallPattern, Roles};

use super::Entry;
use crate::config::resolve::overlap::{self, Line};
use crate::config::resolve::report::Report;
use crate::config::sections::{ConnectionCall, RuledConnectionCall};

pub(super) fn resolve(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<Vec<AllowedCall>> {
    let mut calls = Vec::new();
    let mut is_right = true;
    if entry.section.calls.is_empty() {
        let cause = "the list is empty, so no call would be allowed";
        report.problem(
            entry.key("calls"),
            cause,
            "write for example calls = [\"GET /v1/things\"]",
        );
        is_right = false;
    }
    for (index, call) in entry.section.calls.iter().enumerate() {
        let key = entry.key(&format!("calls[{index}]"));
        let resolved = match call {
            ConnectionCall::Plain(text) => one(entry, &key, text, None, report),
            ConnectionCall::Ruled(ruled) => one(entry, &key, &ruled.call, Some(ruled), report),
        };
        match resolved {
            Some(call) => calls.push(call),
            None => is_right = false,
        }
    }
    if !is_right {
        return None;
    }
    let written = entry.section.calls.iter().map(|call| match call {
        ConnectionCall::Plain(text) => text,
        ConnectionCall::Ruled(ruled) => &ruled.call,
    });
    let lines = written
        .zip(&calls)
        .enumerate()
        .map(|(index, (text, call))| Line {
            key: entry.key(&format!("calls[{index}]")),
            text,
            pattern: &call.pattern,
            rules: (&call.rules, &call.query),
        });
    overlap::note(&lines.collect::<Vec<_>>(), report);
    Some(calls)
}

fn one(
    entry: &Entry<'_>,
    key: &str,
    text: &str,
    ruled: Option<&RuledConnectionCall>,
    report: &mut Report<'_>,
) -> Option<AllowedCall> {
    let section = entry.section;
    let (call, query) = text.split_once('?').unwrap_or((text, ""));
    let pattern = match CallPattern::parse_with_slash(call) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let cause = format!("{text:?} is not a call");
            let remedy = format!("{error}, for example \"GET /v1/things?limit\"");
            report.problem(key, cause, remedy);
            None
        }
    };
    let mut query = QueryRules::parse(query);
    if let (Some(ruled), QueryRules::Only(rules)) = (ruled, &mut query) {
        let more = ruled.query.iter().map(|(name, values)| ParameterRule {
            name: name.clone(),
            values: match values.as_slice() {
                [any] if any == "*" => Vec::new(),
                values => values.to_vec(),
            },
        });
        rules.extend(more);
    }
    let empty = ruled.and_then(|it| {
        it.query
            .iter()
            .find(|(_, values)| values.as_slice().is_empty())
    });
    if let Some((name, _)) = empty {
        let cause = format!("the parameter {name} has no allowed values");
        report.problem(
            key,
            cause,
            "write \"*\" for any value, or remove the parameter",
        );
    }
    let roles = ruled
        .and_then(|ruled| ruled.allow.as_ref())
        .unwrap_or(&section.allow);
    if roles.is_empty() {
        report.problem(
            key,
            "no role may make this call",
            "write allow = [\"owner\"] in the connection, or { call = \"…\", allow = [\"owner\"] } here",
        );
        return None;
    }
    let plans = ruled
        .and_then(|ruled| ruled.plans.as_ref())
        .unwrap_or(&section.plans);
    Some(AllowedCall {
        pattern: pattern?,
        query,
        rules: AccessRule {
            roles: Roles::new(roles.iter().copied()),
            plans: plans.clone(),
        },
    })
}

//! The table as an `OpenAPI` 3.1 document: `docs/openapi.json`, and `/admin/v1/openapi.json` of a running server.
//!
//! Source: <https://spec.openapis.org/oas/v3.1.0>

use backlot_wix::Role;
use serde_json::{Map, Value, json};

use super::{Authentication, Listener, QueryParameter, RouteSpec, all};
use crate::http::methods::Verb;

/// The schemas of bodies, without the names of roles.
const SCHEMAS: &str = include_str!("schemas.json");

const DESCRIPTION: &str = "Routes of a Backlot server. Those of the developer's own server, of calls to Wix and of calls to \
third parties depend on the configuration: `backlot routes` lists them. Every path under `/wix-data/v2` is served under \
`/_api/cloud-data/v2`, too.";

/// Returns the document.
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in all().filter(|route| !route.policy.methods.is_empty()) {
        // `/` and `/healthz` are served by both listeners.
        let servers = match paths.get(route.path) {
            Some(_) => json!([public_server(), admin_server()]),
            None => json!([admin_server()]),
        };
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        for verb in route.policy.methods {
            if path.get(verb.name()).is_none() {
                path[verb.name()] = operation(route, *verb);
            }
        }
        if route.listener == Listener::Admin {
            path["servers"] = servers;
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Backlot",
            "description": DESCRIPTION,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [public_server()],
        "tags": TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": { "Error": {
                "description": "A refusal. `docs/errors.md` lists the codes.",
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
            } },
            "securitySchemes": {
                "instance": {
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": "The `instance` value of Wix's dashboard, an access token of the Wix SDK, or an \
                                    elevated token, with or without `Bearer`.",
                },
                "instanceHeader": { "type": "apiKey", "in": "header", "name": "X-Wix-Instance",
                    "description": "The same in another header (`app.instance_headers`)." },
                "apiKey": {
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": "The account's API key (`wix.api_key`), with the site's id in `wix-site-id`.",
                },
            },
        },
    })
}

fn schemas() -> Value {
    let mut schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    schemas["Caller"]["properties"]["role"]["enum"] = json!(Role::ALL);
    schemas
}

const TAGS: [(&str, &str); 7] = [
    ("server", "The server itself."),
    ("data", "Wix Data: items, references, and jobs."),
    ("collections", "Wix Data: collections, and indexes."),
    ("connections", "Accounts at third parties."),
    ("webhooks", "Events of Wix and of third parties."),
    ("links", "Pairs of ids, for syncs."),
    ("admin", "The admin listener."),
];

fn public_server() -> Value {
    json!({
        "url": "http://127.0.0.1:8080",
        "description": "The public listener, `server.listen`.",
    })
}

fn admin_server() -> Value {
    json!({
        "url": "http://127.0.0.1:8081",
        "description": "The admin listener, `server.admin_listen`.",
    })
}

fn tag(route: &RouteSpec) -> &'static str {
    let path = route.path;
    if route.listener == Listener::Admin {
        "admin"
    } else if path.starts_with("/wix-data/v2/collections")
        || path.starts_with("/wix-data/v2/indexes")
    {
        "collections"
    } else if path.starts_with("/wix-data/") {
        "data"
    } else if path.starts_with("/connections/") {
        "connections"
    } else if path.starts_with("/webhooks") {
        "webhooks"
    } else if path.starts_with("/links/") {
        "links"
    } else {
        "server"
    }
}

fn operation(route: &RouteSpec, verb: Verb) -> Value {
    let is_first = route.policy.methods.first() == Some(&verb);
    let name = if is_first {
        route.operation.to_owned()
    } else {
        format!("{}By{}", route.operation, title(verb.name()))
    };
    let mut operation = json!({
        "operationId": name,
        "summary": route.summary,
        "tags": [tag(route)],
        "responses": responses(route, verb),
    });
    let parameters = parameters(route, verb);
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(schema) = route.request {
        operation["requestBody"] = json!({ "required": true, "content": content(schema) });
    }
    let security = security(route.policy.authentication);
    if !security.is_empty() {
        operation["security"] = security.into();
    }
    operation
}

fn title(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn content(schema: &str) -> Value {
    let schema = format!("#/components/schemas/{schema}");
    json!({ "application/json": { "schema": { "$ref": schema } } })
}

fn responses(route: &RouteSpec, verb: Verb) -> Value {
    let mut success = json!({ "description": route.summary });
    if let Some(schema) = route.response {
        success["content"] = content(schema);
    }
    let mut responses = json!({
        "200": success,
        "default": { "$ref": "#/components/responses/Error" },
    });
    if route.operation == "authorizeConnection" && verb == Verb::Get {
        responses["302"] = json!({ "description": "The provider's page." });
        if let Some(responses) = responses.as_object_mut() {
            responses.remove("200");
        }
    }
    responses
}

fn parameters(route: &RouteSpec, verb: Verb) -> Vec<Value> {
    let names = route.path.split('{').skip(1);
    let names = names.filter_map(|rest| rest.split_once('}').map(|(name, _)| name));
    let text = || json!({ "type": "string" });
    let in_path =
        names.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": text() }));
    // Where a body is sent, it has the parameters.
    let has_query = matches!(verb, Verb::Get | Verb::Delete) || route.request.is_none();
    let of_query = route.query.iter().filter(|_| has_query).map(|parameter| {
        let (name, is_required) = match parameter {
            QueryParameter::Required(name) => (name, true),
            QueryParameter::Optional(name) => (name, false),
        };
        json!({ "name": name, "in": "query", "required": is_required, "schema": text() })
    });
    in_path.chain(of_query).collect()
}

fn security(authentication: Authentication) -> Vec<Value> {
    let caller = [json!({ "instance": [] }), json!({ "instanceHeader": [] })];
    match authentication {
        Authentication::None
        | Authentication::Signature
        | Authentication::WixSignature
        | Authentication::OAuthState
        | Authentication::Loopback
        | Authentication::LoopbackPage => Vec::new(),
        Authentication::Caller
        | Authentication::Entry
        | Authentication::Calls
        | Authentication::Manage
        | Authentication::App => caller.into(),
        Authentication::CallerOrApiKey => caller
            .into_iter()
            .chain([json!({ "apiKey": [] })])
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_there_and_is_used() {
        let document = document();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let text = document.to_string();
        for name in schemas.keys() {
            let reference = format!("\"#/components/schemas/{name}\"");
            assert!(text.contains(&reference), "{name} is not used");
        }
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is missing");
        }
    }
}

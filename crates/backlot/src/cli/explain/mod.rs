//! `backlot explain`: what a credential is, and which checks it fails; what an origin belongs to, and whether it is allowed.
//! The credential itself is never repeated.

mod instance;
mod knowledge;
mod origin;
mod token;
mod value;

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use backlot_server::Clock;
use backlot_server::error::ApiError;
use backlot_wix::{Caller, Credential};

use super::arguments::{ConfigArgs, Explain};
use super::read_source;
use crate::user_error::user_error;
use crate::wording::count;
use knowledge::Knowledge;
use serde_json::{Map, Value, json};

pub(super) fn run(arguments: &Explain) -> anyhow::Result<()> {
    let value = if arguments.value == "-" {
        let mut text = String::new();
        std::io::stdin().take(64 * 1024).read_to_string(&mut text)?;
        text
    } else {
        arguments.value.clone()
    };
    let page = origin::read(value.trim());
    let value = value::credential(&value, &instance_headers(&arguments.config));
    let now = Clock::System.now();
    let (knowledge, gap) = match Knowledge::gather(&arguments.config) {
        Ok(knowledge) => (Some(knowledge), None),
        Err(error) if arguments.config.config.is_some() || arguments.config.data.is_some() => {
            return Err(error);
        }
        Err(error) => (None, Some(error)),
    };

    let mut story = Story::default();
    if let Some(page) = &page {
        let outcome = origin::tell(&mut story, page, knowledge.as_ref());
        let is_alone = matches!(Credential::classify(&value), Credential::Unknown);
        if page.instance.is_none() && is_alone {
            if knowledge.is_none() {
                story.no_verdict(gap.as_ref());
            }
            let verdict = outcome
                .as_ref()
                .map_or(Value::Null, |outcome| match outcome {
                    Ok(()) => json!({ "accepted": true, "origin": page.origin }),
                    Err(refusal) => refused(refusal),
                });
            story.print(arguments.json, &verdict)?;
            return outcome.unwrap_or(Ok(())).map_err(|it| ended(&it));
        }
        story.say("\nIts credential:");
    }
    let value = page.and_then(|page| page.instance).unwrap_or(value);
    match Credential::classify(&value) {
        Credential::SignedInstance(value) => {
            instance::tell(&mut story, value, knowledge.as_ref(), now);
        }
        Credential::AccessToken(token) => {
            token::tell_access_token(&mut story, token, knowledge.as_ref(), now);
        }
        Credential::Jwt(token) => token::tell_jwt(&mut story, token, knowledge.as_ref(), now),
        Credential::VeloInstance => story.say(
            "This is a Velo instance (wixcode-…): site code gets it, and it is signed with a key that no app has.",
        ),
        Credential::ApiKey => story.say(
            "This is an API key of a Wix account (IST.…). It opens the whole account: it belongs on a server, never in a page.",
        ),
        Credential::Unknown => tell_unknown(&mut story, &value),
    }
    let outcome = if let Some(knowledge) = &knowledge {
        let outcome = knowledge.check(&value, now)?;
        story.verdict(&outcome);
        Some(outcome)
    } else {
        story.no_verdict(gap.as_ref());
        None
    };
    let verdict = outcome.as_ref().map_or(Value::Null, verdict_of);
    story.print(arguments.json, &verdict)?;
    match outcome {
        Some(Err(refusal)) => Err(ended(&refusal)),
        _ => Ok(()),
    }
}

/// Headers that may carry the credential. An unreadable configuration is reported elsewhere.
fn instance_headers(config: &ConfigArgs) -> Vec<String> {
    let source = read_source(config.config.as_deref()).ok();
    let config = source.and_then(|it| it.parse().ok()).unwrap_or_default();
    config.app.instance_headers
}

/// How the command ends where something is refused.
fn ended(refusal: &ApiError) -> anyhow::Error {
    user_error(format!("refused: {}", refusal.code().name()))
}

fn verdict_of(outcome: &Result<Arc<Caller>, ApiError>) -> Value {
    match outcome {
        Ok(caller) => json!({
            "accepted": true,
            "role": caller.role.as_str(),
            "instanceId": caller.instance_id,
            "userId": caller.user_id,
        }),
        Err(refusal) => refused(refusal),
    }
}

fn refused(refusal: &ApiError) -> Value {
    let code = refusal.code();
    json!({
        "accepted": false,
        "status": code.status().as_u16(),
        "code": code.name(),
        "reason": refusal.sentence(),
        "remedy": refusal.remedy(),
    })
}

fn tell_unknown(story: &mut Story, value: &str) {
    let dots = value.bytes().filter(|byte| *byte == b'.').count();
    story.say("This is none of the credentials that Wix hands out.");
    story.say(&format!(
        "It has {} and {}. A signed instance is 43 characters, one dot, and the rest; \
         an access token begins with OauthNG.JWS.",
        count(value.len() as u64, "byte", "bytes"),
        count(dots as u64, "dot", "dots")
    ));
}

/// The text that is printed.
#[derive(Default)]
struct Story {
    text: String,
    /// What was checked: name, whether it passed, and details.
    checks: Vec<Value>,
    /// What the credential says.
    fields: Map<String, Value>,
}

impl Story {
    fn say(&mut self, sentence: &str) {
        self.text.push_str(sentence);
        self.text.push('\n');
    }

    fn passed(&mut self, what: &str, detail: &str) {
        self.say(&format!("  ok      {what:<10} {}", printable(detail)));
        self.checks
            .push(json!({ "check": what, "passed": true, "detail": detail }));
    }

    fn failed(&mut self, what: &str, detail: &str) {
        self.say(&format!("  FAILED  {what:<10} {}", printable(detail)));
        self.checks
            .push(json!({ "check": what, "passed": false, "detail": detail }));
    }

    fn unknown(&mut self, what: &str, detail: &str) {
        self.say(&format!("  ?       {what:<10} {}", printable(detail)));
        self.checks
            .push(json!({ "check": what, "passed": null, "detail": detail }));
    }

    fn field(&mut self, name: &str, value: &str) {
        self.say(&format!("  {name:<18} {}", printable(value)));
        self.fields.insert(name.to_owned(), json!(value));
    }

    fn print(&self, json: bool, verdict: &Value) -> anyhow::Result<()> {
        let mut out = std::io::stdout();
        if json {
            writeln!(out, "{}", self.to_json(verdict))?;
        } else {
            out.write_all(self.text.as_bytes())?;
        }
        Ok(())
    }

    /// The same for programs. Without an app to check against there is no verdict.
    fn to_json(&self, verdict: &Value) -> Value {
        let kind = self.text.lines().next().unwrap_or_default();
        json!({ "kind": kind, "checks": self.checks, "says": self.fields, "verdict": verdict })
    }

    fn verdict(&mut self, outcome: &Result<Arc<Caller>, ApiError>) {
        match outcome {
            Ok(caller) => self.say(&format!(
                "\nVerdict: accepted, as {} of instance {}{}.",
                caller.role,
                caller.instance_id,
                caller
                    .user_id
                    .as_ref()
                    .map(|id| format!(" (user {id})"))
                    .unwrap_or_default(),
            )),
            Err(refusal) => self.refused("refused", refusal),
        }
    }

    fn refused(&mut self, by: &str, refusal: &ApiError) {
        let code = refusal.code();
        self.say(&format!(
            "\nVerdict: {by} with {} {}. {}\n{}",
            code.status().as_u16(),
            code.name(),
            refusal.sentence(),
            refusal.remedy(),
        ));
    }

    fn no_verdict(&mut self, gap: Option<&anyhow::Error>) {
        self.say("\nNo verdict: there is no app to check it against.");
        if let Some(gap) = gap {
            self.say(&format!("({gap:#})"));
        }
    }
}

/// What a stranger wrote must not speak to the terminal.
fn printable(text: &str) -> String {
    let replace = |it: char| if it.is_control() { '\u{fffd}' } else { it };
    text.chars().map(replace).collect()
}

//! Commands that make and explain credentials.

use backlot_wix::{InstanceId, Role};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::{SignedDuration, Timestamp};

use super::ConfigArgs;
use crate::cli::instant;

#[derive(Args)]
pub(in crate::cli) struct Sign {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// The instance's id: one of the simulator's, or any GUID.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: InstanceId,
    /// The role of the caller.
    #[arg(long, value_parser = role(|role| role != Role::App), default_value_t = Role::Owner)]
    pub(in crate::cli) role: Role,
    /// The user id of the caller. Defaults to the site's first user with that role.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) user: Option<String>,
    /// The plan (`vendorProductId`). Defaults to the site's plan.
    #[arg(long, value_name = "PLAN")]
    pub(in crate::cli) plan: Option<String>,
    /// The time of signing: an ISO 8601 instant, Unix seconds, or relative to now (`-2h`). Defaults to now. If it is
    /// given, the instance carries no expiry unless `--expires-at` is given, too.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = instant::parse)]
    pub(in crate::cli) signed_at: Option<Instant>,
    /// The time of expiry. Defaults to four hours from now, unless `--signed-at` is given.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = instant::parse)]
    pub(in crate::cli) expires_at: Option<Instant>,
}

/// A point in time, fixed or relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Instant {
    At(Timestamp),
    FromNow(SignedDuration),
}

#[derive(Args)]
pub(in crate::cli) struct Token {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// The id of the instance on which the token acts as the app.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: InstanceId,
}

/// Parses one of the roles that `is_offered` accepts.
pub(super) fn role(is_offered: impl Fn(Role) -> bool) -> impl TypedValueParser<Value = Role> {
    let offered = Role::ALL.into_iter().filter(|role| is_offered(*role));
    PossibleValuesParser::new(offered.map(Role::as_str)).try_map(|name| name.parse::<Role>())
}

#[derive(Args)]
pub(in crate::cli) struct Explain {
    /// The credential: bare, in quotes, in a line such as `Authorization: …`, or in an address. Or the address or origin of a
    /// page. `-` reads it from standard input. Exits with 1 if the credential is refused, or the origin is one that
    /// `backlot serve` refuses, even if `backlot dev` accepts it.
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub(in crate::cli) value: String,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// Prints JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

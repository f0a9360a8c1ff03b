//! `[access_token]`

use std::time::Duration;

use backlot_server::AccessTokenSettings;
use backlot_server::policy::RateLimit;

use super::report::Report;
use crate::config::sections::AccessToken;

/// Wix's access tokens last for four hours.
const MAX_CEILING: Duration = Duration::from_hours(4);
const MAX_REFUSAL: Duration = Duration::from_mins(5);

pub(super) fn resolve(section: &AccessToken, report: &mut Report<'_>) -> AccessTokenSettings {
    if section.ceiling.std() > MAX_CEILING {
        report.problem(
            "access_token.ceiling",
            "it is longer than the lifetime of a token",
            "5m is usual: a revoked token is refused after that time",
        );
    }
    if section.refusal_ceiling.std() > MAX_REFUSAL {
        report.problem(
            "access_token.refusal_ceiling",
            "a caller whom Wix refuses by mistake would be refused for all that time",
            "5s is enough to avoid repeated verifications",
        );
    }
    AccessTokenSettings {
        ceiling: section.ceiling.std(),
        refusal_kept: section.refusal_ceiling.std(),
        questions: RateLimit {
            requests: section.questions_per_minute,
            per: Duration::from_mins(1),
        },
    }
}

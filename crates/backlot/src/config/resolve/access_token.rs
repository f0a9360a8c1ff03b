//! `[access_token]`

use std::time::Duration;

use backlot_server::AccessTokenSettings;
use backlot_server::policy::RateLimit;

use super::report::Report;
use crate::config::sections::AccessToken;

/// Longer than any token lasts.
const MAX_CEILING: Duration = Duration::from_hours(4);
const MAX_REFUSAL: Duration = Duration::from_mins(5);

pub(super) fn resolve(section: &AccessToken, report: &mut Report<'_>) -> AccessTokenSettings {
    if section.ceiling.std() > MAX_CEILING {
        report.problem(
            "access_token.ceiling",
            "it is longer than any token lasts",
            "5m is usual: a revoked token is refused after that at the latest",
        );
    }
    if section.refusal_ceiling.std() > MAX_REFUSAL {
        report.problem(
            "access_token.refusal_ceiling",
            "whoever is refused by a mistake of Wix's would be for all that time",
            "5s is enough to keep repeated questions away",
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

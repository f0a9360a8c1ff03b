//! How slowly clients may send and read.

use std::num::NonZeroU32;

use backlot_outbound::body::PaceLimits;

use super::report::Report;
use crate::config::sections::Config;
use crate::config::values::{Duration, Size};

/// The limits of `[server]`.
pub(super) struct Transfer {
    pub(super) body: PaceLimits,
    pub(super) write: PaceLimits,
}

/// Reads and checks them; what is wrong is reported.
pub(super) fn resolve(config: &Config, report: &mut Report<'_>) -> Transfer {
    let server = &config.server;
    let rate = rate(server.min_transfer_rate, report);
    let pace = |timeout: Duration| PaceLimits {
        timeout: timeout.std(),
        bytes_per_second: rate,
    };
    Transfer {
        body: pace(server.body_timeout),
        write: pace(server.write_timeout),
    }
}

fn rate(rate: Size, report: &mut Report<'_>) -> NonZeroU32 {
    let number = u32::try_from(rate.bytes()).ok().and_then(NonZeroU32::new);
    number.unwrap_or_else(|| {
        report.problem(
            "server.min_transfer_rate",
            "it must lie between 1B and 4GiB a second",
            "4KiB serves connections that are slower than any today",
        );
        NonZeroU32::MIN
    })
}

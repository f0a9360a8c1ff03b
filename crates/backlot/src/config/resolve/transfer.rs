//! Transfer rates, and memory for bodies.

use std::num::NonZeroU32;

use backlot_outbound::body::PaceLimits;
use backlot_server::BufferLimits;

use super::report::Report;
use crate::config::sections::Config;
use crate::config::values::{Size, Timeout};

/// While a body is copied to a larger buffer, the old one still exists.
const SHARES_PER_BODY: u64 = 2;

/// The limits of `[server]`.
pub(super) struct Transfer {
    pub(super) body: PaceLimits,
    pub(super) write: PaceLimits,
    pub(super) buffers: BufferLimits,
}

pub(super) fn resolve(config: &Config, report: &mut Report<'_>) -> Transfer {
    let server = &config.server;
    let rate = rate(server.min_transfer_rate, report);
    let pace = |timeout: Timeout| PaceLimits {
        timeout: timeout.std(),
        bytes_per_second: rate,
    };
    let buffers = BufferLimits {
        bytes: usize::try_from(server.max_buffered_bytes.bytes()).unwrap_or(usize::MAX),
    };
    check_share(config, buffers, report);
    Transfer {
        body: pace(server.body_timeout),
        write: pace(server.write_timeout),
        buffers,
    }
}

fn rate(rate: Size, report: &mut Report<'_>) -> NonZeroU32 {
    let number = u32::try_from(rate.bytes()).ok().and_then(NonZeroU32::new);
    number.unwrap_or_else(|| {
        report.problem(
            "server.min_transfer_rate",
            "it must be between 1B and 4GiB a second",
            "4KiB is enough for slow connections",
        );
        NonZeroU32::MIN
    })
}

/// Checks that the largest allowed body fits into an instance's share.
fn check_share(config: &Config, buffers: BufferLimits, report: &mut Report<'_>) {
    let mut largest = ("data.body_limit".to_owned(), config.data.body_limit);
    for (index, connection) in config.connection.iter().enumerate() {
        // Only these are read whole, to be signed.
        if connection.auth.reads_body() && connection.body_limit.bytes() > largest.1.bytes() {
            let key = format!("connection[{index}].body_limit");
            largest = (key, connection.body_limit);
        }
    }
    let (key, limit) = largest;
    let needed = limit.bytes().saturating_mul(SHARES_PER_BODY);
    if (buffers.share_of_large() as u64) < needed {
        report.problem(
            "server.max_buffered_bytes",
            format!(
                "an instance may use a quarter of it, minus an eighth for small bodies, and reading a body of `{key}` ({limit}) takes twice its size"
            ),
            "write at least ten times that limit, or lower the limit",
        );
    }
}

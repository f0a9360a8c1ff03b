//! `[wix]`

mod calls;

use backlot_outbound::upstream::Address;
use backlot_server::WixAccess;
use backlot_server::handlers::wix::WixCallSettings;
use backlot_wix::ApiKey;

use super::Mode;
use super::report::Report;
use super::secret::read_secret;
use crate::config::sections::Wix;
use crate::config::source::Environment;

pub(crate) const WIX: &str = "https://www.wixapis.com";
/// The default address of the simulator.
const SIMULATOR: &str = "http://127.0.0.1:8082";

pub(super) fn resolve(
    section: &Wix,
    mode: Mode,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<(WixAccess, WixCallSettings)> {
    let base = base(section.base_url.as_deref(), mode, report);
    let api_key = api_key(section, mode, environment, report);
    let calls = calls::resolve(section, report);
    check_account_id(section.account_id.as_deref(), report);
    let access = WixAccess {
        base: base?,
        api_key,
        requests_per_minute: section.requests_per_minute.get() as usize,
        queue_time: section.queue_time.std(),
        timeout: section.timeout.std(),
        token_timeout: section.token_timeout.std(),
        details_age: section.refresh.signed(),
    };
    let room = WixCallSettings {
        calls: calls?,
        body_bytes: section.body_limit.bytes(),
        idle_timeout: section.idle_timeout.std(),
    };
    Some((access, room))
}

/// Resolves the address of Wix. Tokens and secrets are sent there, so it must use TLS, unless it is a simulator on this
/// machine.
fn base(text: Option<&str>, mode: Mode, report: &mut Report<'_>) -> Option<Address> {
    const KEY: &str = "wix.base_url";
    let default = if mode == Mode::Dev { SIMULATOR } else { WIX };
    let text = text.unwrap_or(default);
    let address = match Address::parse(text, false) {
        Ok(address) => address,
        Err(error) => {
            report.problem(
                KEY,
                format!("this address {error}"),
                format!("Wix is at {WIX}"),
            );
            return None;
        }
    };
    if address.is_tls() {
        return Some(address);
    }
    if !is_on_this_machine(text) {
        report.problem(
            KEY,
            "the app secret would be sent over plain http, unencrypted",
            format!("write https://…; Wix is at {WIX}"),
        );
        return None;
    }
    if mode == Mode::Serve {
        report.warn(KEY, "calls to Wix go to a simulator on this machine");
    }
    Some(address)
}

fn is_on_this_machine(text: &str) -> bool {
    let host = text.strip_prefix("http://").unwrap_or_default();
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
        if is_port { name } else { host }
    });
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn api_key(
    section: &Wix,
    mode: Mode,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<ApiKey> {
    const KEY: &str = "wix.api_key";
    const REMEDY: &str = "the account's API key manager shows it once, when it is created";
    let value = section.api_key.as_ref()?;
    let text = read_secret(KEY, value, mode, environment, REMEDY, report)?;
    let key = ApiKey::new(&text);
    if key.is_none() {
        report.problem(KEY, "it cannot be sent in a header", REMEDY);
    }
    key
}

fn check_account_id(id: Option<&str>, report: &mut Report<'_>) {
    let fits = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic());
    if id.is_some_and(|id| !fits(id)) {
        report.problem(
            "wix.account_id",
            "it cannot be sent in a header",
            "it is a GUID, which the account's API key manager shows",
        );
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_machine_is_parsed_not_searched() {
        for yes in [
            "http://127.0.0.1:8082",
            "http://localhost",
            "http://[::1]:1/x",
            "http://127.0.0.2/",
        ] {
            assert!(super::is_on_this_machine(yes), "{yes}");
        }
        for no in [
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.1:80",
            "https://localhost",
            "http://evil.example/localhost",
            "http://evil.example#127.0.0.1",
        ] {
            assert!(!super::is_on_this_machine(no), "{no}");
        }
    }
}

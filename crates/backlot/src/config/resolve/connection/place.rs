//! The address of a connection's API, and its networks.

use std::sync::Arc;

use backlot_outbound::egress_guard::AddressGuard;
use backlot_outbound::upstream::Address;
use backlot_server::connections::{BaseTemplate, BaseUrl, HostPattern};
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::Entry;
use crate::config::resolve::network;
use crate::config::resolve::report::Report;

pub(super) struct ApiAddress {
    pub(super) base: BaseUrl,
    pub(super) networks: Vec<IpNet>,
    pub(super) extra_roots: Vec<CertificateDer<'static>>,
}

pub(super) fn resolve(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<ApiAddress> {
    let texts = &entry.section.networks;
    let networks = network::resolve(&entry.key("networks"), texts, report);
    let mut are_networks = networks.len() == texts.len();
    for network in networks.iter().filter(|it| it.prefix_len() < widest(it)) {
        report.problem(
            entry.key("networks"),
            format!("{network} contains a large part of the Internet"),
            "list the networks of your own services, such as 10.1.0.0/16",
        );
        are_networks = false;
    }
    let extra_roots = extra_roots(entry, report);
    let base = base(entry, report);
    Some(ApiAddress {
        base: base?,
        networks: are_networks.then_some(networks)?,
        extra_roots: extra_roots?,
    })
}

/// Resolves `base_url`: an address, or a template with placeholders for an account.
fn base(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<BaseUrl> {
    let (text, key) = (&entry.section.base_url, entry.key("base_url"));
    let hosts = hosts(entry, report)?;
    let has_hosts = !hosts.is_empty();
    let template = match BaseTemplate::parse(text, hosts) {
        Ok(template) => template,
        Err(error) => {
            let remedy =
                "write for example \"{account.instance_url}\" or \"https://{callback.shop}/admin\"";
            report.problem(key, format!("this address {error}"), remedy);
            return None;
        }
    };
    let Some(template) = template else {
        if has_hosts {
            report.problem(
                entry.key("hosts"),
                "base_url is a fixed address, so hosts have no effect",
                "remove the line, or write base_url = \"{account.instance_url}\"",
            );
        }
        return address(entry, "base_url", text, report).map(BaseUrl::Fixed);
    };
    let auth = &entry.section.auth;
    if !auth.has_token() || (template.needs_callback() && !auth.has_callback()) {
        report.problem(
            key,
            "no provider supplies its placeholders",
            "write auth = { oauth = { … } }; {account.NAME} also works with client_credentials",
        );
        return None;
    }
    if !has_hosts {
        report.problem(
            entry.key("hosts"),
            "an account's token could be sent to any host",
            "list the API's hosts: hosts = [\"*.my.salesforce.com\"]",
        );
        return None;
    }
    Some(BaseUrl::OfAccount(Arc::new(template)))
}

fn hosts(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<Vec<HostPattern>> {
    let mut hosts = Vec::new();
    for text in &entry.section.hosts {
        match HostPattern::parse(text) {
            Ok(host) => hosts.push(host),
            Err(error) => {
                let remedy = "write for example hosts = [\"*.my.salesforce.com\"]";
                report.problem(entry.key("hosts"), format!("{text:?} {error}"), remedy);
            }
        }
    }
    (hosts.len() == entry.section.hosts.len()).then_some(hosts)
}

/// The shortest prefix of a private network: those of `10.0.0.0/8` and `fc00::/7`.
const fn widest(network: &IpNet) -> u8 {
    match network {
        IpNet::V4(_) => 8,
        IpNet::V6(_) => 7,
    }
}

/// Parses an address of the API or its provider: `https`, unless it is in a private network.
pub(super) fn address(
    entry: &Entry<'_>,
    name: &str,
    text: &str,
    report: &mut Report<'_>,
) -> Option<Address> {
    let key = entry.key(name);
    let address = match Address::parse(text, false) {
        Ok(address) => address,
        Err(error) => {
            // Not repeated: it may hold a password.
            let cause = format!("this address {error}");
            report.problem(key, cause, "write for example https://api.example.com");
            return None;
        }
    };
    if !address.is_tls() && entry.section.networks.is_empty() {
        report.problem(
            key,
            "the credential would be sent over the network unencrypted",
            "write https://; for a private service, list its network in networks = [\"10.1.0.0/16\"]",
        );
        return None;
    }
    let networks = entry.section.networks.iter();
    let networks: Vec<IpNet> = networks.filter_map(|text| network::parse(text)).collect();
    let guard = if address.is_tls() {
        AddressGuard::new(networks)
    } else {
        AddressGuard::only(networks)
    };
    if address.ip().is_some_and(|ip| !guard.permits(ip)) {
        report.problem(
            key,
            "calls to this address are not allowed",
            "write https:// and a public address; for a private service, list its network in networks = [\"10.1.0.0/16\"]",
        );
        return None;
    }
    Some(address)
}

fn extra_roots(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let Some(file) = &entry.section.certificate_authorities else {
        return Some(Vec::new());
    };
    let path = report.source.folder().join(file);
    let read =
        CertificateDer::pem_file_iter(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let key = entry.key("certificate_authorities");
    match read {
        Ok(roots) if !roots.is_empty() => Some(roots),
        Ok(_) => {
            report.problem(
                key,
                format!("{} contains no certificate", path.display()),
                "use a PEM file",
            );
            None
        }
        Err(error) => {
            let cause = format!("cannot read {}: {error}", path.display());
            report.problem(key, cause, "use a PEM file with certificates");
            None
        }
    }
}

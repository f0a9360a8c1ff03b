//! Where a connection's API is, and which networks it may be in.

use backlot_outbound::guard::AddressGuard;
use backlot_outbound::upstream::Address;
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::Entry;
use crate::config::resolve::network;
use crate::config::resolve::report::Report;

pub(super) struct Place {
    pub(super) base: Address,
    pub(super) networks: Vec<IpNet>,
    pub(super) extra_roots: Vec<CertificateDer<'static>>,
}

pub(super) fn resolve(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<Place> {
    let texts = &entry.section.networks;
    let networks = network::resolve(&entry.key("networks"), texts, report);
    let mut are_networks = networks.len() == texts.len();
    for network in networks.iter().filter(|it| it.prefix_len() < widest(it)) {
        report.problem(
            entry.key("networks"),
            format!("{network} holds a large part of the world, and not only your own servers"),
            "name the networks of your own services, such as 10.1.0.0/16",
        );
        are_networks = false;
    }
    let extra_roots = extra_roots(entry, report);
    let base = address(entry, "base_url", &entry.section.base_url, report);
    Some(Place {
        base: base?,
        networks: are_networks.then_some(networks)?,
        extra_roots: extra_roots?,
    })
}

/// The shortest prefix of a network of one's own: those of `10.0.0.0/8` and `fc00::/7`.
const fn widest(network: &IpNet) -> u8 {
    match network {
        IpNet::V4(_) => 8,
        IpNet::V6(_) => 7,
    }
}

/// An address of the API or its provider: `https`, unless it is in a network of one's own.
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
            "a credential would go over the network for everybody to read",
            "write https://; for a service of your own, name its network in networks = [\"10.1.0.0/16\"]",
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
            "no call may go to this address",
            "write https:// and a public address; for a service of your own, name its network in networks = [\"10.1.0.0/16\"]",
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
                format!("{} holds no certificate", path.display()),
                "give a PEM file",
            );
            None
        }
        Err(error) => {
            let cause = format!("cannot read {}: {error}", path.display());
            report.problem(key, cause, "give a PEM file with certificates");
            None
        }
    }
}

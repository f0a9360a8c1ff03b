//! Networks: `10.0.0.0/8`, or one address.

use ipnet::IpNet;

use super::report::Report;

pub(super) fn parse(text: &str) -> Option<IpNet> {
    let single = text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse().or(single).ok()
}

/// Parses a list of networks, and reports the entries that are not valid.
pub(super) fn resolve(key: &str, texts: &[String], report: &mut Report<'_>) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match parse(text) {
            Some(network) => networks.push(network),
            None => report.problem(
                format!("{key}[{index}]"),
                format!("{text:?} is not a network"),
                "write an address, or a network such as 10.0.0.0/8",
            ),
        }
    }
    networks
}

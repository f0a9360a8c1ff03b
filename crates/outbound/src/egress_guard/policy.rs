//! Which addresses may be dialled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

use super::embedded_ipv4;
use super::special_use::{IPV4, IPV6, IPV6_GLOBAL};

/// The addresses that may be dialled: public ones, and the networks that the configuration opens.
///
/// An IPv6 address that carries an IPv4 address is judged by that one, too. An opened network of IPv4
/// is open in its mapped spelling (`::ffff:10.0.0.1`) as well, since the system dials the same. Clones
/// share the networks.
#[derive(Debug, Clone, Default)]
pub struct AddressGuard {
    allowed: Arc<[IpNet]>,
    /// Whether public addresses are refused.
    only: bool,
    /// Networks that are refused, even if they are public.
    barred: Arc<[IpNet]>,
}

impl AddressGuard {
    /// Permits public addresses and those in `allowed`: networks of the operator's services.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        let allowed = allowed.into_iter().map(plain).collect();
        Self {
            allowed,
            only: false,
            barred: Arc::default(),
        }
    }

    /// Permits public addresses except those in `barred`: networks of the operator's services, where a third party says where
    /// a request goes.
    pub fn outside(barred: Vec<IpNet>) -> Self {
        Self {
            barred: barred.into_iter().map(plain).collect(),
            ..Self::default()
        }
    }

    /// Permits only addresses in `allowed`.
    pub fn only(allowed: Vec<IpNet>) -> Self {
        Self {
            only: true,
            ..Self::new(allowed)
        }
    }

    /// Returns whether `address` may be dialled.
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        !self.bars(address) && self.opens(address)
    }

    fn opens(&self, address: IpAddr) -> bool {
        self.allowed
            .iter()
            .any(|network| network.contains(&address))
            || (!self.only && is_global(address))
    }

    /// Whether it is barred, or what a gateway makes of it is.
    fn bars(&self, address: IpAddr) -> bool {
        let carried = match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => {
                embedded_ipv4::translated(address).or_else(|| embedded_ipv4::tunnelled(address))
            }
        };
        let mut ways = [Some(address), carried.map(IpAddr::V4)]
            .into_iter()
            .flatten();
        ways.any(|way| self.barred.iter().any(|network| network.contains(&way)))
    }
}

/// A network of mapped addresses in the spelling of IPv4, as the addresses are compared.
fn plain(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else {
        return network;
    };
    let address = mapped.network().to_ipv4_mapped();
    let prefix = mapped.prefix_len().checked_sub(96);
    match (address, prefix) {
        (Some(address), Some(prefix)) => Ipv4Net::new(address, prefix).map_or(network, IpNet::V4),
        _ => network,
    }
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    !IPV4.iter().any(|network| network.contains(&address))
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    if let Some(carried) = embedded_ipv4::translated(address) {
        return is_global_v4(carried);
    }
    IPV6_GLOBAL.contains(&address)
        && !IPV6.iter().any(|network| network.contains(&address))
        && embedded_ipv4::tunnelled(address).is_none_or(is_global_v4)
}

#[cfg(test)]
mod tests;

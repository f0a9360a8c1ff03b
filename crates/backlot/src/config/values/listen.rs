//! Addresses to listen on, in the file, the environment and flags.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize as _, Deserializer};

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    listen_address(&text).map_err(serde::de::Error::custom)
}

/// Parses `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` or `8080`. The address defaults to loopback.
pub(crate) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let port = text
        .strip_prefix("localhost:")
        .or_else(|| text.strip_prefix(':'))
        .unwrap_or(text);
    port.parse::<u16>()
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .map_err(|_| {
            "write an address and a port such as 127.0.0.1:8080, or a port alone".to_owned()
        })
}

#[cfg(test)]
mod tests {
    #[test]
    fn spellings() {
        for (text, address) in [
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:0", "[::1]:0"),
            ("localhost:8080", "127.0.0.1:8080"),
            (":8080", "127.0.0.1:8080"),
            ("0", "127.0.0.1:0"),
        ] {
            assert_eq!(super::listen_address(text).unwrap().to_string(), address);
        }
        for wrong in ["", "example.com:80", "127.0.0.1", "70000", "::1:80:x"] {
            assert!(super::listen_address(wrong).is_err(), "{wrong}");
        }
    }
}

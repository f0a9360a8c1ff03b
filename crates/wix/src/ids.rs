//! The two ids that decide everything: which app, and which installation of it.
//!
//! Wix writes both as GUIDs with hyphens, 36 characters. Any other spelling that a GUID library
//! would take (braces, no hyphens, `urn:uuid:`) is refused, so one tenant has one name. Letters are
//! compared without case and printed in lower case.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The text was not a GUID of the form `8-4-4-4-12` hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID of the form 00000000-0000-0000-0000-000000000000")]
pub struct NotAGuid;

macro_rules! guid_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a GUID that is known to be one of these.
            pub const fn new(guid: Uuid) -> Self {
                Self(guid)
            }

            /// The GUID of these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the GUID.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Writes the 36 characters into `buffer` and returns them.
            pub fn encode<'buffer>(&self, buffer: &'buffer mut [u8; 36]) -> &'buffer str {
                self.0.hyphenated().encode_lower(buffer)
            }
        }

        impl FromStr for $name {
            type Err = NotAGuid;

            fn from_str(text: &str) -> Result<Self, NotAGuid> {
                if text.len() != 36 {
                    return Err(NotAGuid);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| NotAGuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.hyphenated(), formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.encode(&mut [0; 36]))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

guid_type! {
    /// The id of a Wix app (`appDefId`, `client_id`).
    AppId
}

guid_type! {
    /// One installation of the app on one site: **the tenant**. It survives removal and a new
    /// installation on the same site, and changes when the site is duplicated.
    InstanceId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
        let id = "2B0D7A6E-4c1f-4a52-9d3e-0c5f8a1b7e60";
        assert_eq!(
            id.parse::<InstanceId>().unwrap().to_string(),
            id.to_ascii_lowercase()
        );
        for wrong in [
            "",
            "aaaa",
            "2b0d7a6e4c1f4a529d3e0c5f8a1b7e60",
            "{2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60}",
            "urn:uuid:2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60",
            "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e6g",
            "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e6\0",
            "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7eé",
        ] {
            assert_eq!(wrong.parse::<InstanceId>(), Err(NotAGuid), "{wrong}");
        }
    }
}

//! The credential for a server, and the certificates that the server is verified with.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::third_party::SecretString;

/// The credential for a server, and the certificates that it is verified with.
#[derive(Debug, Clone, Default)]
pub struct NatsAccess {
    /// The credential.
    pub credential: NatsCredential,
    /// Certificates of authorities to trust besides those of the operating system.
    pub authorities: NatsAuthorities,
}

/// What a server knows the publisher by.
#[derive(Debug, Clone, Default)]
pub enum NatsCredential {
    /// Nothing.
    #[default]
    None,
    /// A user and a password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A token.
    Token(SecretString),
}

/// Certificates of authorities.
#[derive(Debug, Clone, Default)]
pub struct NatsAuthorities(pub(super) Vec<CertificateDer<'static>>);

/// The text has no certificate, or one that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has no certificate of an authority in PEM")]
pub struct NatsAuthoritiesError;

impl NatsAuthorities {
    /// Reads certificates in PEM.
    ///
    /// # Errors
    ///
    /// Fails if there is none, or one is not a certificate.
    pub fn parse(pem: &str) -> Result<Self, NatsAuthoritiesError> {
        let read = CertificateDer::pem_slice_iter(pem.as_bytes());
        let read: Vec<_> = read
            .collect::<Result<_, _>>()
            .map_err(|_| NatsAuthoritiesError)?;
        let mut roots = RootCertStore::empty();
        let is_usable = read.iter().all(|it| roots.add(it.clone()).is_ok());
        if read.is_empty() || !is_usable {
            return Err(NatsAuthoritiesError);
        }
        Ok(Self(read))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn certificates_are_read_from_pem() {
        let pem = |what: &str, der: &[u8]| {
            let text = STANDARD.encode(der);
            format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
        };
        let authority = rcgen::generate_simple_self_signed(["nats.test".to_owned()]).unwrap();
        let key = pem("PRIVATE KEY", &authority.signing_key.serialize_der());
        let broken = pem("CERTIFICATE", b"not a certificate");
        let pem = pem("CERTIFICATE", authority.cert.der());
        assert_eq!(NatsAuthorities::parse(&pem).unwrap().0.len(), 1);
        let both = format!("{pem}{pem}");
        assert_eq!(NatsAuthorities::parse(&both).unwrap().0.len(), 2);
        for text in ["", "ca.pem", &key, &broken] {
            assert!(NatsAuthorities::parse(text).is_err(), "{text}");
        }
    }
}

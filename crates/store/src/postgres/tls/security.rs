//! What the address of a database says about TLS, and what is trusted for it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};

use super::MakeRustlsConnect;
use crate::StoreError;

/// How safe a connection has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::postgres) enum Security {
    /// No TLS.
    None,
    /// TLS without verification, or no TLS if the server does not support it.
    Prefer,
    /// TLS without verification.
    Unchecked,
    /// TLS with the host that was meant: its certificate is of one of the system's authorities, or of one in
    /// this file.
    Require(Option<PathBuf>),
}

/// Whether a host is this machine.
pub(in crate::postgres) fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|it: IpAddr| it.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

impl Security {
    /// Sets up connections. Reads the roots that are trusted.
    pub(in crate::postgres) fn apply(
        &self,
        config: &mut Config,
    ) -> Result<MakeRustlsConnect, StoreError> {
        config.ssl_mode(match self {
            Self::None => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Unchecked | Self::Require(_) => SslMode::Require,
        });
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| StoreError::Unusable(error.to_string()))?;
        let mut tls = match self {
            Self::Prefer | Self::Unchecked => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
                .with_no_client_auth(),
            // Without TLS, no roots are needed.
            Self::None => builder
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth(),
            Self::Require(path) => {
                let roots = path.as_deref().map_or_else(roots_of_the_system, roots_in)?;
                builder.with_root_certificates(roots).with_no_client_auth()
            }
        };
        if config.get_ssl_negotiation() == SslNegotiation::Direct {
            tls.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(MakeRustlsConnect::new(tls))
    }
}

fn roots_of_the_system() -> Result<RootCertStore, StoreError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(StoreError::Insecure(
            "this system has no certificates of authorities (package ca-certificates), so none can be \
             checked; install them, or name one with sslrootcert=PATH in the address of the database"
                .to_owned(),
        ));
    }
    Ok(roots)
}

fn roots_in(path: &Path) -> Result<RootCertStore, StoreError> {
    let cannot = |cause: String| {
        let path = path.display();
        StoreError::Insecure(format!("sslrootcert {path} cannot be used: {cause}"))
    };
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(path).map_err(|error| cannot(error.to_string()))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| cannot(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| cannot(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(cannot("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}

/// Takes any certificate, for `prefer`. That the server has the key to it is checked all the same: a password
/// may be bound to it.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.pem");
        let refusal = || roots_in(&path).unwrap_err().to_string();
        assert!(refusal().contains("root.pem"), "{}", refusal());
        for content in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"] {
            std::fs::write(&path, content).unwrap();
            assert!(refusal().contains("root.pem"), "{}", refusal());
        }
    }
}

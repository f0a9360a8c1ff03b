//! What the address of a database says about TLS, and what is trusted for it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};

use super::Tls;
use crate::StoreError;

/// How safe a connection has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::postgres) enum Security {
    /// No TLS.
    None,
    /// TLS with whoever answers, or none where the server has none.
    Prefer,
    /// TLS with the host that was meant: its certificate is of one of the system's authorities, or of one in
    /// this file.
    Require(Option<PathBuf>),
}

/// What the parameters of an address say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::postgres) struct Wanted {
    mode: Option<String>,
    roots: Option<String>,
}

impl Wanted {
    /// Takes what is about TLS out of an address; tokio-postgres does not know all of it.
    pub(in crate::postgres) fn take_out_of(url: &str) -> (String, Self) {
        let mut wanted = Self::default();
        // A password may hold a question mark.
        let after_password = url.rfind('@').unwrap_or_default();
        let Some(mark) = url[after_password..].find('?') else {
            return (url.to_owned(), wanted);
        };
        let (address, parameters) = url.split_at(after_password + mark);
        let mut others = Vec::new();
        for parameter in parameters[1..].split('&') {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = || Some(percent_decode_str(value).decode_utf8_lossy().into_owned());
            match key {
                "sslmode" => wanted.mode = value(),
                "sslrootcert" => wanted.roots = value(),
                _ => others.push(parameter),
            }
        }
        let mark = if others.is_empty() { "" } else { "?" };
        (format!("{address}{mark}{}", others.join("&")), wanted)
    }

    /// What it means for these hosts. Nobody listens on the way to this machine, so no TLS is asked for there
    /// unless the address says so.
    pub(in crate::postgres) fn security(self, config: &Config) -> Result<Security, StoreError> {
        let refused = |text: &str| Err(StoreError::Refused(text.to_owned()));
        let roots = self.roots.filter(|path| path != "system");
        match (self.mode.as_deref(), roots) {
            (Some("require" | "verify-ca" | "verify-full"), roots) => {
                Ok(Security::Require(roots.map(PathBuf::from)))
            }
            (None, Some(roots)) => Ok(Security::Require(Some(roots.into()))),
            (Some("disable" | "prefer"), Some(_)) => refused(
                "the address of the database names an sslrootcert, which is looked at with \
                 sslmode=require only",
            ),
            (Some("disable"), None) => Ok(Security::None),
            (None, None) if config.get_hosts().iter().all(is_here) => Ok(Security::None),
            (Some("prefer") | None, None) => Ok(Security::Prefer),
            (Some(_), _) => refused(
                "the sslmode in the address of the database is none of disable, prefer, require \
                 (which checks the certificate), verify-ca and verify-full",
            ),
        }
    }
}

fn is_here(host: &Host) -> bool {
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
    pub(in crate::postgres) fn apply(&self, config: &mut Config) -> Result<Tls, StoreError> {
        config.ssl_mode(match self {
            Self::None => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Require(_) => SslMode::Require,
        });
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        let mut tls = match self {
            Self::Prefer => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
                .with_no_client_auth(),
            // Without TLS nobody asks for roots.
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
        Ok(Tls(Arc::new(tls)))
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

    fn security(url: &str) -> Result<Security, StoreError> {
        let (url, wanted) = Wanted::take_out_of(url);
        wanted.security(&url.parse().unwrap())
    }

    #[test]
    fn what_an_address_asks_for() {
        let with_root = Security::Require(Some("/a b.pem".into()));
        for (parameters, expected) in [
            ("", Security::Prefer),
            ("?connect_timeout=3", Security::Prefer),
            ("?sslmode=disable", Security::None),
            ("?sslmode=prefer", Security::Prefer),
            (
                "?connect_timeout=3&sslmode=require",
                Security::Require(None),
            ),
            (
                "?sslmode=verify-ca&connect_timeout=3",
                Security::Require(None),
            ),
            ("?sslmode=verify-full", Security::Require(None)),
            (
                "?sslmode=verify-full&sslrootcert=system",
                Security::Require(None),
            ),
            ("?sslmode=require&sslrootcert=/a%20b.pem", with_root.clone()),
            ("?sslrootcert=/a%20b.pem", with_root),
        ] {
            let found = security(&format!("postgres://me:p?w@db.example/shop{parameters}"));
            assert_eq!(found.unwrap(), expected, "{parameters}");
        }
    }

    #[test]
    fn this_machine_needs_no_tls_unless_it_is_asked_for() {
        for host in ["localhost", "127.0.0.1", "127.8.0.1", "[::1]", "%2Frun"] {
            let url = format!("postgres://me@{host}/shop");
            assert_eq!(security(&url).unwrap(), Security::None, "{host}");
            let url = format!("{url}?sslmode=require");
            assert_eq!(security(&url).unwrap(), Security::Require(None), "{host}");
        }
        let one_is_elsewhere = security("postgres://me@localhost,db.example/shop");
        assert_eq!(one_is_elsewhere.unwrap(), Security::Prefer);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for parameters in [
            "sslmode=allow",
            "sslmode",
            "sslmode=prefer&sslrootcert=/x",
            "sslmode=disable&sslrootcert=/x",
        ] {
            let refused = security(&format!("postgres://me@host/shop?{parameters}"));
            assert!(
                matches!(refused, Err(StoreError::Refused(_))),
                "{parameters}"
            );
        }
    }

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

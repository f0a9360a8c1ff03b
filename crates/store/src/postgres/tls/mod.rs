//! TLS to the server.
//!
//! [`security`] reads from the database's address how safe a connection has to be. `require` checks the certificate and
//! its host, as `verify-full` does. `prefer` takes any certificate, and no TLS if the server has none: it protects
//! against listening only.

mod security;

use std::io;

pub(super) use security::{Security, is_here};
pub(super) use tokio_postgres_rustls::MakeRustlsConnect;

/// Returns why a server is not trusted, and the remedy. `None` if the connection failed for another reason.
pub(super) fn not_trusted(error: &io::Error) -> Option<String> {
    if error.kind() == io::ErrorKind::InvalidInput {
        return Some("the server cannot be trusted: no certificate is for such a host".to_owned());
    }
    let cause = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let remedy = remedy(cause);
    Some(format!("the server cannot be trusted: {cause}{remedy}"))
}

fn remedy(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError as Wrong;
    let wrong = match error {
        rustls::Error::InvalidCertificate(wrong) => wrong,
        rustls::Error::PeerIncompatible(_) => return "; it has to speak TLS 1.2 or newer",
        _ => return "",
    };
    match wrong {
        // An authority that was recreated under its old name signs differently.
        Wrong::UnknownIssuer | Wrong::BadSignature => {
            "; if its certificate is of a private authority, name that authority's certificate with \
             sslrootcert=PATH in the address of the database"
        }
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            "; name the host that the certificate is for in the address of the database"
        }
        Wrong::Expired | Wrong::ExpiredContext { .. } => "; give the server a new certificate",
        _ => "",
    }
}

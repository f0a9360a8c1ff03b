//! The certificates that TLS trusts. Reading those of the operating system takes memory and time, so all clients of a
//! process share them.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// Returns a configuration that trusts the operating system's certificates and `extra`. If the system has none that can
/// be read, `extra` alone is trusted.
///
/// # Errors
/// If there are no certificates at all.
pub(crate) fn trusting(extra: &[CertificateDer<'static>]) -> io::Result<ClientConfig> {
    let roots = if extra.is_empty() {
        of_the_system()?
    } else {
        let mut roots =
            of_the_system().map_or_else(|_| RootCertStore::empty(), Arc::unwrap_or_clone);
        for certificate in extra {
            roots.add(certificate.clone()).map_err(io::Error::other)?;
        }
        Arc::new(roots)
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Returns the operating system's certificates, which are read once.
fn of_the_system() -> io::Result<Arc<RootCertStore>> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Ok(Arc::clone(roots));
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems carry one or two that are not as they should be.
    let (readable, _) = roots.add_parsable_certificates(found.certs);
    if readable == 0 {
        let errors = found.errors;
        let nothing = format!("no root certificates found (errors: {errors:?})");
        return Err(io::Error::new(io::ErrorKind::NotFound, nothing));
    }
    Ok(Arc::clone(ROOTS.get_or_init(|| Arc::new(roots))))
}

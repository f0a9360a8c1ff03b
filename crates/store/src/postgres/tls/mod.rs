//! TLS to the server.
//!
//! [`security`]: what the address says about it; [`binding`]: what ties a password to the connection it is
//! proven on. `require` checks the certificate, and the host that it is for, as `verify-full` does; `prefer`
//! takes any, and no TLS where there is none: it keeps out who only listens.

mod binding;
mod security;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

pub(super) use security::{Security, is_here};

/// Makes TLS of connections. Cloning shares it.
#[derive(Clone)]
pub(super) struct Tls(Arc<ClientConfig>);

/// Why there is no connection: [`NotTrusted`], or an [`io::Error`] when it was cut.
type Refused = Box<dyn std::error::Error + Send + Sync>;

/// The server's certificate is not accepted, or it does not speak TLS as it should.
#[derive(Debug, thiserror::Error)]
#[error("{host} cannot be trusted: {cause}{remedy}")]
pub(super) struct NotTrusted {
    host: String,
    cause: String,
    remedy: &'static str,
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Encrypted;
    type TlsConnect = ToHost;
    type Error = Refused;

    fn make_tls_connect(&mut self, host: &str) -> Result<ToHost, Refused> {
        Ok(ToHost {
            config: Arc::clone(&self.0),
            host: host.to_owned(),
        })
    }
}

/// TLS to one host.
pub(super) struct ToHost {
    config: Arc<ClientConfig>,
    host: String,
}

impl TlsConnect<Socket> for ToHost {
    type Stream = Encrypted;
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Encrypted, Refused>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let Ok(name) = ServerName::try_from(self.host.clone()) else {
                return Err(NotTrusted {
                    host: self.host,
                    cause: "this is no name that a certificate could be for".to_owned(),
                    remedy: "",
                }
                .into());
            };
            let connector = TlsConnector::from(self.config);
            let stream = connector.connect(name, socket).await;
            Ok(Encrypted(stream.map_err(|error| why(self.host, error))?))
        })
    }
}

fn why(host: String, error: io::Error) -> Refused {
    let inner = error.get_ref();
    match inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(cause) => NotTrusted {
            host,
            cause: cause.to_string(),
            remedy: remedy(cause),
        }
        .into(),
        None => error.into(),
    }
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
            "; if its certificate is of a private authority, name that one's with sslrootcert=PATH in the \
             address of the database"
        }
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            "; name the host that the certificate is for in the address of the database"
        }
        Wrong::Expired | Wrong::ExpiredContext { .. } => "; give the server a new certificate",
        _ => "",
    }
}

/// A connection under TLS.
pub(super) struct Encrypted(tokio_rustls::client::TlsStream<Socket>);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        let (_, session) = self.0.get_ref();
        let certificates = session.peer_certificates().unwrap_or_default();
        certificates
            .first()
            .and_then(|certificate| binding::end_point(certificate))
            .map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

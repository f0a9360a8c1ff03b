//! A NATS server with JetStream of a test's own, with the authorization and the certificate that the test gives it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::jetstream::stream::Stream;
use backlot_outbound::nats::NatsAuthorities;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// An authority that nothing trusts by itself.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(parameters, key).unwrap())
    }

    pub(crate) fn trusted(&self) -> NatsAuthorities {
        NatsAuthorities::parse(&pem("CERTIFICATE", self.0.der())).unwrap()
    }

    /// Writes a certificate for this host, and its key. Returns the lines of the configuration that name them.
    fn issue(&self, host: &str, folder: &Path) -> String {
        let parameters = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.0).unwrap();
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let certificate = write("server.pem", pem("CERTIFICATE", certificate.der()));
        let key = write("server.key", pem("PRIVATE KEY", &key.serialize_der()));
        format!("tls {{ cert_file: \"{certificate}\", key_file: \"{key}\" }}\n")
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
}

/// A server, which ends with this value.
pub(crate) struct NatsServer {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(config: &Path) -> Option<Child> {
    let mut command = Command::new("nats-server");
    command.arg("--config").arg(config).stderr(Stdio::null());
    command.spawn().ok()
}

impl NatsServer {
    /// Starts one; with TLS for 127.0.0.1 if there is an authority. `None` if the program is missing.
    pub(crate) async fn start(authorization: &str, authority: Option<&Authority>) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let tls = authority.map(|it| it.issue("127.0.0.1", folder.path()));
        let config = format!(
            "listen: 127.0.0.1:{port}\njetstream {{ store_dir: \"{}\" }}\n{authorization}\n{}",
            folder.path().display(),
            tls.unwrap_or_default()
        );
        let path = folder.path().join("nats.conf");
        std::fs::write(&path, config).unwrap();
        let server = Self {
            child: spawn(&path)?,
            port,
            folder,
        };
        server.answers().await;
        Some(server)
    }

    /// Kills the server, and waits for its end.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, with the streams that it had.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(&self.folder.path().join("nats.conf")).unwrap();
        self.answers().await;
    }

    async fn answers(&self) {
        let answers = async {
            while std::net::TcpStream::connect(self.address()).is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let answers = tokio::time::timeout(Duration::from_secs(20), answers);
        answers.await.expect("nats-server starts");
    }

    /// The stream of `events.>`, by another client, over TLS. It is made if there is none.
    pub(crate) async fn stream(&self, authority: &Authority) -> Stream {
        let path = self.folder.path().join("authority.pem");
        std::fs::write(&path, pem("CERTIFICATE", authority.0.der())).unwrap();
        let options = async_nats::ConnectOptions::new().add_root_certificates(path);
        let options = options.user_and_password("backlot".to_owned(), crate::PASSWORD.to_owned());
        let url = format!("tls://{}", self.address());
        let context = async_nats::jetstream::new(options.connect(url).await.unwrap());
        let config = async_nats::jetstream::stream::Config {
            name: "events".to_owned(),
            subjects: vec!["events.>".to_owned()],
            ..Default::default()
        };
        context.get_or_create_stream(config).await.unwrap()
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

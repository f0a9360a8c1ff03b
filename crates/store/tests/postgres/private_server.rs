//! A PostgreSQL server of a test's own, with the certificate that the test gives it. It asks for a password
//! whoever comes by TCP.

#![expect(clippy::expect_used, reason = "a test says what it expects by failing")]

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_postgres::NoTls;

/// What has to be written as `%XX` in an address is in it.
const PASSWORD: &str = "s3cret?@:/";
const ENCODED: &str = "s3cret%3F%40%3A%2F";

/// An authority, which only its own file says is one.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(parameters, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let text = pem("CERTIFICATE", issuer.der());
        std::fs::write(folder.path().join("root.pem"), text).unwrap();
        Self { issuer, folder }
    }

    /// The file with its certificate.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// A certificate for this host, and its key.
    fn issue(&self, host: &str) -> (String, String) {
        let parameters = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        (
            pem("CERTIFICATE", certificate.der()),
            pem("PRIVATE KEY", &key.serialize_der()),
        )
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
}

/// A server, which ends with this value.
pub(crate) struct PrivateServer {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl PrivateServer {
    /// Starts one; with TLS for 127.0.0.1 if there is an authority.
    pub(crate) async fn start(authority: Option<&Authority>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let programs = programs();
        std::fs::write(folder.path().join("password"), PASSWORD).unwrap();
        give_away(folder.path());
        let mut initdb = unprivileged(&programs.join("initdb"), folder.path());
        initdb.arg("-D").arg(&data);
        initdb.args(["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8"]);
        initdb.args(["--locale=C", "--no-sync", "--pwfile=password"]);
        let made = initdb.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        if let Some(authority) = authority {
            let (certificate, key) = authority.issue("127.0.0.1");
            for (name, text) in [("server.crt", certificate), ("server.key", key)] {
                let path = data.join(name);
                std::fs::write(&path, text).unwrap();
                std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            }
            give_away(folder.path());
        }
        let port = free_port();
        let mut server = unprivileged(&programs.join("postgres"), folder.path());
        server.arg("-D").arg(&data).arg("-k").arg(folder.path());
        server.args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        server.args(["-c", "fsync=off", "-c"]);
        server.arg(format!("ssl={}", authority.is_some()));
        let child = server.spawn().unwrap();
        let server = Self {
            child,
            port,
            _folder: folder,
        };
        server.answers().await;
        server
    }

    /// An address of it, with these parameters.
    pub(crate) fn url(&self, host: &str, parameters: &str) -> String {
        let port = self.port;
        format!("postgres://postgres:{ENCODED}@{host}:{port}/postgres?{parameters}")
    }

    /// What is a secret, in both spellings.
    pub(crate) const fn passwords() -> [&'static str; 2] {
        [PASSWORD, ENCODED]
    }

    /// How many connections the stores have, with TLS and without.
    pub(crate) async fn connections(&self) -> (i64, i64) {
        let client = self.connect().await.unwrap();
        let sql = "SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl)
                   FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                   WHERE application_name = 'backlot'";
        let row = client.query_one(sql, &[]).await.unwrap();
        (row.get(0), row.get(1))
    }

    async fn connect(&self) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let url = self.url("127.0.0.1", "sslmode=disable");
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    async fn answers(&self) {
        for patience in 0.. {
            let Err(error) = self.connect().await else {
                return;
            };
            assert!(patience < 600, "the server does not start: {error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Where the newest `initdb` and `postgres` of this machine are.
fn programs() -> PathBuf {
    let mut found = Vec::new();
    for version in std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
    {
        let folder = version.unwrap().path().join("bin");
        if folder.join("initdb").exists() {
            found.push(folder);
        }
    }
    for folder in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
        if folder.join("initdb").exists() && folder.join("postgres").exists() {
            found.push(folder);
        }
    }
    found.sort();
    let newest = found.pop();
    newest.expect("a test starts a server of its own: install postgresql")
}

/// The server refuses to run as root.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

fn unprivileged(program: &Path, folder: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// To the user that the server runs as.
fn give_away(folder: &Path) {
    if is_root() {
        let mut command = Command::new("chown");
        command.arg("-R").arg("postgres").arg(folder);
        assert!(command.status().unwrap().success());
    }
}

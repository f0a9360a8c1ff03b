//! A folder with a configuration, commands that run in it, and servers that run beside them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const KEY: &str = include_str!("../all/wix-public-key.pem");
pub(crate) const APP_ID: &str = "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c";
/// An instance.
pub(crate) const ONE: &str = "11111111-1111-4111-8111-111111111111";
/// Another.
pub(crate) const OTHER: &str = "22222222-2222-4222-8222-222222222222";

/// A folder in which commands run. `backlot.toml` in it, and `data`, are what they use.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
    /// How many servers were started.
    starts: AtomicU32,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn new(output: &std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// It must have gone well.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// It must have been refused, as a mistake of the person's, in these words.
    pub(crate) fn refused(self, words: &str) -> String {
        assert_eq!(self.code, 1, "{self:?}");
        assert!(self.err.contains(words), "{words} is not in: {}", self.err);
        self.err
    }
}

impl Place {
    /// With an app, on free ports.
    pub(crate) fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            variables: vec![
                ("WIX_CLIENT_ID".into(), APP_ID.into()),
                ("WIX_CLIENT_SECRET".into(), "a-secret-of-the-app".into()),
                ("WIX_CLIENT_PUBLIC_KEY".into(), KEY.into()),
            ],
            starts: AtomicU32::new(0),
        };
        place.write("backlot.toml", "");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names in a folder.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder)).unwrap();
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.unwrap().file_name().to_string_lossy().into_owned()
        };
        let mut names: Vec<_> = entries.map(name).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backlot"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end, with nothing to read.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.command(args))
    }

    /// Runs a command with this text as its standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        Ran::new(&output)
    }

    /// Runs a command in a terminal, in which somebody types this line.
    pub(crate) fn run_in_terminal(&self, args: &[&str], line: &str) -> Ran {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let person = openpt(flags).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let terminal = std::fs::File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        let mut person = std::fs::File::from(person);
        person.write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut command = self.command(args);
        command.stdin(terminal.try_clone().unwrap());
        let ran = ran(&mut command);
        drop(terminal);
        ran
    }

    /// Sets a variable of what runs from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Without the app's values.
    pub(crate) fn without_app() -> Self {
        let mut place = Self::new();
        place.variables.clear();
        place
    }

    /// Starts `backlot dev`.
    pub(crate) fn dev(&self, args: &[&str]) -> Server {
        let ports = ["--simulator-listen", "0", "--app-listen", "0"];
        self.start("dev", &[&ports, args].concat())
    }

    /// Starts `backlot serve`, and waits until it listens.
    pub(crate) fn serve(&self, args: &[&str]) -> Server {
        self.start("serve", args)
    }

    fn start(&self, mode: &str, args: &[&str]) -> Server {
        let mut command = self.command(&[mode]);
        command
            .args(["--listen", "0", "--admin-listen", "0"])
            .args(args)
            .stderr(Stdio::piped())
            .stdout(Stdio::null());
        let number = self.starts.fetch_add(1, Ordering::Relaxed);
        let ready = self.path(&format!("ready-{mode}-{number}.json"));
        command.arg("--ready-file").arg(&ready);
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            let mut line = String::new();
            while log.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                heard.lock().unwrap().push_str(&std::mem::take(&mut line));
            }
        });
        // The file appears when everything listens, and whole.
        while !ready.exists() {
            let ended = child.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "{mode} did not start: {}",
                said.lock().unwrap()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        let ready = std::fs::read(&ready)
            .unwrap_or_else(|_| panic!("{mode} did not start: {}", said.lock().unwrap()));
        let ready: Value = serde_json::from_slice(&ready).unwrap();
        let backend = ready["backend"]
            .as_str()
            .unwrap()
            .trim_start_matches("http://");
        Server {
            backend: backend.to_owned(),
            child,
            said,
        }
    }

    /// An elevated token for an instance.
    pub(crate) fn token(&self, instance: &str) -> String {
        let args = ["token", "--instance", instance];
        self.run(&args).done().trim().to_owned()
    }
}

/// Runs a command to its end.
pub(crate) fn ran(command: &mut Command) -> Ran {
    Ran::new(&command.output().unwrap())
}

/// A server, which ends with this value.
pub(crate) struct Server {
    child: Child,
    backend: String,
    said: Arc<Mutex<String>>,
}

impl Server {
    /// Waits until it has said this on its standard error.
    pub(crate) fn says(&self, words: &str) {
        let begun = Instant::now();
        loop {
            let said = self.said.lock().unwrap();
            if said.contains(words) {
                return;
            }
            assert!(begun.elapsed().as_secs() < 10, "{words} is not in: {said}");
            drop(said);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it, with an elevated token or none: the status, and what it says as JSON.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n\
             content-type: application/json\r\n",
            self.backend,
            body.len()
        );
        if let Some(token) = token {
            head = format!("{head}authorization: {token}\r\n");
        }
        let mut stream = TcpStream::connect(&self.backend).unwrap();
        stream
            .write_all(format!("{head}\r\n{body}").as_bytes())
            .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let status = response.get(9..12).unwrap().parse().unwrap();
        let (_, body) = response.split_once("\r\n\r\n").unwrap();
        let json = body.find('{').zip(body.rfind('}'));
        let json = json.map_or("null", |(from, to)| &body[from..=to]);
        (status, serde_json::from_str(json).unwrap_or(Value::Null))
    }

    /// Makes a collection of one field, `title`, that nobody but the app may use.
    pub(crate) fn make_collection(&self, token: &str, id: &str) {
        let admin = "ADMIN";
        let collection = json!({ "collection": {
            "id": id,
            "fields": [{ "key": "title", "type": "TEXT" }],
            "permissions": { "insert": admin, "update": admin, "remove": admin, "read": admin },
        }});
        let (status, said) = self.ask(
            "POST",
            "/wix-data/v2/collections",
            Some(token),
            Some(&collection),
        );
        assert_eq!(status, 200, "{said}");
    }

    /// Inserts an item.
    pub(crate) fn insert(&self, token: &str, collection: &str, data: &Value) -> (u16, Value) {
        let body = json!({ "dataCollectionId": collection, "dataItem": { "data": data } });
        self.ask("POST", "/wix-data/v2/items", Some(token), Some(&body))
    }

    /// How many items there are.
    pub(crate) fn count(&self, token: &str, collection: &str) -> u64 {
        let body = json!({ "dataCollectionId": collection });
        let (status, said) = self.ask("POST", "/wix-data/v2/items/count", Some(token), Some(&body));
        assert_eq!(status, 200, "{said}");
        said["totalCount"].as_u64().unwrap()
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-INT", &id]).status().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! Posts the lines of a file at a fixed rate, and says how long each response took from the time at which its request was
//! due. If all connections wait for a response, a request is late, and that counts (wrk would just send fewer).

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use backlot_benchmark_peers::{Arguments, Failure};
use serde_json::json;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read()?;
    let rate: f64 = arguments.get("rate")?;
    let run = Run {
        port: arguments.get("port")?,
        path: arguments.get("path")?,
        bodies: read_lines(&arguments, arguments.get("count")?)?,
        interval: Duration::from_secs_f64(1.0 / rate),
        begun: Instant::now() + Duration::from_millis(50),
        next: AtomicUsize::new(0),
        microseconds: Mutex::default(),
        refusals: Mutex::default(),
    };
    thread::scope(|scope| {
        let connections: Vec<_> = (0..arguments.get("connections")?)
            .map(|_| scope.spawn(|| run.converse()))
            .collect();
        for connection in connections {
            connection.join().map_err(|_| "a thread panicked")??;
        }
        Ok::<_, Failure>(())
    })?;
    let elapsed = run.begun.elapsed();
    let mut taken = run.microseconds.into_inner()?;
    taken.sort_unstable();
    let at = |percent: usize| taken.get(taken.len() * percent / 100).copied();
    let refusals = run.refusals.into_inner()?;
    let report = json!({
        "sent": run.bodies.len(),
        "stored": taken.len(),
        "refusals": refusals.iter().take(3).collect::<Vec<_>>(),
        "seconds": elapsed.as_secs_f64(),
        "p50_us": at(50),
        "p99_us": at(99),
        "max_us": taken.last(),
    });
    Ok(writeln!(io::stdout(), "{report}")?)
}

/// Reads lines of one length, from the one with the number `first` on.
fn read_lines(arguments: &Arguments, count: usize) -> Result<Vec<Vec<u8>>, Failure> {
    let mut file = BufReader::new(File::open(arguments.get::<PathBuf>("lines")?)?);
    let mut line = Vec::new();
    file.read_until(b'\n', &mut line)?;
    let start = u64::try_from(line.len())? * arguments.get::<u64>("first")?;
    file.seek(SeekFrom::Start(start))?;
    let mut lines = Vec::with_capacity(count);
    for _ in 0..count {
        file.read_exact(&mut line)?;
        lines.push(line[..line.len() - 1].to_vec());
    }
    Ok(lines)
}

struct Run {
    port: u16,
    path: String,
    bodies: Vec<Vec<u8>>,
    interval: Duration,
    begun: Instant,
    next: AtomicUsize,
    microseconds: Mutex<Vec<u64>>,
    refusals: Mutex<Vec<String>>,
}

impl Run {
    /// Sends whichever request is due next, on one connection, until all are sent.
    fn converse(&self) -> Result<(), Failure> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        let mut replies = BufReader::new(stream.try_clone()?);
        let mut taken = Vec::new();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(body) = self.bodies.get(number) else {
                break;
            };
            let due = self.begun + self.interval * u32::try_from(number)?;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            stream.write_all(&self.request(body))?;
            match read_reply(&mut replies)? {
                (200, _) => taken.push(u64::try_from(due.elapsed().as_micros())?),
                (status, text) => self.refused(format!("{status} {text}"))?,
            }
        }
        let mut all = self.microseconds.lock().map_err(|_| "a thread panicked")?;
        all.append(&mut taken);
        Ok(())
    }

    fn refused(&self, reply: String) -> Result<(), Failure> {
        let mut refusals = self.refusals.lock().map_err(|_| "a thread panicked")?;
        refusals.push(reply);
        Ok(())
    }

    fn request(&self, body: &[u8]) -> Vec<u8> {
        let (path, length) = (&self.path, body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    }
}

/// Reads a response: its status and its body.
fn read_reply(stream: &mut BufReader<TcpStream>) -> Result<(u16, String), Failure> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).ok_or("the connection was closed")?;
    let status = status.parse()?;
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse()?;
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

//! Where lines gather, and the thread that writes them.
//!
//! A request only appends to memory. The thread wakes with the first line, waits a moment for more
//! and writes them in one call. If the other end is not read, memory does not grow without limit: past
//! [`MAX_BYTES`] lines are dropped, and how many is said as soon as writing works again.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

const MAX_BYTES: usize = 8 * 1024 * 1024;
const GATHER: Duration = Duration::from_millis(50);

/// Where lines gather.
pub struct Sink {
    gathered: Mutex<Gathered>,
    something: Condvar,
    /// Held while writing, so that [`Sink::flush`] waits for a write that is under way.
    writing: Mutex<()>,
    output: Output,
}

#[derive(Default)]
struct Gathered {
    text: String,
    dropped: u64,
}

enum Output {
    StandardError,
    Memory(Mutex<String>),
}

impl Sink {
    /// Writes to standard error from a separate thread.
    pub fn standard_error() -> std::io::Result<Arc<Self>> {
        let sink = Arc::new(Self::new(Output::StandardError));
        let weak = Arc::downgrade(&sink);
        std::thread::Builder::new()
            .name("backlot-log".to_owned())
            .spawn(move || {
                while let Some(sink) = weak.upgrade() {
                    sink.wait_for_something();
                    std::thread::sleep(GATHER);
                    sink.flush();
                }
            })?;
        Ok(sink)
    }

    /// Keeps everything in memory, for tests that read the log.
    pub fn memory() -> Arc<Self> {
        Arc::new(Self::new(Output::Memory(Mutex::default())))
    }

    fn new(output: Output) -> Self {
        Self {
            gathered: Mutex::default(),
            something: Condvar::new(),
            writing: Mutex::new(()),
            output,
        }
    }

    /// Lets `write` append one or more whole lines.
    pub fn append(&self, write: impl FnOnce(&mut String)) {
        let mut gathered = self.gathered.lock();
        if gathered.text.len() >= MAX_BYTES {
            gathered.dropped += 1;
            return;
        }
        let first = gathered.text.is_empty();
        write(&mut gathered.text);
        drop(gathered);
        if first {
            self.something.notify_one();
        }
    }

    fn wait_for_something(&self) {
        let mut gathered = self.gathered.lock();
        if gathered.text.is_empty() {
            // Periodically, to notice that the sink is gone.
            self.something
                .wait_for(&mut gathered, Duration::from_secs(5));
        }
    }

    /// Writes everything that has gathered.
    pub fn flush(&self) {
        let _one_at_a_time = self.writing.lock();
        let Gathered { mut text, dropped } = std::mem::take(&mut *self.gathered.lock());
        if dropped > 0 {
            let _ = writeln!(
                text,
                "{{\"level\":\"warn\",\"event\":\"log_lines_dropped\",\"lines\":{dropped}}}"
            );
        }
        match &self.output {
            Output::StandardError => {
                let _ = std::io::stderr().lock().write_all(text.as_bytes());
            }
            Output::Memory(everything) => everything.lock().push_str(&text),
        }
        self.give_back(text);
    }

    /// Reuses the memory of the written text, unless a burst made it large.
    fn give_back(&self, mut text: String) {
        if text.capacity() > 256 * 1024 {
            return;
        }
        text.clear();
        let mut gathered = self.gathered.lock();
        if gathered.text.capacity() == 0 {
            gathered.text = text;
        }
    }

    /// Everything so far, of a sink that keeps it in memory.
    pub fn contents(&self) -> String {
        self.flush();
        match &self.output {
            Output::StandardError => String::new(),
            Output::Memory(everything) => everything.lock().clone(),
        }
    }
}

//! A client that speaks HTTP/2 frame by frame, and does what no well-meaning one does.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Kinds of frames.
pub mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
const INITIAL_WINDOW_SIZE: u8 = 4;

/// One frame, as it came.
#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn is_ack(&self) -> bool {
        self.flags & ACK != 0
    }
}

pub struct Http2 {
    pub stream: TcpStream,
}

impl Http2 {
    /// Begins a connection, with this window for each stream.
    pub async fn connect(address: SocketAddr, window: u32) -> Self {
        let mut client = Self {
            stream: TcpStream::connect(address).await.unwrap(),
        };
        client.stream.write_all(PREFACE).await.unwrap();
        let mut settings = vec![0, INITIAL_WINDOW_SIZE];
        settings.extend(window.to_be_bytes());
        client.send(kind::SETTINGS, 0, 0, &settings).await;
        client
    }

    /// Sends a frame; one that cannot be sent any more is none.
    pub async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        let _ = self.stream.write_all(&frame).await;
    }

    /// Begins a request. Without `end_stream` its body is to follow, without `end_headers` more of its
    /// head.
    pub async fn begin(
        &mut self,
        stream: u32,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        (end_stream, end_headers): (bool, bool),
    ) {
        let own = [
            (":method", method),
            (":path", path),
            (":scheme", "http"),
            (":authority", "localhost"),
        ];
        let mut block = Vec::new();
        for (name, value) in own.iter().chain(headers) {
            // Literally, with a new name, and not to be remembered (RFC 7541, section 6.2.2).
            block.push(0);
            for text in [name, value] {
                integer(text.len(), &mut block);
                block.extend(text.as_bytes());
            }
        }
        let flags = u8::from(end_stream) * END_STREAM + u8::from(end_headers) * END_HEADERS;
        self.send(kind::HEADERS, flags, stream, &block).await;
    }

    /// A whole request without a body.
    pub async fn get(&mut self, stream: u32, path: &str, headers: &[(&str, &str)]) {
        self.begin(stream, ("GET", path), headers, (true, true))
            .await;
    }

    /// The next frame; `None` at the connection's end.
    pub async fn frame(&mut self) -> Option<Frame> {
        let reading = async {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await.ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            self.stream.read_exact(&mut payload).await.ok()?;
            Some(Frame {
                kind: head[3],
                flags: head[4],
                stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
                payload,
            })
        };
        let reading = tokio::time::timeout(Duration::from_secs(20), reading);
        reading.await.expect("no frame came, and no end")
    }

    /// The next frame of a kind, on a stream. Whatever else comes is passed over.
    pub async fn next(&mut self, kind: u8, stream: u32) -> Option<Frame> {
        loop {
            let frame = self.frame().await?;
            if (frame.kind, frame.stream) == (kind, stream) {
                return Some(frame);
            }
        }
    }

    /// Reads to the connection's end. True when the server said that it goes.
    pub async fn until_end(&mut self) -> bool {
        let mut said = false;
        while let Some(frame) = self.frame().await {
            said |= frame.kind == kind::GOAWAY;
        }
        said
    }
}

/// An integer with a prefix of seven bits (RFC 7541, section 5.1).
fn integer(mut number: usize, into: &mut Vec<u8>) {
    if number < 127 {
        into.push(u8::try_from(number).unwrap());
        return;
    }
    into.push(127);
    number -= 127;
    while number >= 128 {
        into.push(u8::try_from(number % 128 + 128).unwrap());
        number /= 128;
    }
    into.push(u8::try_from(number).unwrap());
}

//! The Runtime API over one blocking socket, with the standard library alone.

use std::{
    env,
    io::{self, Read, Write},
    net::TcpStream,
};

/// A message of HTTP/1.1 as far as it has been read.
#[derive(Default)]
pub struct Message {
    bytes: Vec<u8>,
    body: usize,
}

impl Message {
    /// Reads the next message, whose length its head has to tell, over the one before.
    ///
    /// # Errors
    /// What the stream says, or that it ended.
    pub fn read(&mut self, stream: &mut (impl Read + ?Sized)) -> io::Result<()> {
        self.bytes.clear();
        self.body = loop {
            self.more(stream)?;
            if let Some(end) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let length = self.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        while self.bytes.len() < self.body + length {
            self.more(stream)?;
        }
        Ok(())
    }

    fn more(&mut self, stream: &mut (impl Read + ?Sized)) -> io::Result<()> {
        let mut some = [0; 8192];
        match stream.read(&mut some)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.bytes.extend_from_slice(&some[..count]);
                Ok(())
            }
        }
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = str::from_utf8(&self.bytes[..self.body]).ok()?;
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The status of an answer.
    pub fn status(&self) -> Option<u16> {
        str::from_utf8(self.bytes.get(9..12)?).ok()?.parse().ok()
    }

    /// What follows the head.
    pub fn body(&self) -> &[u8] {
        &self.bytes[self.body..]
    }
}

/// Takes events from the Runtime API, one after the other, and answers each with what `handle` says.
///
/// # Errors
/// What the connection or `handle` says; the connection's end among it, which is how a process ends that is no longer
/// needed.
pub fn run<E: From<io::Error>>(mut handle: impl FnMut(&[u8]) -> Result<String, E>) -> Result<(), E> {
    let host = env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    let mut stream = TcpStream::connect(&host)?;
    stream.set_nodelay(true)?;
    let (mut event, mut done) = (Message::default(), Message::default());
    let next = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {host}\r\n\r\n");
    loop {
        stream.write_all(next.as_bytes())?;
        event.read(&mut stream)?;
        let answer = handle(event.body())?;
        let id = event.header("lambda-runtime-aws-request-id").unwrap_or_default();
        let length = answer.len();
        let answer = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {host}\r\n\
             content-length: {length}\r\n\r\n{answer}"
        );
        stream.write_all(answer.as_bytes())?;
        done.read(&mut stream)?;
    }
}

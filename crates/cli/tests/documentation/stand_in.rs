//! A server that takes every request and keeps it: in the place of those that
//! alerts are sent to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Says that all is well.
const ANSWER: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 16\r\nConnection: close\r\n\r\n{\"errors\":false}";

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The first line and the headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// The server; it ends with the test.
pub(crate) struct StandIn {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl StandIn {
    pub(crate) fn start() -> StandIn {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let request = read(&stream);
                kept.lock().expect("no thread fails").push(request);
                stream.write_all(ANSWER.as_bytes()).expect("an answer");
            }
        });
        StandIn { address, requests }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// What it was sent; each is kept before who sent it may go on.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no thread fails").clone()
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    Request { head, body: String::from_utf8(body).expect("UTF-8") }
}

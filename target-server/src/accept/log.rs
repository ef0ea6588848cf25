//! The request log: one line of JSON per request, so that a test can count what a client really asked for.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

use serde::Serialize;

use crate::clock::{self, Nanos};
use crate::connection::Peer;
use crate::request::head::RequestHead;

/// An open log file.
#[derive(Debug)]
pub(crate) struct RequestLog(Mutex<File>);

#[derive(Serialize)]
struct Line<'a> {
    at: Nanos,
    peer: String,
    method: &'a str,
    target: &'a str,
    http: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    accept: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accept_encoding: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
}

impl RequestLog {
    /// Opens a file to append to.
    ///
    /// Errors: as the system says.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        File::options()
            .create(true)
            .append(true)
            .open(path)
            .map(|file| Self(Mutex::new(file)))
    }

    /// Appends a request. A full disk loses lines, not streams.
    pub(crate) fn note(&self, peer: Peer, head: &RequestHead) {
        let line = Line {
            at: clock::now(),
            peer: peer.to_string(),
            method: &head.method,
            target: &head.target,
            http: if head.http10 { "1.0" } else { "1.1" },
            accept: head.header("accept"),
            accept_encoding: head.header("accept-encoding"),
            last_event_id: head.header("last-event-id"),
            user_agent: head.header("user-agent"),
        };
        let mut text = serde_json::to_vec(&line).expect("strings and numbers are always JSON");
        text.push(b'\n');
        // A writer that panicked cannot have left half a line: each line is one write.
        let mut file = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(&text).unwrap_or_default();
    }
}

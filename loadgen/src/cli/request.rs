//! The request options, spelled as curl spells them, and the request they ask for.
//! It must not know which subcommand they belong to.

use std::fs;
use std::io::{self, Read as _};
use std::mem;
use std::path::PathBuf;

use clap::Args;
use url::Url;

use super::UsageError;
use crate::plan::{ConnectTo, Offer, Resolve, Route, TlsPlan, Trust, Version};
use crate::request::{Asked, Environment, HeaderLine, HttpVersion, header_value};

/// The heading above these options in a help text.
pub(super) const HEADING: &str = "Request options, as curl spells them";

/// What every connection sends, and how it reaches the server.
#[derive(Clone, Debug, Default, PartialEq, Args)]
#[command(next_help_heading = HEADING)]
pub(super) struct RequestArgs {
    /// Method [default: GET, or POST with a body]
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    method: Option<String>,

    /// Header, such as 'Name: value'; ${VAR} is read from the environment, @FILE holds one header a line
    #[arg(short = 'H', long = "header", value_name = "LINE|@FILE")]
    pub(super) headers: Vec<String>,

    /// Body, or @FILE with its line breaks taken out; several are joined by &
    #[arg(
        short,
        long,
        alias = "data-ascii",
        value_name = "BODY|@FILE",
        allow_hyphen_values = true
    )]
    data: Vec<String>,

    /// Body, as it stands
    #[arg(
        long,
        value_name = "BODY",
        conflicts_with = "data",
        allow_hyphen_values = true
    )]
    data_raw: Vec<String>,

    /// Body, or @FILE, as it stands
    #[arg(
        long,
        value_name = "BODY|@FILE",
        conflicts_with_all = ["data", "data_raw"],
        allow_hyphen_values = true
    )]
    data_binary: Vec<String>,

    /// Cookie header; ${VAR} as in -H
    #[arg(short = 'b', long = "cookie", value_name = "NAME=VALUE")]
    cookies: Vec<String>,

    /// Basic authentication; ${VAR} as in -H
    #[arg(short, long, value_name = "USER:PASSWORD")]
    user: Option<String>,

    /// User-Agent header
    #[arg(short = 'A', long, value_name = "TEXT")]
    user_agent: Option<String>,

    /// Do not check who the server is
    #[arg(short = 'k', long, conflicts_with = "cacert")]
    insecure: bool,

    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,

    /// Speak HTTP/1.0
    #[arg(long = "http1.0", conflicts_with_all = ["http1_1", "http2"])]
    http1_0: bool,

    /// Speak HTTP/1.1 [default, but a check takes HTTP/2 where TLS offers it]
    #[arg(long = "http1.1", conflicts_with = "http2")]
    http1_1: bool,

    /// Speak HTTP/2, without TLS too (check only)
    #[arg(long = "http2")]
    http2: bool,

    /// Use this address, or several with commas, for a host at a port
    #[arg(long, value_name = "HOST:PORT:ADDR")]
    resolve: Vec<Resolve>,

    /// Connect to host B at its port instead of host A
    #[arg(long, value_name = "A:PORT:B:PORT")]
    connect_to: Vec<ConnectTo>,

    /// Connect to this Unix socket
    #[arg(long, value_name = "PATH", conflicts_with_all = ["resolve", "connect_to"])]
    unix_socket: Option<PathBuf>,
}

impl RequestArgs {
    /// The way to the server of `url`.
    pub(super) fn route(&self, url: &Url) -> Route {
        match &self.unix_socket {
            Some(path) => Route::unix(path.clone()),
            None => Route::new(url, &self.connect_to, &self.resolve),
        }
    }

    /// How TLS is to be spoken with the server of `url`; none for `http`.
    pub(super) fn tls(&self, url: &Url) -> Result<Option<TlsPlan>, UsageError> {
        if url.scheme() != "https" {
            return Ok(None);
        }
        let trust = match &self.cacert {
            _ if self.insecure => Trust::Anyone,
            Some(path) => Trust::File(path.clone()),
            None => Trust::System,
        };
        let host = url.host_str().unwrap_or_default();
        Ok(Some(TlsPlan::new(host, &trust, self.version()?)?))
    }

    /// What is to be sent, without a choice of content codings; files are read and variables filled in here.
    pub(super) fn asked(self, environment: &Environment<'_>) -> Result<Asked, UsageError> {
        Ok(Asked {
            method: self.method.as_deref().map(checked_method).transpose()?,
            headers: header_lines(&self.headers, environment)?,
            body: self.body()?,
            cookie: cookie(&self.cookies, environment)?,
            credentials: self
                .user
                .as_deref()
                .map(|user| credentials(user, environment))
                .transpose()?,
            user_agent: self
                .user_agent
                .as_deref()
                .map(|agent| header_value("User-Agent", agent, environment))
                .transpose()?,
            compressed: false,
            version: self.version()?,
        })
    }

    /// Which versions of HTTP are offered. A wish for HTTP/2 is taken back: what is asked for is not put into words
    /// of HTTP/1 then.
    pub(super) fn take_offer(&mut self) -> Offer {
        match (mem::take(&mut self.http2), self.http1_1, self.http1_0) {
            (true, ..) => Offer::Only(Version::Http2),
            (_, true, _) => Offer::Only(Version::Http11),
            (.., true) => Offer::Only(Version::Http10),
            _ => Offer::Newest,
        }
    }

    /// As curl has it, `--http2` offers HTTP/2 where TLS is spoken, and settles for less.
    pub(super) fn offer_http2(&mut self) {
        self.http2 = false;
    }

    /// Files of users: `--data FILE.csv`, which curl would send as a body of that text.
    pub(super) fn take_csv_files(&mut self) -> Vec<PathBuf> {
        let is_file = |piece: &mut String| {
            piece.to_ascii_lowercase().ends_with(".csv")
                && !piece.starts_with('@')
                && !piece.contains(['=', '&', '{', '\n'])
        };
        let files = self.data.extract_if(.., is_file);
        files.map(PathBuf::from).collect()
    }

    /// Whether a header file or a piece of the body is the standard input, which can be read only once.
    pub(super) fn reads_standard_input(&self) -> bool {
        let pieces = [&self.headers, &self.data, &self.data_binary];
        pieces.into_iter().flatten().any(|piece| piece == "@-")
    }

    /// Several pieces are a form, as curl sends one.
    fn body(&self) -> Result<Option<Vec<u8>>, UsageError> {
        let mut pieces = Vec::new();
        for piece in &self.data_raw {
            pieces.push(piece.clone().into_bytes());
        }
        for piece in &self.data_binary {
            pieces.push(content("--data-binary", piece)?);
        }
        for piece in &self.data {
            let mut content = content("-d", piece)?;
            if piece.starts_with('@') {
                content.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            }
            pieces.push(content);
        }
        Ok((!pieces.is_empty()).then(|| pieces.join(&b'&')))
    }

    fn version(&self) -> Result<HttpVersion, UsageError> {
        match (self.http2, self.http1_0) {
            (true, _) => Err(UsageError::NoHttp2),
            (_, true) => Ok(HttpVersion::Http10),
            _ => Ok(HttpVersion::Http11),
        }
    }
}

/// Source: RFC 9110 section 9.1: a method is a token.
fn checked_method(method: &str) -> Result<String, UsageError> {
    let letters = !method.is_empty()
        && method
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    if letters {
        Ok(method.to_owned())
    } else {
        Err(UsageError::Method(method.escape_debug().to_string()))
    }
}

fn header_lines(
    given: &[String],
    environment: &Environment<'_>,
) -> Result<Vec<HeaderLine>, UsageError> {
    let mut lines = Vec::new();
    for text in given {
        let Some(path) = text.strip_prefix('@') else {
            lines.push(HeaderLine::parse(text, environment)?);
            continue;
        };
        let content = String::from_utf8(read("-H", path)?)
            .map_err(|error| unreadable("-H", path, io::Error::other(error)))?;
        for line in content.lines().filter(|line| !line.trim().is_empty()) {
            lines.push(HeaderLine::parse(line, environment)?);
        }
    }
    Ok(lines)
}

/// A body as it stands, or the file that it names.
fn content(option: &'static str, piece: &str) -> Result<Vec<u8>, UsageError> {
    match piece.strip_prefix('@') {
        Some(path) => read(option, path),
        None => Ok(piece.as_bytes().to_vec()),
    }
}

fn cookie(given: &[String], environment: &Environment<'_>) -> Result<Option<String>, UsageError> {
    if let Some(file) = given.iter().find(|cookie| !cookie.contains('=')) {
        return Err(UsageError::CookieFile(file.escape_debug().to_string()));
    }
    let joined = (!given.is_empty()).then(|| given.join("; "));
    Ok(joined
        .map(|cookies| header_value("Cookie", &cookies, environment))
        .transpose()?)
}

fn credentials(user: &str, environment: &Environment<'_>) -> Result<(String, String), UsageError> {
    let user = header_value("Authorization", user, environment)?;
    let (name, password) = user.split_once(':').ok_or(UsageError::NoPassword)?;
    Ok((name.to_owned(), password.to_owned()))
}

/// A file, or the standard input for `-`, as curl has it.
fn read(option: &'static str, path: &str) -> Result<Vec<u8>, UsageError> {
    let mut content = Vec::new();
    let outcome = match path {
        "-" => io::stdin().lock().read_to_end(&mut content).map(drop),
        _ => fs::read(path).map(|read| content = read),
    };
    outcome.map_err(|source| unreadable(option, path, source))?;
    Ok(content)
}

fn unreadable(option: &'static str, path: &str, source: io::Error) -> UsageError {
    UsageError::Unreadable {
        option,
        path: path.into(),
        source,
    }
}

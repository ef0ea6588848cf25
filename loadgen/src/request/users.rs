//! A request for each subscriber: what was asked for, with the values of his row where a column stands in braces.
//!
//! Requests are made when they are sent; what is kept is one text and the table. It must not know the command line, and
//! no message repeats a value.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use super::braces::{Piece, looks_like_one, pieces};
use super::table::Table;
use super::{Asked, HeaderLine, Request};

/// Who the subscribers of a run are.
///
/// A column stands in braces, `{name}`, in path and query of the URL, in the values of headers (`-H`, `-b`, `-u`, `-A`)
/// and in the body; `{{name}}` is the text `{name}`, and any other brace is itself. In the URL a value is
/// percent-encoded, and `{+name}` leaves what may stand in a URL as it is (RFC 6570, sections 3.2.2 and 3.2.3); elsewhere a
/// value is sent as it stands.
///
/// Subscriber `n` of a run has row `n` modulo the number of rows, over reconnects, processes and shards.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Users {
    asked: Asked,
    host: String,
    path: String,
    table: Table,
}

/// Why a table cannot be used for a request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UsersError {
    /// Names that no column has.
    #[error("{place}: {file} has no column `{name}`; it has {}; write {{{{{name}}}}} for the text {{{name}}}", list(.columns))]
    Unknown {
        /// The name in braces.
        name: String,
        /// Where it stands.
        place: String,
        /// The file of the table.
        file: String,
        /// The columns it has.
        columns: Vec<String>,
    },
    /// Every subscriber would send the same.
    #[error("{file} is not used: write a column in braces into the URL, a header or the body; it has {}", list(.columns))]
    Unused {
        /// The file of the table.
        file: String,
        /// The columns it has.
        columns: Vec<String>,
    },
    /// The host is looked up once, for all.
    #[error(
        "a column in braces cannot stand for the host of a URL, only in its path and query; -H 'Host: …' may hold one"
    )]
    Host,
    /// A value that would break a header apart.
    #[error(
        "{file} line {line}: column `{column}` has a line break or another control character, which {place} cannot carry"
    )]
    ControlCharacter {
        /// The file of the table.
        file: String,
        /// The line on which the row begins.
        line: u32,
        /// The column.
        column: String,
        /// The header.
        place: String,
    },
}

/// Where a value stands decides how it is written.
#[derive(Clone, Copy)]
enum Place<'a> {
    Url,
    Header(&'a str),
    Body,
}

/// All but what RFC 3986 section 2.3 calls unreserved.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// All but that and what section 2.2 calls reserved; a `#` would end the request's part of a URL, a `%` is what it is.
const PART_OF_URL: &AsciiSet = &VALUE
    .remove(b'%')
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'[')
    .remove(b']')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

impl Users {
    /// What was asked for at `url`, for the users of `table`; every row is tried.
    pub fn new(asked: Asked, url: &Url, table: Table) -> Result<Self, UsersError> {
        if url.host_str().is_some_and(|host| host.contains('{')) {
            return Err(UsersError::Host);
        }
        let asked = asked.with_credentials_of(url);
        let (request, host) = asked.clone().into_request(url);
        let mut users = Self {
            asked,
            host,
            path: request.path,
            table,
        };
        let used = users.columns_used()?;
        let file = users.table.file().to_owned();
        if used.is_empty() {
            let columns = users.table.columns().to_vec();
            return Err(UsersError::Unused { file, columns });
        }
        users.table = users
            .table
            .reduced(|column| used.iter().any(|name| name == column), |_| true);
        for row in 0..users.table.rows() {
            users.try_request(row)?;
        }
        Ok(users)
    }

    /// How many there are; at least 1.
    pub fn count(&self) -> usize {
        self.table.rows()
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> u64 {
        self.table.bytes()
    }

    /// The request of a subscriber, and the value of its `Host` header.
    pub fn request(&self, subscriber: u32) -> (Request, String) {
        let row = subscriber as usize % self.count();
        // Each row was tried at the beginning.
        self.try_request(row)
            .unwrap_or_else(|_| self.with_host(self.asked.clone(), self.path.clone()))
    }

    /// The same, without the values of users that none of these subscribers is.
    #[must_use]
    pub fn of(&self, subscribers: impl Iterator<Item = u32>) -> Self {
        let mut needed = vec![false; self.count()];
        subscribers.for_each(|subscriber| needed[subscriber as usize % self.count()] = true);
        Self {
            table: self.table.reduced(|_| true, |row| needed[row]),
            ..self.clone()
        }
    }

    /// The columns that stand somewhere in braces.
    fn columns_used(&self) -> Result<Vec<String>, UsersError> {
        let mut used = Vec::new();
        self.fill(&mut |name, place| match self.table.value(0, name) {
            Some(value) => {
                used.push(name.to_owned());
                Ok(value.to_owned())
            }
            None => Err(UsersError::Unknown {
                name: name.to_owned(),
                place: place.to_string(),
                file: self.table.file().to_owned(),
                columns: self.table.columns().to_vec(),
            }),
        })?;
        Ok(used)
    }

    fn try_request(&self, row: usize) -> Result<(Request, String), UsersError> {
        let (asked, path) = self.fill(&mut |name, place| {
            let value = self.table.value(row, name).unwrap_or_default();
            let breaks = |c: char| c.is_ascii_control() && c != '\t';
            match place {
                Place::Header(_) if value.contains(breaks) => Err(UsersError::ControlCharacter {
                    file: self.table.file().to_owned(),
                    line: self.table.line(row),
                    column: name.to_owned(),
                    place: place.to_string(),
                }),
                _ => Ok(value.to_owned()),
            }
        })?;
        Ok(self.with_host(asked, path))
    }

    /// A host that was given as a header comes out of it.
    fn with_host(&self, asked: Asked, path: String) -> (Request, String) {
        asked.into_request_to(self.host.clone(), path)
    }

    /// What was asked for, and its path, with each name in braces replaced by what `value` says.
    fn fill(&self, value: &mut Value<'_>) -> Result<(Asked, String), UsersError> {
        let path = self.fill_path(value)?;
        let mut text = |header: &str, text: &str| {
            let filled = self.fill_text(text.as_bytes(), Place::Header(header), value)?;
            // Text was put into text, at the place of a brace.
            Ok::<_, UsersError>(String::from_utf8(filled).unwrap_or_default())
        };
        let mut asked = self.asked.clone();
        for line in &mut asked.headers {
            if let HeaderLine::Set(name, line) = line {
                *line = text(name, line)?;
            }
        }
        for (header, line) in [
            ("Cookie", &mut asked.cookie),
            ("User-Agent", &mut asked.user_agent),
        ] {
            if let Some(line) = line {
                *line = text(header, line)?;
            }
        }
        if let Some((user, password)) = &mut asked.credentials {
            *user = text("Authorization", user)?;
            *password = text("Authorization", password)?;
        }
        if let Some(body) = &mut asked.body {
            *body = self.fill_text(body, Place::Body, value)?;
        }
        Ok((asked, path))
    }

    fn fill_text(
        &self,
        text: &[u8],
        place: Place<'_>,
        value: &mut Value<'_>,
    ) -> Result<Vec<u8>, UsersError> {
        let mut filled = Vec::with_capacity(text.len());
        for piece in pieces(text, &|name| self.is_column(name)) {
            match piece {
                Piece::Text(text) => filled.extend_from_slice(text),
                Piece::Name(name) => filled.extend_from_slice(value(name, place)?.as_bytes()),
            }
        }
        Ok(filled)
    }

    /// In a path `Url` has percent-encoded the braces, and in a name whatever needs it.
    fn fill_path(&self, value: &mut Value<'_>) -> Result<String, UsersError> {
        let (path, query) = match self.path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.path.as_str(), None),
        };
        let bare = path.replace("%7B", "{").replace("%7D", "}");
        let mut filled = self.fill_url(&bare, value, &|text| {
            text.replace('{', "%7B").replace('}', "%7D")
        })?;
        if let Some(query) = query {
            filled.push('?');
            filled += &self.fill_url(query, value, &str::to_owned)?;
        }
        Ok(filled)
    }

    fn fill_url(
        &self,
        text: &str,
        value: &mut Value<'_>,
        encode: &dyn Fn(&str) -> String,
    ) -> Result<String, UsersError> {
        let mut filled = String::with_capacity(text.len());
        let is_column = |name: &str| {
            let (name, _) = name_in_url(name);
            self.is_column(&name) || looks_like_one(&name)
        };
        for piece in pieces(text.as_bytes(), &is_column) {
            match piece {
                // Cut at braces, which are ASCII.
                Piece::Text(text) => filled += &encode(&String::from_utf8_lossy(text)),
                Piece::Name(name) => {
                    let (name, set) = name_in_url(name);
                    let value = value(&name, Place::Url)?;
                    filled.extend(utf8_percent_encode(&value, set));
                }
            }
        }
        Ok(filled)
    }

    fn is_column(&self, name: &str) -> bool {
        self.table.columns().iter().any(|column| column == name)
    }
}

/// What stands for a name at a place.
type Value<'a> = dyn FnMut(&str, Place<'_>) -> Result<String, UsersError> + 'a;

/// The column that is meant in a URL, and what of its value is encoded.
fn name_in_url(name: &str) -> (Cow<'_, str>, &'static AsciiSet) {
    let (name, set) = match name.strip_prefix('+') {
        Some(name) => (name, PART_OF_URL),
        None => (name, VALUE),
    };
    (percent_decode_str(name).decode_utf8_lossy(), set)
}

fn list(columns: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut shown: Vec<String> = columns
        .iter()
        .take(SHOWN)
        .map(|name| name.escape_debug().to_string())
        .collect();
    if columns.len() > SHOWN {
        shown.push(format!("{} more", columns.len() - SHOWN));
    }
    shown.join(", ")
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url => f.write_str("the URL"),
            Self::Header(name) => write!(f, "header `{name}`"),
            Self::Body => f.write_str("the body"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "id,token,path,first name\n\
                         7,a+b/c=,/rooms/1?x=%20,Ann\n\
                         8,größe {x},a#b,\"Bo \"\"B\"\"\"\n";

    fn users_at(url: &str, asked: Asked, table: &str) -> Result<Users, String> {
        let table = Table::read(table.as_bytes(), "users.csv").unwrap();
        Users::new(asked, &Url::parse(url).unwrap(), table).map_err(|error| error.to_string())
    }

    fn set(name: &str, value: &str) -> HeaderLine {
        HeaderLine::Set(name.into(), value.into())
    }

    fn paths(url: &str) -> Result<Vec<String>, String> {
        let users = users_at(&format!("http://h{url}"), Asked::default(), TABLE)?;
        Ok((0..2).map(|user| users.request(user).0.path).collect())
    }

    fn bodies(body: &str) -> Result<Vec<String>, String> {
        let asked = Asked {
            body: Some(body.into()),
            ..Asked::default()
        };
        let users = users_at("http://h/", asked, TABLE)?;
        let bodies = (0..2).map(|user| users.request(user).0.body);
        Ok(bodies
            .map(|body| String::from_utf8(body).unwrap())
            .collect())
    }

    #[test]
    fn a_value_in_a_url_cannot_change_its_shape() {
        assert_eq!(
            paths("/u/{id}?t={token}&n={first%20name}").unwrap(),
            [
                "/u/7?t=a%2Bb%2Fc%3D&n=Ann",
                "/u/8?t=gr%C3%B6%C3%9Fe%20%7Bx%7D&n=Bo%20%22B%22"
            ]
        );
        assert_eq!(
            paths("/v1{+path}").unwrap(),
            ["/v1/rooms/1?x=%20", "/v1a%23b"]
        );
        assert_eq!(
            paths("/{{id}}/{id}/{a%20b}?q={{id}}{}").unwrap()[0],
            "/%7Bid%7D/7/%7Ba%20b%7D?q={id}{}"
        );
    }

    #[test]
    fn headers_and_credentials_hold_values_as_they_stand() {
        let asked = Asked {
            headers: vec![
                set("X-Token", "t {token}!"),
                set("Host", "{id}.example.com"),
            ],
            cookie: Some("session={id}".into()),
            credentials: Some(("{id}".into(), "{token}".into())),
            ..Asked::default()
        };
        let users = users_at("http://h/", asked, TABLE).unwrap();
        let (request, host) = users.request(0);
        let header = |wanted: &str| {
            let mut headers = request.headers.iter();
            headers.find(|(name, _)| name == wanted).unwrap().1.clone()
        };
        assert_eq!(host, "7.example.com");
        assert_eq!(header("X-Token"), "t a+b/c=!");
        assert_eq!(header("Cookie"), "session=7");
        assert_eq!(header("Authorization"), "Basic NzphK2IvYz0=");
        let users = users_at("http://{id}:x@h/", Asked::default(), TABLE).unwrap();
        let headers = users.request(1).0.headers;
        assert!(headers.contains(&("Authorization".into(), "Basic ODp4".into())));
    }

    #[test]
    fn a_body_keeps_the_braces_that_are_its_own() {
        assert_eq!(
            bodies(r#"{"user":{"id":{id},"t":"{token}"}}"#).unwrap(),
            [
                r#"{"user":{"id":7,"t":"a+b/c="}}"#,
                r#"{"user":{"id":8,"t":"größe {x}"}}"#
            ]
        );
        let unknown = bodies(r#"{"user":"{name}"}"#).unwrap_err();
        assert_eq!(
            unknown,
            "the body: users.csv has no column `name`; it has id, token, path, first name; write {{name}} for the text {name}"
        );
        assert!(
            bodies(r#"{"a":{"b":1}}"#)
                .unwrap_err()
                .contains("is not used")
        );
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        assert!(
            paths("/{tokn}")
                .unwrap_err()
                .starts_with("the URL: users.csv has no column `tokn`; it has id, token")
        );
        assert!(paths("/{+tokn}").unwrap_err().contains("no column `tokn`"));
        let host = users_at("http://{id}.example.com/", Asked::default(), TABLE);
        assert!(host.unwrap_err().contains("cannot stand for the host"));
        let asked = Asked {
            headers: vec![set("X-Token", "{token}")],
            ..Asked::default()
        };
        let broken = "id,token\n1,good\n\n2,\"s3cret\r\nX-Evil: 1\"\n";
        assert_eq!(
            users_at("http://h/", asked, broken).unwrap_err(),
            "users.csv line 4: column `token` has a line break or another control character, which header `X-Token` cannot carry"
        );
    }

    #[test]
    fn subscribers_take_rows_in_turn_whichever_process_they_are_in() {
        let table: String = (0..10).map(|id| format!("{id}\n")).collect();
        let whole = users_at("http://h/{id}", Asked::default(), &format!("id\n{table}")).unwrap();
        let part = whole.of((0..40).filter(|index| index % 5 == 3));
        for subscriber in [3, 8, 13, 38] {
            let path = format!("/{}", subscriber % 10);
            assert_eq!(whole.request(subscriber).0.path, path);
            assert_eq!(part.request(subscriber).0.path, path);
        }
        assert_eq!((part.count(), part.request(0).0.path), (10, "/".into()));
    }
}

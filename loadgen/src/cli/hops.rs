//! `--hop NAME=URL`: the places of a comparison, the origin first.
//! It must not know what is done at them.

use thiserror::Error;
use url::Url;

use super::UsageError;
use super::values::{self, ValueError};

/// More than a way through the Internet has, and than a page can show side by side.
const MOST: usize = 8;

/// The longest name: it stands before a picture.
const LONGEST_NAME: usize = 10;

/// A named place on the way of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) url: Url,
}

/// Why a place cannot be read: what it should have been.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum PlaceError {
    #[error("expected NAME=URL, such as origin=http://localhost:3000/prices")]
    NoName,
    #[error(
        "expected a name of 1 to {LONGEST_NAME} letters, digits, dots and dashes before the =, such as origin"
    )]
    Name,
    #[error(transparent)]
    Url(#[from] ValueError),
}

/// The value of `--hop`.
pub(super) fn place(text: &str) -> Result<Place, PlaceError> {
    // A URL without a name may have an equals sign in its query.
    let named = text
        .split_once('=')
        .filter(|(name, _)| !name.contains("://"));
    let (name, url) = named.ok_or(PlaceError::NoName)?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_plain) {
        return Err(PlaceError::Name);
    }
    let name = name.to_owned();
    Ok(Place {
        name,
        url: values::http_url(url)?,
    })
}

/// What a URL without a name is called: it is what users have.
const OUTERMOST: &str = "users";

/// All places, the origin first, with the URL beside them as the outermost.
pub(super) fn places(mut named: Vec<Place>, urls: Vec<Url>) -> Result<Vec<Place>, UsageError> {
    if urls.len() > 1 {
        return Err(UsageError::Urls(urls.len()));
    }
    named.extend(urls.into_iter().map(|url| Place {
        name: OUTERMOST.to_owned(),
        url,
    }));
    for (index, place) in named.iter().enumerate() {
        if named[..index].iter().any(|other| other.name == place.name) {
            return Err(UsageError::HopTwice(place.name.clone()));
        }
    }
    match named.len() {
        0 | 1 => Err(UsageError::OneHop),
        found if found > MOST => Err(UsageError::Hops { most: MOST, found }),
        _ => Ok(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Place {
        place(text).unwrap()
    }

    #[test]
    fn a_place_has_a_name_and_an_address() {
        let edge = named("edge=https://h/a?b=c");
        assert_eq!(
            (&*edge.name, edge.url.as_str()),
            ("edge", "https://h/a?b=c")
        );
        assert_eq!(place("http://h/?a=b"), Err(PlaceError::NoName));
        assert_eq!(place("origin"), Err(PlaceError::NoName));
        for name in ["", "a b", "\u{1b}[2J", "a-name-too-long"] {
            assert_eq!(
                place(&format!("{name}=http://h/")),
                Err(PlaceError::Name),
                "{name:?}"
            );
        }
        assert!(matches!(place("edge=h:80/a"), Err(PlaceError::Url(_))));
    }

    #[test]
    fn the_url_beside_them_is_the_outermost_and_names_are_not_used_twice() {
        let url = || vec![Url::parse("http://h/").unwrap()];
        let found = places(vec![named("origin=http://o/")], url()).unwrap();
        let names: Vec<_> = found.iter().map(|place| &*place.name).collect();
        assert_eq!(names, ["origin", "users"]);
        let one = places(vec![named("origin=http://o/")], vec![]);
        assert!(matches!(one, Err(UsageError::OneHop)));
        let twice = places(vec![named("a=http://o/"), named("a=http://p/")], vec![]);
        assert!(matches!(twice, Err(UsageError::HopTwice(_))));
        let many = (0..9).map(|n| named(&format!("h{n}=http://o/"))).collect();
        assert!(matches!(places(many, vec![]), Err(UsageError::Hops { .. })));
    }
}

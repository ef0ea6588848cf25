//! The parameters of a query: each is taken by name, and what nobody took is an error.

use crate::values::Reading;

/// A parameter cannot be used; the text names it, what was given, and what would be right.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadParam {
    /// The value is not in its range.
    #[error("{name}={given}: expected {expected}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What stands in the query.
        given: String,
        /// Its range, in words.
        expected: String,
    },
    /// There is no such parameter here.
    #[error("unknown parameter {name}; known here: {}", .known.join(", "))]
    Unknown {
        /// The name given.
        name: String,
        /// What is known.
        known: Vec<&'static str>,
    },
    /// It is not clear which value is meant.
    #[error("parameter {0} is given more than once")]
    Twice(String),
}

/// The parameters of one request that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Params {
    /// Decodes a query as browsers encode it.
    ///
    /// Errors: a name occurs twice.
    pub(crate) fn parse(query: &str) -> Result<Self, BadParam> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if pairs.iter().any(|(other, _)| *other == name) {
                return Err(BadParam::Twice(name.into_owned()));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self {
            pairs,
            known: Vec::new(),
        })
    }

    /// Adds values for names that the query does not have.
    pub(crate) fn add_defaults(&mut self, defaults: &[(String, String)]) {
        for (name, value) in defaults {
            if !self.pairs.iter().any(|(other, _)| other == name) {
                self.pairs.push((name.clone(), value.clone()));
            }
        }
    }

    /// Takes a parameter's text; absent if it was not given or is empty.
    pub(crate) fn take_text(&mut self, name: &'static str) -> Result<Option<String>, BadParam> {
        self.known.push(name);
        let position = self.pairs.iter().position(|(other, _)| other == name);
        Ok(position
            .map(|position| self.pairs.swap_remove(position).1)
            .filter(|value| !value.is_empty()))
    }

    /// Takes a parameter and reads its value.
    ///
    /// Errors: `read` does not accept the value.
    pub(crate) fn take<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Reading<T>,
    ) -> Result<Option<T>, BadParam> {
        let Some(given) = self.take_text(name)? else {
            return Ok(None);
        };
        match read(&given) {
            Ok(value) => Ok(Some(value)),
            Err(expected) => Err(BadParam::Value {
                name,
                given,
                expected: expected.into_owned(),
            }),
        }
    }

    /// Errors: something was given that nobody took.
    pub(crate) fn finish(self) -> Result<(), BadParam> {
        match self.pairs.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => Err(BadParam::Unknown {
                name,
                known: self.known,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_took_is_named_beside_what_is_known() {
        let mut params = Params::parse("intervall=1s&size=3").unwrap();
        params.take_text("size").unwrap();
        params.take_text("interval").unwrap();
        let error = params.finish().unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown parameter intervall; known here: size, interval"
        );
    }

    #[test]
    fn a_bad_value_is_shown_with_what_was_expected() {
        let mut params = Params::parse("size=big").unwrap();
        let error = params
            .take::<u32>("size", |_| Err("a number".into()))
            .unwrap_err()
            .to_string();
        assert_eq!(error, "size=big: expected a number");
    }

    #[test]
    fn a_name_given_twice_is_refused() {
        assert!(matches!(Params::parse("a=1&a=2"), Err(BadParam::Twice(name)) if name == "a"));
    }

    #[test]
    fn the_query_goes_before_defaults() {
        let mut params = Params::parse("gap=1").unwrap();
        params.add_defaults(&[("gap".into(), "2".into()), ("first".into(), "3".into())]);
        assert_eq!(params.take_text("gap").unwrap().as_deref(), Some("1"));
        assert_eq!(params.take_text("first").unwrap().as_deref(), Some("3"));
    }
}

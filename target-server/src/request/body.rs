//! The body of a completion request: the JSON that clients of OpenAI send, and the script's times as further fields.

use serde::Deserialize;
use serde::de::Error as _;

/// What counts in the body.
#[derive(Debug, Default)]
pub(crate) struct ChatBody {
    /// The script's fields that were given, as parameters.
    pub scripted: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default = "yes")]
    stream: bool,
    first: Option<String>,
    gap: Option<String>,
    tokens: Option<u64>,
}

fn yes() -> bool {
    true
}

impl ChatBody {
    /// Reads a body; an empty one has nothing to say. Model, messages and the like are accepted and ignored.
    ///
    /// Errors: it is not JSON, a field of the script has the wrong type, or `stream` is false.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let raw: Raw = serde_json::from_slice(body)?;
        if !raw.stream {
            return Err(serde_json::Error::custom(
                "stream must be true, this server only streams",
            ));
        }
        let fields = [
            ("first", raw.first),
            ("gap", raw.gap),
            ("tokens", raw.tokens.map(|n| n.to_string())),
        ];
        let scripted = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        Ok(Self { scripted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_found_among_the_fields_of_openai() {
        let body = br#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"gap":"5ms","tokens":3}"#;
        let scripted = ChatBody::parse(body).unwrap().scripted;
        assert_eq!(
            scripted,
            [("gap".into(), "5ms".into()), ("tokens".into(), "3".into())]
        );
        assert!(ChatBody::parse(b"").unwrap().scripted.is_empty());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for bad in ["[]", "{", r#"{"stream":false}"#, r#"{"tokens":"3"}"#] {
            assert!(ChatBody::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}

//! The rules by the letter, over a whole stream at once: slow and short, so that it
//! can be checked against WHATWG HTML 9.2.6 by reading. Shares nothing with the decoder.

use std::mem::take;

/// What the rules say a stream means.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// Name, data and last event ID of each event.
    pub(crate) events: Vec<(String, String, String)>,
    pub(crate) comments: Vec<String>,
    pub(crate) last_event_id: String,
    pub(crate) retry_ms: Option<u64>,
}

pub(crate) fn meaning_of(stream: &[u8], last_event_id: &str) -> Meaning {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let Some((lines, _unended)) = text.rsplit_once('\n') else {
        return Meaning {
            last_event_id: last_event_id.to_owned(),
            ..Meaning::default()
        };
    };

    let mut meaning = Meaning {
        last_event_id: last_event_id.to_owned(),
        ..Meaning::default()
    };
    let (mut data, mut name, mut id) = (String::new(), String::new(), last_event_id.to_owned());
    for line in lines.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                meaning.last_event_id.clone_from(&id);
                let (mut data, name) = (take(&mut data), take(&mut name));
                if data.pop().is_some() {
                    let name = if name.is_empty() {
                        "message".to_owned()
                    } else {
                        name
                    };
                    meaning.events.push((name, data, id.clone()));
                }
            }
            "" => meaning.comments.push(value.to_owned()),
            "data" => data += &format!("{value}\n"),
            "event" => name = value.to_owned(),
            "id" if !value.contains('\0') => id = value.to_owned(),
            "retry" if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) => {
                meaning.retry_ms = Some(value.parse().unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }
    meaning
}

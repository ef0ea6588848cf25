//! A language model's token stream on a script: the chunks of OpenAI's chat completions, at times known beforehand.
//! It computes bytes and times from values and reads no clock.

use std::time::Duration;

use sse_wire::Frame as Block;

use crate::clock::Nanos;
use crate::frame::{Author, Frame, Stamp};

/// The script of one completion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ChatSpec {
    /// From the request to the first token.
    pub first: Duration,
    /// From token to token.
    pub gap: Duration,
    /// How many tokens, at least one.
    pub tokens: u32,
}

/// One completion under way.
///
/// Shape: a chunk with the role alone, at once; one chunk per token; a chunk with the reason of the end and the
/// `[DONE]` line, both with the last token. Seq counts them all from 1.
#[derive(Debug)]
pub(crate) struct ChatScript {
    spec: ChatSpec,
    author: Author,
    start: Nanos,
    built: u64,
}

const WORDS: [&str; 8] = [
    "A", " gauge", " reads", " the", " river", ",", " not", " itself",
];

impl ChatScript {
    /// A completion asked for at `start`.
    pub(crate) fn new(spec: ChatSpec, author: Author, start: Nanos) -> Self {
        Self {
            spec,
            author,
            start,
            built: 0,
        }
    }

    /// When the next chunk is due; absent once `[DONE]` was built.
    pub(crate) fn next(&self) -> Option<Nanos> {
        let tokens = u64::from(self.spec.tokens);
        match self.built {
            0 => Some(self.start),
            chunk if chunk <= tokens => Some(self.token_due(chunk)),
            chunk if chunk <= tokens + 2 => Some(self.token_due(tokens)),
            _ => None,
        }
    }

    /// Builds the chunk that is due next.
    pub(crate) fn event(&mut self, stamp: Stamp) -> Frame {
        let tokens = u64::from(self.spec.tokens);
        let data = match self.built {
            0 => self.chunk(stamp, r#"{"role":"assistant","content":""}"#, "null"),
            chunk if chunk <= tokens => {
                let word = WORDS[(chunk - 1) as usize % WORDS.len()];
                self.chunk(stamp, &format!(r#"{{"content":"{word}"}}"#), "null")
            }
            chunk if chunk == tokens + 1 => self.chunk(stamp, "{}", "\"stop\""),
            _ => "[DONE]".to_owned(),
        };
        self.built += 1;
        let block = Block {
            data: Some(&data),
            ..Block::default()
        };
        Frame::event(stamp, &block).expect("the format expresses all data")
    }

    fn token_due(&self, token: u64) -> Nanos {
        let gaps = (self.spec.gap.as_nanos() as u64).saturating_mul(token - 1);
        self.start + self.spec.first + Duration::from_nanos(gaps)
    }

    fn chunk(&self, stamp: Stamp, delta: &str, finish_reason: &str) -> String {
        let Stamp { seq, due, emitted } = self.author.shown(stamp);
        let start = self.author.clock.at(self.start);
        let (instance, created) = (self.author.instance, start.0 / 1_000_000_000);
        format!(
            "{{\"seq\":{seq},\"due\":{due},\"emitted\":{emitted},\"instance\":{instance},\
             \"id\":\"chatcmpl-{start}\",\"object\":\"chat.completion.chunk\",\"created\":{created},\
             \"model\":\"target-server\",\"choices\":[{{\"index\":0,\"delta\":{delta},\
             \"finish_reason\":{finish_reason}}}]}}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Nanos = Nanos(1_700_000_000_000_000_000);

    fn play(spec: ChatSpec) -> Vec<(u64, String)> {
        let mut script = ChatScript::new(spec, Author::default(), START);
        let mut chunks = Vec::new();
        while let Some(due) = script.next() {
            let stamp = Stamp {
                seq: chunks.len() as u64 + 1,
                due,
                emitted: due,
            };
            let text = String::from_utf8(script.event(stamp).plain().to_vec()).unwrap();
            chunks.push(((due.0 - START.0) / 1_000_000, text));
        }
        chunks
    }

    #[test]
    fn chunks_come_at_the_times_of_the_script() {
        let chunks = play(ChatSpec {
            first: Duration::from_millis(300),
            gap: Duration::from_millis(20),
            tokens: 3,
        });
        let times: Vec<u64> = chunks.iter().map(|(at, _)| *at).collect();
        assert_eq!(times, [0, 300, 320, 340, 340, 340]);
    }

    #[test]
    fn chunks_have_the_form_of_openai_and_end_with_done() {
        let chunks = play(ChatSpec {
            first: Duration::ZERO,
            gap: Duration::ZERO,
            tokens: 2,
        });
        let (done, chunks) = chunks.split_last().unwrap();
        assert_eq!(done.1, "data: [DONE]\n\n");
        let parsed: Vec<serde_json::Value> = chunks
            .iter()
            .map(|(_, text)| serde_json::from_str(text.strip_prefix("data: ").unwrap()).unwrap())
            .collect();
        assert!(
            parsed
                .iter()
                .all(|chunk| chunk["object"] == "chat.completion.chunk")
        );
        let deltas: Vec<_> = parsed
            .iter()
            .map(|chunk| &chunk["choices"][0]["delta"]["content"])
            .collect();
        assert_eq!(
            serde_json::json!(deltas),
            serde_json::json!(["", "A", " gauge", null])
        );
        assert_eq!(parsed[3]["choices"][0]["finish_reason"], "stop");
        assert_eq!(parsed[1]["seq"], 2);
    }
}

//! Streams to measure with: stock prices and LLM chunks, event by event.

use sse_wire::Frame;

/// Events of each stream.
pub const EVENTS: usize = 2000;

/// About 120 bytes each: what target-server sends, with its stamps cut short.
pub fn stock_prices() -> Vec<Vec<u8>> {
    let price = |seq: usize| {
        let due = 1_700_000_000_000_000_000 + seq as u64 * 100_000_000;
        let cents = 10_000 + seq * 37 % 900;
        let data = format!(
            r#"{{"seq":{seq},"due":{due},"symbol":"ACME","price":{}.{:02},"size":{}}}"#,
            cents / 100,
            cents % 100,
            seq % 50 * 10
        );
        encoded(Frame {
            name: Some("price"),
            id: Some(&seq.to_string()),
            data: Some(&data),
            ..Frame::default()
        })
    };
    (100_000..100_000 + EVENTS).map(price).collect()
}

/// About 250 bytes each: the chunks of an OpenAI chat completion.
pub fn llm_chunks() -> Vec<Vec<u8>> {
    const TOKENS: [&str; 6] = [" the", " river", " rises", ",", " caf\u{e9}", " slowly"];
    let chunk = |index: usize| {
        let token = TOKENS[index % TOKENS.len()];
        let data = format!(
            r#"{{"id":"chatcmpl-9xKfT2mVbQ7LwRzY4cHnD8sJpA","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-mini-2024-07-18","system_fingerprint":"fp_0ba0d124f1","choices":[{{"index":0,"delta":{{"content":"{token}"}},"finish_reason":null}}]}}"#
        );
        encoded(Frame {
            data: Some(&data),
            ..Frame::default()
        })
    };
    (0..EVENTS).map(chunk).collect()
}

fn encoded(frame: Frame<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    frame
        .encode(&mut out)
        .expect("names and IDs here have no line ends");
    out
}

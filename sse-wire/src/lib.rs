//! The text/event-stream format: an incremental, eager decoder and an encoder.

//! Tests through the public interface, one file per topic.

mod conformance;
mod encoder;
mod hold;
mod limits;
mod model;
mod observed;
mod peer;
mod properties;
mod streams;

//! The reference server for event streams: good and bad on purpose, with a log of what it really did.
//!
//! [`Server::start`] is all that a program or a test needs.

mod accept;
mod clock;
mod config;
mod connection;
mod counters;
mod frame;
mod limits;
mod messages;
mod modes;
mod pacer;
mod random;
mod request;
mod server;
mod skew;
mod source;
mod truth;
mod values;
mod web;
mod worker;

pub use config::{BadListen, BadSkew, Config, Length, Listen, SkewDrift, SkewTime, TlsFiles};
pub use limits::{Descriptors, raise_descriptor_limit};
pub use server::{Server, StartError, Stopper};
pub use skew::Skew;
pub use truth::End;
pub use truth::report::{EventTruth, KernelWrite, StreamTruth, SubscriberTruth, Write};

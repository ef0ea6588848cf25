//! The instrument for servers that stream over HTTP.

pub mod exit;
pub mod plan;
pub mod request;

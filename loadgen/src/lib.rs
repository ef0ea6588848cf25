//! The instrument for servers that stream over HTTP.

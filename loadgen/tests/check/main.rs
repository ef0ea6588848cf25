//! The check over real sockets: target-server's modes, innocent and hostile servers, and what it must not do.
#![cfg(test)]

mod hostile;
mod http2;
mod innocents;
mod invocation;
mod modes;
mod politeness;
mod scripted;
mod second_client;
mod server_log;
mod silence;
mod support;
mod table;
mod transports;
mod twenty;

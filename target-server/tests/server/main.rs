//! The server from outside: raw bytes over real sockets, compared with what its truth log says.

#![cfg(test)]

mod chat;
mod client;
mod command;
mod control;
mod framing;
mod kernel_stamps;
mod modes;
mod params;
mod shutdown;
mod slow;
mod tickers;
mod topics;
mod transports;
mod truth;

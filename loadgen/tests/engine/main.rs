//! The engine against real sockets: target-server in this process, and servers that say exactly what a test
//! scripts. What is expected comes from the server's own log, never from a nominal delay.

mod allocations;
mod sequences;
mod support;
mod truth;

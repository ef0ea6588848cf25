//! Verdicts on scripted time: a source, a server, a path and a client that know
//! nothing of the rules, and the words that must come out.

mod attribution;
mod chance;
mod check;
mod client;
mod deciding;
mod endings;
mod exceptions;
mod holds;
mod hops;
mod innocents;
mod measured;
mod modes;
mod promises;
mod replays;
mod server;
mod setups;
mod source;
mod table;
mod twenty;

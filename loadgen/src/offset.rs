//! How far the server's clock is ahead of this machine's: what is exchanged, what that says, and how it is followed.

pub mod exchange;
pub mod follow;
pub mod track;

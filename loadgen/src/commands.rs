//! The subcommands: each takes what was typed and returns how it ended. Only here, and in `main`, is printed.

pub mod catalogue;
pub mod check;
pub mod diff;
mod machine;
pub mod matrix;
pub mod records;
pub mod run;
pub mod selftest;
mod series;
mod store;
mod voice;

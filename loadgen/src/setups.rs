//! Real servers that are looked at one after the other: where they are kept, what each needs and what is expected of it.
//! It must not check a stream or print; the contract of a setup is `scripts/setups/README.md`.

mod commands;
mod demand;
mod description;
mod ready;
mod running;
mod setup;
mod versions;

pub use demand::{Demand, DemandError, DemandedHold};
pub use description::{
    Cure, Description, DescriptionError, Expectation, Idle, Leaving, Listen, Plan, Version,
};
pub use running::{Running, StartError};
pub use setup::{Setup, SetupError, names};

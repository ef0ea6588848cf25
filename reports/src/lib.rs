//! RunRecord to terminal text, HTML, Markdown and machine formats.
//!
//! Pure: a record goes in, a text comes out. Nothing here reads a clock, a file or a terminal,
//! and every number stands in the record. All text from servers and users passes `sanitise`.

pub mod annotations;
pub mod baseline;
pub mod benchmark;
mod command;
pub mod comparison;
pub mod csv;
pub mod demands;
pub mod diff;
pub mod glossary;
pub mod histograms;
pub mod html;
pub mod junit;
pub mod live;
pub mod markdown;
pub mod number;
pub mod openmetrics;
pub mod sanitise;
mod servers;
pub mod style;
pub mod terminal;
pub mod timeseries;

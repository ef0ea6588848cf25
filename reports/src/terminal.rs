//! What a command says in a terminal: while a run goes on, when it has ended, and what a check found.
//!
//! Texts only: whoever calls writes them, and moves the cursor where there is one.

mod capacity;
mod catalogue;
mod check;
mod closing;
mod compared;
mod diff;
mod end_table;
mod line;
mod live_view;
mod matrix;
mod progress;
mod selftest;
mod series;
mod view;

pub use capacity::{capacity_line, capacity_page};
pub use catalogue::{Explained, Remedy, catalogue_page, explanation};
pub use check::check_page;
pub use diff::diff_page;
pub use end_table::end_table;
pub use live_view::live_view;
pub use matrix::matrix_page;
pub use progress::{Latency, Machine, Progress, progress_line};
pub use selftest::selftest_card;
pub use series::{series_line, series_page};
pub use view::View;

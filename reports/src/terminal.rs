//! What a run says in a terminal: while it goes on, and when it has ended.
//!
//! Texts only: whoever calls writes them, and moves the cursor where there is one.

mod end_table;
mod line;
mod live_view;
mod progress;

pub use end_table::end_table;
pub use live_view::live_view;
pub use progress::{Latency, Machine, Progress, progress_line};

//! The histograms of a record in the formats of HdrHistogram's own tools: the interval log that its Java and Python
//! readers take, and the percentile table that its plotter draws. It must not know how a histogram was filled.

mod interval_log;
mod percentile_table;

pub use interval_log::interval_log;
pub use percentile_table::percentile_table;

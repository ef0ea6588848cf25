//! Arrivals and headers in, a verdict with its evidence out.

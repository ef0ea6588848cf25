//! What a run leaves behind: the versioned, mergeable result.

pub mod verdict;

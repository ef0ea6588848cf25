//! What a run leaves behind: the versioned, mergeable result.

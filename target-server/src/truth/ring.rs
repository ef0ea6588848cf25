//! A bounded log that a reader can copy in microseconds: sealed blocks are shared, only the open one is copied.

use std::collections::VecDeque;
use std::sync::Arc;

/// The newest records of an endless sequence.
///
/// Keeps at least `capacity` records and at most one block more. Memory grows with use.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    sealed: VecDeque<Arc<Vec<T>>>,
    open: Vec<T>,
    block: usize,
    blocks: usize,
}

/// Records per block: a copy of an open block of 32-byte records is at most 128 KiB.
const LARGEST_BLOCK: usize = 4096;

impl<T: Clone> Ring<T> {
    /// An empty log that will keep `capacity` records, at least one.
    pub(crate) fn new(capacity: usize) -> Self {
        let block = (capacity / 16).clamp(1, LARGEST_BLOCK);
        Self {
            sealed: VecDeque::new(),
            open: Vec::new(),
            block,
            blocks: capacity.max(1).div_ceil(block),
        }
    }

    /// Adds a record; the oldest block goes if the log is full.
    pub(crate) fn push(&mut self, record: T) {
        self.open.push(record);
        if self.open.len() == self.block {
            let full = std::mem::replace(&mut self.open, Vec::with_capacity(self.block));
            self.sealed.push_back(Arc::new(full));
            if self.sealed.len() > self.blocks {
                self.sealed.pop_front();
            }
        }
    }

    /// All records kept, oldest first, as they are now.
    pub(crate) fn snapshot(&self) -> Vec<Arc<Vec<T>>> {
        let mut blocks: Vec<_> = self.sealed.iter().cloned().collect();
        blocks.push(Arc::new(self.open.clone()));
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(ring: &Ring<u32>) -> Vec<u32> {
        ring.snapshot()
            .iter()
            .flat_map(|block| block.iter().copied())
            .collect()
    }

    #[test]
    fn keeps_the_newest_in_order() {
        for capacity in [1, 2, 15, 16, 100, 10_000, 100_000] {
            let mut ring = Ring::new(capacity);
            for record in 0..300_000 {
                ring.push(record);
            }
            let kept = kept(&ring);
            assert!(
                kept.len() >= capacity && kept.len() <= capacity + 2 * LARGEST_BLOCK,
                "{capacity}"
            );
            assert!(kept.windows(2).all(|pair| pair[1] == pair[0] + 1));
            assert_eq!(kept.last(), Some(&299_999));
        }
    }

    #[test]
    fn a_snapshot_does_not_change_afterwards() {
        let mut ring = Ring::new(100);
        ring.push(1);
        let before = ring.snapshot();
        ring.push(2);
        assert_eq!(before.iter().map(|block| block.len()).sum::<usize>(), 1);
        assert_eq!(kept(&ring), [1, 2]);
    }
}

//! Which communes touch.

use std::collections::BTreeSet;

use crate::align::{Ground, NONE};

/// Communes that share a boundary, each pair both ways, by their index.
pub fn neighbours(ground: &Ground) -> BTreeSet<(u32, u32)> {
    let mut pairs = BTreeSet::new();
    let commune = |face| ground.commune.get(face as usize).copied().unwrap_or(NONE);
    for edge in 0..ground.partition.edge_count() {
        let (left, right) = ground.partition.sides(edge);
        let (a, b) = (commune(left), commune(right));
        if a != b && a != NONE && b != NONE {
            pairs.insert((a, b));
            pairs.insert((b, a));
        }
    }
    pairs
}

//! Merging faces of one key.

use std::sync::Arc;

use super::trace::{Cycles, link};
use super::{FaceId, OUTSIDE, Partition, Polygon, nesting};

/// Disjoint sets of consecutive numbers; the smallest member stands for its set.
#[derive(Clone, Debug)]
pub struct DisjointSets {
    parents: Vec<u32>,
}

impl DisjointSets {
    /// Sets of one member each.
    pub fn new(count: usize) -> Self {
        Self {
            parents: (0..count as u32).collect(),
        }
    }

    /// The smallest member of the set of `n`.
    pub fn find(&mut self, mut n: u32) -> u32 {
        while self.parents[n as usize] != n {
            let up = self.parents[self.parents[n as usize] as usize];
            self.parents[n as usize] = up;
            n = up;
        }
        n
    }

    /// Joins two sets.
    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }
}

/// A partition made by merging the faces of another.
pub struct Dissolved {
    /// The merged faces.
    pub partition: Partition,
    /// For each merged face, one of the faces that it is made of.
    pub members: Vec<FaceId>,
    /// For each face of the other partition, the merged face that it became part of.
    pub merged: Vec<FaceId>,
}

impl Partition {
    /// The polygons of the faces that are picked, those that share an edge in one.
    ///
    /// # Panics
    ///
    /// When `is_picked` has not one entry per face.
    pub fn polygons_of(&self, is_picked: &[bool]) -> Vec<Polygon> {
        let keys: Vec<u32> = is_picked.iter().copied().map(u32::from).collect();
        let dissolved = self.dissolve(&keys);
        (1..dissolved.members.len() as FaceId)
            .filter(|&face| is_picked[dissolved.members[face as usize] as usize])
            .filter_map(|face| dissolved.partition.polygon(face))
            .collect()
    }

    /// Merges faces that share an edge and have the same key; `keys` has one entry per face, the
    /// outside included, whose key melts what touches it into the outside.
    ///
    /// No vertex is moved or dropped, so areas are exact sums of the areas merged.
    ///
    /// # Panics
    ///
    /// When `keys` has not one entry per face.
    pub fn dissolve(&self, keys: &[u32]) -> Dissolved {
        assert_eq!(keys.len(), self.face_count(), "one key per face");
        let mut sets = DisjointSets::new(self.face_count());
        let mut kept: Vec<u32> = Vec::new();
        for e in 0..self.edge_count() {
            let (left, right) = self.sides(e);
            if keys[left as usize] == keys[right as usize] {
                sets.join(left, right);
            } else {
                kept.push(e as u32);
            }
        }
        let origins: Vec<u32> = kept
            .iter()
            .flat_map(|&e| {
                [
                    self.origins[2 * e as usize],
                    self.origins[2 * e as usize + 1],
                ]
            })
            .collect();
        let next = link(&self.nodes, &origins);
        let cycles = Cycles::new(&self.nodes, &origins, &next);
        // The merged face of a cycle is known from the faces that were merged.
        const UNNUMBERED: u32 = u32::MAX;
        let mut numbers = vec![UNNUMBERED; self.face_count()];
        let mut members = vec![OUTSIDE];
        numbers[OUTSIDE as usize] = OUTSIDE;
        let old_face = |cycle: usize| {
            let half_edge = cycles.starts[cycle];
            self.left[(2 * kept[half_edge as usize / 2] + half_edge % 2) as usize]
        };
        for cycle in 0..cycles.starts.len() {
            if cycles.areas[cycle] > 0 {
                let set = sets.find(old_face(cycle));
                numbers[set as usize] = members.len() as u32;
                members.push(set);
            }
        }
        let face_of: Vec<u32> = (0..cycles.starts.len())
            .map(|cycle| numbers[sets.find(old_face(cycle)) as usize])
            .collect();
        let faces = nesting::assemble(cycles, &face_of, members.len());
        let partition = Partition {
            nodes: Arc::clone(&self.nodes),
            origins,
            next,
            left: faces.left,
            areas: faces.areas,
            cycle_starts: faces.cycle_starts,
            cycles: faces.cycles,
        };
        let merged = (0..self.face_count() as FaceId)
            .map(|face| numbers[sets.find(face) as usize])
            .collect();
        Dissolved {
            partition,
            members,
            merged,
        }
    }
}

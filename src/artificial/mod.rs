//! The decree's status of the ground: matrix, thresholds, forcing.
//!
//! Décret n° 2023-1096, annex to article R.101-1 of the code de l'urbanisme. The status is that of
//! one vintage alone, on the faces of its own partition. In this order, nothing iterated:
//!
//! 1. the matrix gives each face its status (done by the caller, from `reference/`);
//! 2. faces of one status that touch, by an edge or at a point, form a patch; ground of unknown
//!    status joins none;
//! 3. every patch below the minimum takes the other status, all at once; a patch that touches the
//!    edge of the data keeps its own, since its true size is not known;
//! 4. connected buildings of at least their minimum are artificial again.

use serde::{Deserialize, Serialize};

use crate::partition::{DisjointSets, FaceId, OUTSIDE, Partition};

/// Variants of step 4, which the published method does not settle.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Forcing {
    /// The buildings alone.
    #[default]
    Building,
    /// The buildings, and the faces artificial by the matrix that touch them.
    BuildingAndAdjoining,
}

/// One face before the thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// The vintage has nothing here.
    Uncovered,
    /// The vintage has something here.
    Covered {
        /// Status by the matrix; `None` is unknown.
        matrix: Option<bool>,
        /// Whether it is built (CS1.1.1.1).
        building: bool,
    },
}

/// Sizes below which step 3 and step 4 act, in half square centimetres.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    /// A smaller patch takes the other status.
    pub patch: i64,
    /// Smaller connected buildings are not forced.
    pub building: i64,
}

/// The status of one face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// By the matrix alone; `None` where it is unknown or nothing is covered.
    pub matrix: Option<bool>,
    /// After thresholds and forcing by [`Forcing::Building`].
    pub building: Option<bool>,
    /// After thresholds and forcing by [`Forcing::BuildingAndAdjoining`].
    pub adjoining: Option<bool>,
    /// Its patch touches the edge of the data, and so was not put to the threshold.
    pub edge: bool,
}

impl Status {
    /// The final status by one variant.
    pub fn by(self, forcing: Forcing) -> Option<bool> {
        match forcing {
            Forcing::Building => self.building,
            Forcing::BuildingAndAdjoining => self.adjoining,
        }
    }
}

/// The status of every face of a vintage; `faces` has one entry per face of `partition`.
pub fn status(partition: &Partition, faces: &[Face], thresholds: Thresholds) -> Vec<Status> {
    let matrix = |f: FaceId| match faces[f as usize] {
        Face::Covered { matrix, .. } => matrix,
        Face::Uncovered => None,
    };
    let building = |f: FaceId| matches!(faces[f as usize], Face::Covered { building: true, .. });
    let mut patches = Patches::new(partition, |f| matrix(f).map(u32::from));
    let mut edge = vec![false; faces.len()];
    for e in 0..partition.edge_count() {
        let (left, right) = partition.sides(e);
        for (face, other) in [(left, right), (right, left)] {
            if faces[other as usize] == Face::Uncovered && faces[face as usize] != Face::Uncovered {
                let patch = patches.of(face);
                edge[patch as usize] = true;
            }
        }
    }
    partition.for_faces_around_nodes(|around| {
        if around.iter().any(|&f| faces[f as usize] == Face::Uncovered) {
            for &face in around
                .iter()
                .filter(|&&f| faces[f as usize] != Face::Uncovered)
            {
                edge[patches.of(face) as usize] = true;
            }
        }
    });
    let mut buildings = Patches::new(partition, |f| building(f).then_some(0));
    let forced: Vec<bool> = (0..faces.len() as FaceId)
        .map(|f| building(f) && buildings.area_around(f) >= thresholds.building)
        .collect();
    let mut status: Vec<Status> = (0..faces.len() as FaceId)
        .map(|f| {
            let edge = edge[patches.of(f) as usize];
            let is_small = !edge && patches.area_around(f) < thresholds.patch;
            let after = matrix(f).map(|m| forced[f as usize] || (m != is_small));
            Status {
                matrix: matrix(f),
                building: after,
                adjoining: after,
                edge,
            }
        })
        .collect();
    for_touching(partition, |f, g| {
        for (face, other) in [(f, g), (g, f)] {
            if forced[other as usize] && matrix(face) == Some(true) {
                status[face as usize].adjoining = Some(true);
            }
        }
    });
    status
}

/// Connected sets of faces of one kind, touching by an edge or at a point.
struct Patches {
    sets: DisjointSets,
    /// Area of each patch, at its representative.
    areas: Vec<i64>,
}

impl Patches {
    fn new(partition: &Partition, kind: impl Fn(FaceId) -> Option<u32>) -> Self {
        let mut sets = DisjointSets::new(partition.face_count());
        for_touching(partition, |f, g| {
            let alike = kind(f);
            if alike.is_some() && alike == kind(g) {
                sets.join(f, g);
            }
        });
        let mut areas = vec![0; partition.face_count()];
        for face in 0..partition.face_count() as FaceId {
            areas[sets.find(face) as usize] += partition.area(face);
        }
        Self { sets, areas }
    }

    fn of(&mut self, face: FaceId) -> FaceId {
        self.sets.find(face)
    }

    fn area_around(&mut self, face: FaceId) -> i64 {
        self.areas[self.sets.find(face) as usize]
    }
}

/// Visits pairs of bounded faces that touch by an edge or at a point, some more than once.
fn for_touching(partition: &Partition, mut visit: impl FnMut(FaceId, FaceId)) {
    for e in 0..partition.edge_count() {
        let (left, right) = partition.sides(e);
        if left != OUTSIDE && right != OUTSIDE {
            visit(left, right);
        }
    }
    partition.for_faces_around_nodes(|around| {
        for (n, &f) in around.iter().enumerate() {
            for &g in &around[n + 1..] {
                if f != OUTSIDE && g != OUTSIDE && f != g {
                    visit(f, g);
                }
            }
        }
    });
}

//! Series: the vintages of the ground as delivered, and as amended.

use super::{Ground, NONE, Verdict};
use crate::partition::{FaceId, Partition};
use crate::vintage::Object;

/// The series as delivered.
pub const PUBLISHED: &str = "published";
/// The series as corrections amend it.
pub const REVISED: &str = "revised";
/// The series without the noise between vintages.
pub const ALIGNED: &str = "aligned";

/// One account of the ground: what every vintage says of it.
pub struct Series {
    /// Its name in the tables.
    pub name: &'static str,
    /// Whether the status that the producer gives is that of this series.
    pub is_official: bool,
    /// The vintages, as those of the ground.
    pub versions: Vec<Version>,
    /// For each vintage, what was judged of the faces of the ground that differ from the vintage
    /// before; nothing where nothing is judged.
    pub verdicts: Vec<Vec<Option<Verdict>>>,
    /// The vintages that these verdicts are about: for each, the object of each face of the ground.
    pub judged: Vec<Vec<u32>>,
}

impl Series {
    /// What a vintage that was judged says of a face of the ground.
    pub fn judged_at<'a>(
        &self,
        ground: &'a Ground,
        vintage: usize,
        face: FaceId,
    ) -> Option<&'a Object> {
        match *self.judged.get(vintage)?.get(face as usize)? {
            NONE => None,
            object => Some(&ground.objects[object as usize]),
        }
    }

    /// What was judged of a face of the ground at a vintage.
    pub fn verdict(&self, vintage: usize, face: FaceId) -> Option<Verdict> {
        *self.verdicts[vintage].get(face as usize)?
    }
}

/// A vintage in one series, as a partition of its own.
#[derive(Clone)]
pub struct Version {
    /// The faces of the vintage alone.
    pub partition: Partition,
    /// The object of each of them, by its index in [`Ground::objects`], or [`NONE`].
    pub object: Vec<u32>,
    /// For each face of the ground, the vintage's face that it is part of.
    pub face: Vec<FaceId>,
}

impl Version {
    /// Merges the faces of `ground` that have the same object.
    pub(super) fn new(ground: &Partition, objects: &[u32]) -> Self {
        let dissolved = ground.dissolve(objects);
        Self {
            object: dissolved
                .members
                .iter()
                .map(|&member| objects[member as usize])
                .collect(),
            partition: dissolved.partition,
            face: dissolved.merged,
        }
    }

    /// The object on a face of the ground, or [`NONE`].
    pub fn object_at(&self, face: FaceId) -> u32 {
        self.object[self.face[face as usize] as usize]
    }

    /// What the vintage says of a face of the ground.
    pub fn at<'a>(&self, ground: &'a Ground, face: FaceId) -> Option<&'a Object> {
        match self.object_at(face) {
            NONE => None,
            object => Some(&ground.objects[object as usize]),
        }
    }
}

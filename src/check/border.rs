//! Two vintages that meet: is their border the same from both sides, and what do they say along it?

use std::collections::BTreeMap;
use std::path::Path;

use super::{Finding, NAMED, grid_crs, patches, read_objects};
use crate::error::{Error, Result};
use crate::partition::FaceId;
use crate::reference::Reference;
use crate::vintage::open_product;

/// What was found along a border.
pub struct Border {
    /// The two files and their layers.
    pub places: [String; 2],
    /// Metres of the border that both have.
    pub length: f64,
    /// Metres of it with the same cover, and with the same use, on both sides.
    pub same: [f64; 2],
    /// Covers or uses that are not the same, with their metres: the longest first.
    pub differences: Vec<(String, f64)>,
    /// What is amiss: ground that both cover, gaps between them.
    pub findings: Vec<Finding>,
}

impl Border {
    /// Whether the border is the same from both sides.
    pub fn is_valid(&self) -> bool {
        self.length > 0.0 && self.findings.is_empty()
    }
}

/// Lays two vintages beside one another.
pub fn border(paths: [&Path; 2], layer: Option<&str>, reference: &Reference) -> Result<Border> {
    let first = open_product(paths[0], layer, None)?;
    let second = open_product(paths[1], layer, None)?;
    let places = [first.place(), second.place()];
    let crs = grid_crs(&first, &places[0])?;
    grid_crs(&second, &places[1])?;
    let mut a = read_objects(first, &crs, reference)?;
    let mut b = read_objects(second, &crs, reference)?;
    let mut builder = std::mem::take(&mut a.intake.builder);
    let split = builder.item_count();
    builder.append(std::mem::take(&mut b.intake.builder));
    let overlay = builder.build();
    overlay
        .verify()
        .map_err(|defect| Error::Internal(format!("the partition is not one: {defect}")))?;
    // Of each face, an item of the first and one of the second.
    let of = |f: FaceId| {
        let items = overlay.items(f);
        let own = items.first().copied().filter(|&i| i < split);
        let other = items.last().copied().filter(|&i| i >= split);
        (own, other)
    };
    let partition = &overlay.partition;
    let both = |f: FaceId| matches!(of(f), (Some(_), Some(_)));
    let mut findings: Vec<Finding> = patches("ground that both cover", &overlay, both)
        .into_iter()
        .collect();
    let gaps = between(&overlay, of);
    let is_gap = |f: FaceId| gaps[f as usize];
    findings.extend(patches(
        "gaps between them: ground that neither covers",
        &overlay,
        is_gap,
    ));
    let (mut length, mut same) = (0.0, [0.0; 2]);
    let mut differences: BTreeMap<String, f64> = BTreeMap::new();
    for e in 0..partition.edge_count() {
        let (left, right) = partition.sides(e);
        let pair = match (of(left), of(right)) {
            ((Some(i), None), (None, Some(j))) | ((None, Some(j)), (Some(i), None)) => (i, j),
            _ => continue,
        };
        let metres = partition.edge_length(e) / 100.0;
        length += metres;
        let (p, q) = (a.codes_of(pair.0), b.codes_of(pair.1 - split));
        for (n, (one, other)) in [(&p.0, &q.0), (&p.1, &q.1)].into_iter().enumerate() {
            match one == other {
                true => same[n] += metres,
                false => {
                    let what = format!("{one} | {other}");
                    *differences.entry(what).or_default() += metres;
                }
            }
        }
    }
    let mut differences: Vec<(String, f64)> = differences.into_iter().collect();
    differences.sort_by(|p, q| q.1.total_cmp(&p.1));
    differences.truncate(NAMED);
    Ok(Border {
        places,
        length,
        same,
        differences,
        findings,
    })
}

/// Ground that neither covers, enclosed, and beside both.
fn between(
    overlay: &crate::partition::Overlay,
    of: impl Fn(FaceId) -> (Option<u32>, Option<u32>),
) -> Vec<bool> {
    let partition = &overlay.partition;
    let is_covered = |f: FaceId| of(f) != (None, None);
    let enclosed = super::gaps(partition, is_covered);
    let mut beside = vec![[false; 2]; partition.face_count()];
    for e in 0..partition.edge_count() {
        let (left, right) = partition.sides(e);
        for (gap, other) in [(left, right), (right, left)] {
            let (own, second) = of(other);
            if enclosed[gap as usize] {
                beside[gap as usize][0] |= own.is_some();
                beside[gap as usize][1] |= second.is_some();
            }
        }
    }
    beside.iter().map(|sides| sides[0] && sides[1]).collect()
}

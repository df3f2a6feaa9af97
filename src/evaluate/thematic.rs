//! How right each vintage is by itself: its codes against the true ones.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::align::{Ground, NONE, Series, is_as_wide};
use crate::error::Result;
use crate::generalise::{Plot, Rules};
use crate::grid::STEPS_PER_METRE;
use crate::partition::FaceId;
use crate::reference::{Code, Reference};
use crate::vintage::Object;

/// How much ground of a vintage has its true codes. Areas are in half square centimetres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VintageScore {
    /// The département.
    pub departement: Arc<str>,
    /// The year.
    pub year: u16,
    /// Whether it is about the ground alone whose true objects keep to the minimum units and widths of the
    /// specification: a vintage that keeps to them cannot show others.
    pub is_specified: bool,
    /// The ground that both describe,
    pub area: i64,
    /// that which has its true cover,
    pub cover: i64,
    /// that which has its true use,
    pub usage: i64,
    /// and that which has both.
    pub both: i64,
}

impl VintageScore {
    /// The share of an area in all.
    pub fn share(&self, area: i64) -> f64 {
        area as f64 / self.area as f64
    }
}

/// A vintage on the ground.
#[derive(Clone, Copy)]
pub(super) struct Version<'a> {
    pub(super) ground: &'a Ground,
    pub(super) series: &'a Series,
    pub(super) vintage: usize,
}

impl<'a> Version<'a> {
    fn at(self, face: FaceId) -> Option<&'a Object> {
        self.series.versions[self.vintage].at(self.ground, face)
    }
}

/// Compares a vintage with the true one, within the communes of a département: all ground, and that of objects
/// that keep to the specification.
pub(super) fn compare(
    truth: Version,
    seen: Version,
    departement: u32,
    reference: &Reference,
) -> Result<[VintageScore; 2]> {
    let is_specified = specified(truth, &Rules::new(reference)?);
    let ground = truth.ground;
    let nothing = VintageScore {
        departement: Arc::clone(&ground.departements[departement as usize]),
        year: ground.vintages[truth.vintage].year,
        is_specified: false,
        area: 0,
        cover: 0,
        usage: 0,
        both: 0,
    };
    let mut scores = [false, true].map(|is_specified| VintageScore {
        is_specified,
        ..nothing.clone()
    });
    for (f, &is_specified) in is_specified.iter().enumerate() {
        let is_here = ground.departement[f] == departement && ground.commune[f] != NONE;
        let face = f as FaceId;
        let (true, Some(right), Some(found)) = (is_here, truth.at(face), seen.at(face)) else {
            continue;
        };
        let area = ground.partition.area(face);
        let (cover, usage) = (found.cover == right.cover, found.usage == right.usage);
        for score in scores.iter_mut().take(1 + usize::from(is_specified)) {
            score.area += area;
            score.cover += if cover { area } else { 0 };
            score.usage += if usage { area } else { 0 };
            score.both += if cover && usage { area } else { 0 };
        }
    }
    Ok(scores)
}

/// Whether each face belongs to ground of one cover and use that is as large and as wide as the specification asks.
fn specified(truth: Version, rules: &Rules) -> Vec<bool> {
    let ground = truth.ground;
    let partition = &ground.partition;
    let faces = partition.face_count() as FaceId;
    let mut numbers: HashMap<(Code, Code), u32> = HashMap::new();
    let keys: Vec<u32> = (0..faces)
        .map(|face| {
            truth.at(face).map_or(0, |object| {
                let next = numbers.len() as u32 + 1;
                *numbers.entry((object.cover, object.usage)).or_insert(next)
            })
        })
        .collect();
    let merged = partition.dissolve(&keys);
    let mut in_zone = vec![0i64; merged.members.len()];
    if let Some(zone) = &ground.vintages[truth.vintage].zone {
        for face in (0..faces).filter(|&face| zone[face as usize]) {
            in_zone[merged.merged[face as usize] as usize] += partition.area(face);
        }
    }
    let keeps: Vec<bool> = (0..merged.members.len())
        .into_par_iter()
        .map(|piece| {
            let Some(object) = truth.at(merged.members[piece]) else {
                return false;
            };
            let plot = Plot {
                cover: object.cover,
                usage: object.usage,
                if_narrow: object.usage,
                ossature: false,
                in_zone: in_zone[piece],
                beyond: None,
                origin: 0,
            };
            let area = merged.partition.area(piece as FaceId);
            let widths = [rules.least_width(&plot), rules.width_of_use(&plot)];
            let width = widths.into_iter().flatten().fold(0.0, f64::max);
            area >= rules.least_area(&plot, area)
                && merged
                    .partition
                    .polygon(piece as FaceId)
                    .is_some_and(|polygon| is_as_wide(&polygon, width * STEPS_PER_METRE))
        })
        .collect();
    let keeps = |&piece: &u32| keeps[piece as usize];
    merged.merged.iter().map(keeps).collect()
}

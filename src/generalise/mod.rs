//! From faces as sources draw them to the specification of OCS GE: zone construite, minimum units and
//! widths, outlines without detail.
//!
//! Ossature is never given to a neighbour nor takes one, so that what it parts is generalised block by
//! block, side by side. Everything stays one partition: lines that are added are laid with the others,
//! and areas are sums of faces.

mod buildings;
mod divide;
mod minimum;
mod outlines;
mod rules;
mod width;
mod zone;

use std::collections::HashMap;

pub use buildings::grow_buildings;
pub use minimum::{Exception, absorb, exceptions};
pub use outlines::simplify;
pub use rules::Rules;
pub use width::{Wide, Widths, narrow, widen};
pub use zone::zone_construite;

use crate::grid::Point;
use crate::partition::{self, FaceId, Partition, Polygon};
use crate::reference::Code;

/// What a face of the ground is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plot {
    /// Its cover.
    pub cover: Code,
    /// Its use.
    pub usage: Code,
    /// The use that it has where it is narrower than its use asks.
    pub if_narrow: Code,
    /// Whether it belongs to the ossature.
    pub ossature: bool,
    /// How much of it lies in the zone construite, half cm².
    pub in_zone: i64,
    /// What of the plot that it was a part of lies beyond the limit of the territory; none of one that
    /// was not cut.
    pub beyond: Option<Beyond>,
    /// Where it comes from: a number that the caller gives.
    pub origin: u32,
}

/// The part of a plot beyond a limit that cut it, half cm².
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Beyond {
    /// Its area,
    pub area: i64,
    /// and how much of that lies in the zone construite.
    pub in_zone: i64,
}

impl Plot {
    /// What makes two plots one where they touch.
    pub fn key(&self) -> (Code, Code, bool) {
        (self.cover, self.usage, self.ossature)
    }
}

/// A partition whose faces are plots; those that are none are not of the territory.
#[derive(Clone)]
pub struct Plots {
    /// The faces.
    pub partition: Partition,
    /// What each is.
    pub plots: Vec<Option<Plot>>,
}

/// Plots on which shapes were laid.
struct Relaid {
    plots: Plots,
    /// The face that each was part of.
    parents: Vec<FaceId>,
    /// The shapes that cover each, increasing.
    shapes: Vec<Vec<u32>>,
}

impl Plots {
    /// Faces that are plots.
    pub fn faces(&self) -> impl Iterator<Item = (FaceId, &Plot)> {
        let plots = self.plots.iter().enumerate();
        plots.filter_map(|(face, plot)| Some((face as FaceId, plot.as_ref()?)))
    }

    /// The area of all plots, half cm².
    pub fn area(&self) -> i64 {
        self.faces()
            .map(|(face, _)| self.partition.area(face))
            .sum()
    }

    /// Merges plots that are one thing where they touch.
    #[must_use]
    pub fn dissolve(&self) -> Self {
        self.dissolve_but(&[]).0
    }

    /// The same, leaving the faces of `apart` as they are; gives which these are then.
    fn dissolve_but(&self, apart: &[bool]) -> (Self, Vec<bool>) {
        let is_apart = |face: usize| apart.get(face).copied().unwrap_or(false);
        let mut numbers = HashMap::new();
        let mut next = 0;
        let mut number = || {
            next += 1;
            next
        };
        let keys: Vec<u32> = self
            .plots
            .iter()
            .enumerate()
            .map(|(face, plot)| match plot {
                None => 0,
                Some(_) if is_apart(face) => number(),
                Some(plot) => *numbers.entry(plot.key()).or_insert_with(&mut number),
            })
            .collect();
        let dissolved = self.partition.dissolve(&keys);
        let mut plots: Vec<Option<Plot>> = vec![None; dissolved.members.len()];
        let mut largest = vec![0i64; plots.len()];
        for (face, plot) in self.faces() {
            let merged = dissolved.merged[face as usize] as usize;
            let area = self.partition.area(face);
            let in_zone = plots[merged].map_or(0, |p| p.in_zone) + plot.in_zone;
            // One part and another have the same beyond the limit.
            let beyond = plots[merged].and_then(|p| p.beyond).max(plot.beyond);
            // The largest part tells where the whole comes from.
            if plots[merged].is_none() || area > largest[merged] {
                largest[merged] = area;
                plots[merged] = Some(*plot);
            }
            if let Some(plot) = &mut plots[merged] {
                plot.in_zone = in_zone;
                plot.beyond = beyond;
            }
        }
        let members = dissolved.members.iter();
        let apart = members.map(|&face| is_apart(face as usize)).collect();
        let plots = Self {
            partition: dissolved.partition,
            plots,
        };
        (plots, apart)
    }

    /// Measures how much of each plot lies in the zone construite.
    pub fn measure_zone(&mut self, zones: &[Polygon]) {
        let relaid = self.partition.relay(zones);
        for plot in self.plots.iter_mut().flatten() {
            plot.in_zone = 0;
        }
        for (face, parent) in relaid.parents.iter().enumerate() {
            let is_in = !relaid.shapes[face].is_empty();
            if let Some(plot) = self.plots[*parent as usize].as_mut().filter(|_| is_in) {
                plot.in_zone += relaid.partition.area(face as FaceId);
            }
        }
    }

    /// The parts of the plots that lie in shapes, and the area of the shapes as they are laid here, half cm²:
    /// where an outline of theirs meets one of the plots it is bent, by less than a step.
    #[must_use]
    pub fn within(&self, shapes: &[Polygon]) -> (Self, i64) {
        let Relaid {
            mut plots,
            parents,
            shapes,
        } = self.relay(shapes);
        let mut beyond = vec![
            Beyond {
                area: 0,
                in_zone: 0
            };
            self.plots.len()
        ];
        for (face, plot) in plots
            .faces()
            .filter(|(face, _)| shapes[*face as usize].is_empty())
        {
            let beyond = &mut beyond[parents[face as usize] as usize];
            beyond.area += plots.partition.area(face);
            beyond.in_zone += plot.in_zone;
        }
        let mut laid = 0;
        for (face, plot) in plots.plots.iter_mut().enumerate() {
            *plot = plot.filter(|_| !shapes[face].is_empty());
            if !shapes[face].is_empty() {
                laid += plots.partition.area(face as FaceId);
            }
            if let Some(plot) = plot {
                let beyond = beyond[parents[face] as usize];
                plot.beyond = (beyond.area > 0).then_some(beyond);
            }
        }
        (plots.dissolve(), laid)
    }

    /// Lays shapes on the plots: faces are cut along them.
    fn relay(&self, shapes: &[Polygon]) -> Relaid {
        self.laid(self.partition.relay(shapes))
    }

    /// Lays shapes given by rings: each covers what an odd number of its rings enclose.
    fn relay_rings<'a, R>(&self, shapes: impl Iterator<Item = R>) -> Relaid
    where
        R: Iterator<Item = &'a [Point]>,
    {
        self.laid(self.partition.relay_rings(shapes))
    }

    /// The plots of a partition that was laid on theirs.
    fn laid(&self, relaid: partition::Relaid) -> Relaid {
        let part = |(face, &parent): (usize, &FaceId)| {
            let plot = self.plots[parent as usize]?;
            let area = i128::from(relaid.partition.area(face as FaceId));
            let whole = i128::from(self.partition.area(parent)).max(1);
            let in_zone = i128::from(plot.in_zone) * area / whole;
            Some(Plot {
                in_zone: in_zone as i64,
                ..plot
            })
        };
        let plots = relaid.parents.iter().enumerate().map(part).collect();
        Relaid {
            plots: Self {
                partition: relaid.partition,
                plots,
            },
            parents: relaid.parents,
            shapes: relaid.shapes,
        }
    }
}

//! Minimum widths: parts that are too narrow go to their neighbours.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use super::{Plot, Plots, Rules, absorb};
use crate::error::Result;
use crate::grid::HALF_CM2_PER_M2;
use crate::partition::{FaceId, Polygon};
use crate::vector::Surface;

/// Which widths are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Widths {
    /// Those that a use asks for: what is narrower has another use.
    OfUse,
    /// Those that all ground must have: what is narrower goes to a neighbour.
    OfGround,
}

/// Opening rounds corners: what it leaves there is not narrow. A part is narrow when it is larger
/// than this many squares of half the width.
const CORNERS: f64 = 1.5;

/// Polygons of more points are looked at piece by piece.
const MOST_POINTS: usize = 1_500;
/// Pieces are not cut smaller than this many widths.
const SMALLEST: f64 = 8.0;

/// Polygons that were found wide enough, by what they look like and the width.
#[derive(Default)]
pub struct Wide(HashSet<u64>);

/// Finds parts narrower than they may be, and gives them another use, or to their neighbours.
pub fn widen(plots: &Plots, rules: &Rules, widths: Widths, wide: &mut Wide) -> Result<Plots> {
    let least = |plot: &Plot| match widths {
        _ if plot.ossature => None,
        Widths::OfUse => rules.width_of_use(plot),
        Widths::OfGround => rules.least_width(plot),
    };
    let tested: Vec<(FaceId, f64)> = plots
        .faces()
        .filter_map(|(face, plot)| Some((face, least(plot)?)))
        .collect();
    let narrow: Vec<(FaceId, u64, Vec<Polygon>)> = tested
        .par_iter()
        .map(|&(face, width)| {
            let polygon = plots.partition.polygon(face).unwrap_or_default();
            let mut hasher = DefaultHasher::new();
            (&polygon.exterior, &polygon.holes, width.to_bits()).hash(&mut hasher);
            let looks = hasher.finish();
            let parts = match wide.0.contains(&looks) {
                true => Vec::new(),
                false => narrow_parts(&polygon, width)?,
            };
            Ok((face, looks, parts))
        })
        .collect::<Result<_>>()?;
    let is_wide =
        |(_, looks, parts): &(FaceId, u64, Vec<Polygon>)| parts.is_empty().then_some(*looks);
    wide.0.extend(narrow.iter().filter_map(is_wide));
    let (mut shapes, mut owners) = (Vec::new(), Vec::new());
    for (face, _, parts) in narrow {
        owners.extend(parts.iter().map(|_| face));
        shapes.extend(parts);
    }
    if shapes.is_empty() {
        return Ok(plots.clone());
    }
    let mut laid = plots.relay(&shapes);
    let mut is_narrow = vec![false; laid.parents.len()];
    for (face, covering) in laid.shapes.iter().enumerate() {
        let own = laid.parents[face];
        is_narrow[face] = covering.iter().any(|&s| owners[s as usize] == own);
    }
    match widths {
        Widths::OfUse => {
            for (face, plot) in laid.plots.plots.iter_mut().enumerate() {
                if let Some(plot) = plot.as_mut().filter(|_| is_narrow[face]) {
                    plot.usage = plot.if_narrow;
                }
            }
            Ok(laid.plots.dissolve())
        }
        Widths::OfGround => Ok(absorb(&laid.plots, rules, &is_narrow)),
    }
}

/// The parts of a polygon in which a circle of this diameter (m) has no room.
fn narrow_parts(polygon: &Polygon, width: f64) -> Result<Vec<Polygon>> {
    let radius = width / 2.0;
    let surface = Surface::of([polygon])?;
    let corner = CORNERS * radius * radius * HALF_CM2_PER_M2 as f64;
    let mut parts = match polygon.point_count() > MOST_POINTS {
        false => surface.without(&opened(&surface, radius)?)?.polygons()?,
        true => {
            let pieces = narrow_pieces(&surface.wkb()?, surface.bounds(), width)?;
            // Parts that were cut between pieces are whole again.
            Surface::of(&pieces)?.grown(0.0)?.polygons()?
        }
    };
    parts.retain(|part| part.area().abs() as f64 > corner);
    Ok(parts)
}

/// The narrow parts of a surface (WKB) within a rectangle; it must be whole as far as two widths
/// around.
fn narrow_pieces(
    surface: &[u8],
    [west, south, east, north]: [f64; 4],
    width: f64,
) -> Result<Vec<Polygon>> {
    let around = 2.0 * width;
    let size = (east - west).max(north - south);
    let here = Surface::of_wkb([surface])?.within([
        west - around,
        south - around,
        east + around,
        north + around,
    ])?;
    if here.is_empty() {
        return Ok(Vec::new());
    }
    let points = here
        .polygons()?
        .iter()
        .map(Polygon::point_count)
        .sum::<usize>();
    if points <= MOST_POINTS || size < SMALLEST * width {
        let narrow = here.without(&opened(&here, width / 2.0)?)?;
        return narrow.within([west, south, east, north])?.polygons();
    }
    let (x, y) = ((west + east) / 2.0, (south + north) / 2.0);
    let quarters = [
        [west, south, x, y],
        [x, south, east, y],
        [west, y, x, north],
        [x, y, east, north],
    ];
    let here = here.wkb()?;
    let pieces: Vec<Vec<Polygon>> = quarters
        .into_par_iter()
        .map(|quarter| narrow_pieces(&here, quarter, width))
        .collect::<Result<_>>()?;
    Ok(pieces.into_iter().flatten().collect())
}

/// A surface without the parts in which a circle has no room.
fn opened(surface: &Surface, radius: f64) -> Result<Surface> {
    surface.grown(-radius)?.grown(radius)
}

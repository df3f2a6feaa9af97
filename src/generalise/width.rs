//! Minimum widths: parts that are too narrow go to their neighbours.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use super::divide::divide;
use super::{Plot, Plots, Rules, absorb};
use crate::error::Result;
use crate::grid::{HALF_CM2_PER_M2, Point};
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

/// How exactly a width is measured, m: what is this much narrower is as wide.
const PRECISION: f64 = 0.1;
/// Polygons of more points are looked at piece by piece.
const MOST_POINTS: usize = 1_500;
/// Pieces are not cut smaller than this many widths.
const SMALLEST: f64 = 8.0;

/// Polygons that were found wide enough, by what they look like and the width.
#[derive(Default)]
pub struct Wide(HashSet<u64>);

/// The narrow parts of each plot that has a least width, and what it looks like.
fn find(
    plots: &Plots,
    rules: &Rules,
    widths: Widths,
    wide: &Wide,
) -> Result<Vec<(FaceId, u64, Vec<Polygon>)>> {
    let tested: Vec<(FaceId, f64)> = plots
        .faces()
        .filter_map(|(face, plot)| Some((face, least(plot, rules, widths)?)))
        .collect();
    tested
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
        .collect()
}

/// The least width of a plot by which it is looked at, m.
fn least(plot: &Plot, rules: &Rules, widths: Widths) -> Option<f64> {
    match widths {
        _ if plot.ossature => None,
        Widths::OfUse => rules.width_of_use(plot),
        Widths::OfGround => rules.least_width(plot),
    }
}

/// Finds parts narrower than they may be, and gives them another use, or to their neighbours.
pub fn widen(plots: &Plots, rules: &Rules, widths: Widths, wide: &mut Wide) -> Result<Plots> {
    let narrow = find(plots, rules, widths, wide)?;
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
    // Parts that were found piece by piece are measured whole.
    let keys = laid.parents.iter().zip(&is_narrow);
    let keys: Vec<u32> = keys.map(|(&own, &is)| if is { own } else { 0 }).collect();
    let whole = laid.plots.partition.dissolve(&keys);
    for (face, is_narrow) in is_narrow.iter_mut().enumerate().filter(|(_, is)| **is) {
        let area = whole.partition.area(whole.merged[face]);
        let plot = plots.plots[laid.parents[face] as usize];
        let width = plot.and_then(|plot| least(&plot, rules, widths));
        *is_narrow = width.is_some_and(|width| area > corner(width));
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
        Widths::OfGround => {
            let (plots, is_left) = divide(&laid.plots, &laid.parents, &is_narrow, rules);
            // Each share is its neighbour's before anything is given away.
            let (plots, is_left) = plots.dissolve_but(&is_left);
            Ok(absorb(&plots, rules, &is_left))
        }
    }
}

/// The area of a part that is no more than the rounding of corners, half cm².
fn corner(width: f64) -> i64 {
    (CORNERS * (width / 2.0).powi(2) * HALF_CM2_PER_M2 as f64) as i64
}

/// The parts of a polygon in which a circle of this diameter (m) has no room, cut in pieces where the
/// polygon is large.
fn narrow_parts(polygon: &Polygon, width: f64) -> Result<Vec<Polygon>> {
    let surface = Surface::of([polygon])?;
    if polygon.point_count() > MOST_POINTS {
        return narrow_pieces(&surface.wkb()?, surface.bounds(), width);
    }
    let mut parts = surface.without(&opened(&surface, width)?)?.polygons()?;
    parts.retain(|part| part.area().abs() > corner(width));
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
    let points: usize = here.polygons()?.iter().map(Polygon::point_count).sum();
    if points <= MOST_POINTS || size < SMALLEST * width {
        let narrow = here.without(&opened(&here, width)?)?;
        let mut parts = narrow.within([west, south, east, north])?.polygons()?;
        // What ends within the rectangle is seen whole.
        let inside = |p: &Point| {
            let (x, y) = p.metres();
            x > west + EDGE && x < east - EDGE && y > south + EDGE && y < north - EDGE
        };
        parts.retain(|part| part.area().abs() > corner(width) || !part.exterior.iter().all(inside));
        return Ok(parts);
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

/// What lies this near the edge of a rectangle may go on beyond it, m.
const EDGE: f64 = 0.02;

/// A surface without the parts in which a circle of this diameter has no room.
fn opened(surface: &Surface, width: f64) -> Result<Surface> {
    let radius = (width - PRECISION) / 2.0;
    surface.grown(-radius)?.grown(radius)
}

/// Parts that are narrower than all ground must be: the plot of each, and its area, half cm².
pub fn narrow(plots: &Plots, rules: &Rules, wide: &Wide) -> Result<Vec<(FaceId, i64)>> {
    let found = find(plots, rules, Widths::OfGround, wide)?;
    let parts = found.into_iter().flat_map(|(face, _, parts)| {
        let areas = parts.into_iter().map(move |part| (face, part.area().abs()));
        areas.collect::<Vec<_>>()
    });
    Ok(parts.collect())
}

//! Minimum widths: parts that are too narrow go to their neighbours.

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

/// Finds parts narrower than they may be, and gives them another use, or to their neighbours.
pub fn widen(plots: &Plots, rules: &Rules, widths: Widths) -> Result<Plots> {
    let least = |plot: &Plot| match widths {
        _ if plot.ossature => None,
        Widths::OfUse => rules.width_of_use(plot),
        Widths::OfGround => rules.least_width(plot),
    };
    let tested: Vec<(FaceId, f64)> = plots
        .faces()
        .filter_map(|(face, plot)| Some((face, least(plot)?)))
        .collect();
    let narrow: Vec<(FaceId, Vec<Polygon>)> = tested
        .par_iter()
        .map(|&(face, width)| {
            let polygon = plots.partition.polygon(face).unwrap_or_default();
            Ok((face, narrow_parts(&polygon, width)?))
        })
        .collect::<Result<_>>()?;
    let (mut shapes, mut owners) = (Vec::new(), Vec::new());
    for (face, parts) in narrow {
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
    let opened = surface.grown(-radius)?.grown(radius)?;
    let corner = CORNERS * radius * radius * HALF_CM2_PER_M2 as f64;
    let mut parts = surface.without(&opened)?.polygons()?;
    parts.retain(|part| part.area().abs() as f64 > corner);
    Ok(parts)
}

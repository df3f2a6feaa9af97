//! Small buildings that stand alone are grown to the minimum unit.

use rayon::prelude::*;

use super::{Plots, Rules};
use crate::error::Result;
use crate::grid::HALF_CM2_PER_M2;
use crate::partition::{FaceId, Polygon};
use crate::vector::Surface;

/// How exactly a building is grown, m.
const PRECISION: f64 = 0.005;
/// No building is grown by more, m.
const MOST_GROWN: f64 = 8.0;

/// Grows buildings that are large enough to be kept and too small to stand alone. They take ground of
/// their neighbours, but not of ossature or of other buildings.
pub fn grow_buildings(plots: &Plots, rules: &Rules) -> Result<Plots> {
    let keys: Vec<u32> = plots
        .plots
        .iter()
        .map(|plot| u32::from(plot.is_some_and(|p| p.cover == rules.built)))
        .collect();
    let built = plots.partition.dissolve(&keys);
    let wanted = rules.building_grown * HALF_CM2_PER_M2 as f64;
    let small: Vec<FaceId> = (1..built.members.len() as FaceId)
        .filter(|&f| {
            let area = built.partition.area(f);
            let is_built = keys[built.members[f as usize] as usize] == 1;
            is_built && area >= rules.building_least && (area as f64) < wanted
        })
        .collect();
    let grown = small
        .par_iter()
        .map(|&f| {
            let polygon = built.partition.polygon(f).unwrap_or_default();
            let member = built.members[f as usize];
            Ok((grow(&polygon, rules.building_grown)?, member))
        })
        .collect::<Result<Vec<_>>>()?;
    let (mut shapes, mut members) = (Vec::new(), Vec::new());
    for (polygons, member) in grown {
        members.extend(polygons.iter().map(|_| member));
        shapes.extend(polygons);
    }
    let mut laid = plots.relay(&shapes);
    for (face, covering) in laid.shapes.iter().enumerate() {
        let (Some(&shape), Some(plot)) = (covering.first(), &mut laid.plots.plots[face]) else {
            continue;
        };
        if let Some(building) = plots.plots[members[shape as usize] as usize]
            && !plot.ossature
            && plot.cover != rules.built
        {
            let in_zone = plot.in_zone;
            *plot = building;
            plot.in_zone = in_zone;
        }
    }
    Ok(laid.plots.dissolve())
}

/// A building grown on all sides to an area, m².
fn grow(building: &Polygon, area: f64) -> Result<Vec<Polygon>> {
    let surface = Surface::of([building])?;
    let (mut least, mut most) = (0.0, MOST_GROWN);
    while most - least > PRECISION {
        let middle = (least + most) / 2.0;
        if surface.grown_bluntly(middle)?.area() < area {
            least = middle;
        } else {
            most = middle;
        }
    }
    surface.grown_bluntly(most + PRECISION)?.polygons()
}

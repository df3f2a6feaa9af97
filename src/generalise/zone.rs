//! The zone construite: the ground around built areas.

use std::collections::HashMap;

use rayon::prelude::*;

use super::Rules;
use crate::error::Result;
use crate::grid::{HALF_CM2_PER_M2, STEPS_PER_METRE};
use crate::partition::{DisjointSets, Polygon, signed_area};
use crate::vector::Surface;

/// The zone construite around buildings: what lies near them, those close to one another in one zone,
/// without small holes, and no smaller than it may be. Its polygons do not overlap.
pub fn zone_construite(buildings: &[Polygon], rules: &Rules) -> Result<Vec<Polygon>> {
    let mut groups: Vec<Vec<&Polygon>> = groups(buildings, rules.zone_dilate);
    groups.sort_by_key(|group| group.iter().map(|p| p.exterior.first().copied()).min());
    let least = rules.zone_least * HALF_CM2_PER_M2 as f64;
    let hole = rules.zone_hole * HALF_CM2_PER_M2 as f64;
    let zones: Vec<Vec<Polygon>> = groups
        .into_par_iter()
        .map(|group| {
            let around = Surface::of(group)?.grown(rules.zone_dilate)?;
            let mut zones = around.grown(-rules.zone_erode)?.polygons()?;
            for zone in &mut zones {
                zone.holes
                    .retain(|ring| signed_area(ring).abs() as f64 >= hole);
            }
            zones.retain(|zone| outer_area(zone) >= least);
            Ok(zones)
        })
        .collect::<Result<_>>()?;
    Ok(zones.into_iter().flatten().collect())
}

/// The area of a polygon whose rings may turn either way.
fn outer_area(polygon: &Polygon) -> f64 {
    let holes: i64 = polygon.holes.iter().map(|h| signed_area(h).abs()).sum();
    (signed_area(&polygon.exterior).abs() - holes) as f64
}

/// Polygons in groups that lie so far apart that what is within `reach` metres of one does not touch
/// what is within it of another.
fn groups(polygons: &[Polygon], reach: f64) -> Vec<Vec<&Polygon>> {
    let reach = (reach * STEPS_PER_METRE) as i64;
    // Cells as large as the reach: what comes near shares a cell.
    let cell = (4 * reach).max(1);
    let bounds = |polygon: &Polygon| {
        let (xs, ys) = (
            polygon.exterior.iter().map(|p| i64::from(p.x)),
            polygon.exterior.iter().map(|p| i64::from(p.y)),
        );
        Some([
            xs.clone().min()? - reach,
            ys.clone().min()? - reach,
            xs.max()? + reach,
            ys.max()? + reach,
        ])
    };
    let boxes: Vec<[i64; 4]> = polygons.iter().filter_map(bounds).collect();
    let mut sets = DisjointSets::new(boxes.len());
    let mut cells: HashMap<(i64, i64), Vec<u32>> = HashMap::new();
    for (n, bounds) in boxes.iter().enumerate() {
        let [west, south, east, north] = bounds.map(|v| v.div_euclid(cell));
        for place in (west..=east).flat_map(|x| (south..=north).map(move |y| (x, y))) {
            let near = cells.entry(place).or_default();
            for &other in &*near {
                let o = &boxes[other as usize];
                let meets = o[0] <= bounds[2]
                    && bounds[0] <= o[2]
                    && o[1] <= bounds[3]
                    && bounds[1] <= o[3];
                if meets {
                    sets.join(n as u32, other);
                }
            }
            near.push(n as u32);
        }
    }
    let mut groups: HashMap<u32, Vec<&Polygon>> = HashMap::new();
    let drawn = polygons.iter().filter(|p| !p.exterior.is_empty());
    for (n, polygon) in drawn.enumerate() {
        groups.entry(sets.find(n as u32)).or_default().push(polygon);
    }
    groups.into_values().collect()
}

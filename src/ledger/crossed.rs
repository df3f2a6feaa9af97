//! The account by the zones of the layers that figures are crossed with.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::{VintageStatus, commune_code, period};
use crate::align::{Cause, Ground, NONE, Series, cause};
use crate::error::Result;
use crate::grid::STEPS_PER_METRE;
use crate::partition::{DisjointSets, FaceId, Partition};
use crate::reference::{Code, Reference};

/// What crossed ground is at one date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Crossed {
    /// Cover and use; `None` where the vintage has nothing.
    pub codes: Option<(Code, Code)>,
    /// Status that is published.
    pub last: Option<bool>,
    /// Impermeable.
    pub impermeable: Option<bool>,
}

/// Where crossed ground is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Where {
    /// The layer, by its number in [`Ground::crossings`],
    pub crossing: usize,
    /// its zone, or [`NONE`] for ground outside all,
    pub zone: u32,
    /// and the commune, or [`NONE`].
    pub commune: u32,
}

/// One row of the crossed account.
#[derive(Clone, Debug)]
pub struct CrossedRow {
    /// The series.
    pub series: &'static str,
    /// The département.
    pub departement: Arc<str>,
    /// Code of the commune; empty outside all.
    pub commune: Arc<str>,
    /// Where it is.
    pub place: Where,
    /// Of a layer of changes, whether it is slivers: faces narrower than the parameter `sliver_width`.
    pub is_sliver: bool,
    /// Years before and after; one for the other in a stock.
    pub years: (u16, u16),
    /// Before, and after; one for the other in a stock.
    pub sides: [Crossed; 2],
    /// Why they differ.
    pub cause: Cause,
    /// Area, in half square centimetres.
    pub area: i64,
}

/// The stock of every vintage by zone.
pub fn crossed_stocks(
    of: (&Ground, &Series, &[VintageStatus]),
    reference: &Reference,
) -> Result<Vec<CrossedRow>> {
    // A layer of changes has no stock: it is of a period.
    let places = super::places(of.0).into_iter().map(|(v, d)| (d, v, v));
    crossed(of, reference, places.collect())
}

/// The account of every period by zone.
pub fn crossed_periods(
    of: (&Ground, &Series, &[VintageStatus]),
    reference: &Reference,
    periods: &[(usize, usize, usize)],
) -> Result<Vec<CrossedRow>> {
    crossed(of, reference, periods.to_vec())
}

fn crossed(
    (ground, series, decided): (&Ground, &Series, &[VintageStatus]),
    reference: &Reference,
    periods: Vec<(usize, usize, usize)>,
) -> Result<Vec<CrossedRow>> {
    if ground.crossings.is_empty() {
        return Ok(Vec::new());
    }
    let width = reference.parameter("sliver_width")?;
    let of_period = |(d, before, after): (usize, usize, usize)| {
        let mut sums: HashMap<(Where, bool, [Crossed; 2]), i64> = HashMap::new();
        let year = |vintage: usize| ground.vintages[vintage].year;
        let years = (year(before), year(after));
        let side = |vintage, face| {
            let state = period::state(ground, series, decided, vintage, face);
            Crossed {
                codes: state.codes,
                last: state.last,
                impermeable: state.impermeable,
            }
        };
        let own: Vec<FaceId> = (0..ground.departement.len() as FaceId)
            .filter(|&face| ground.departement[face as usize] == d as u32)
            .collect();
        let sides: Vec<[Crossed; 2]> = own
            .iter()
            .map(|&face| [side(before, face), side(after, face)])
            .collect();
        for (crossing, layer) in ground.crossings.iter().enumerate() {
            if layer.period.is_some_and(|period| period != years) {
                continue;
            }
            let slivers = layer
                .period
                .map(|_| slivers(&ground.partition, &layer.zone, (&own, &sides), width));
            for (n, (&face, &sides)) in own.iter().zip(&sides).enumerate() {
                let place = Where {
                    crossing,
                    zone: layer.zone[face as usize],
                    commune: ground.commune[face as usize],
                };
                let is_sliver = slivers.as_ref().is_some_and(|slivers| slivers[n]);
                let sum = sums.entry((place, is_sliver, sides)).or_default();
                *sum += ground.partition.area(face);
            }
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_unstable();
        sums.into_iter()
            .map(|((place, is_sliver, sides), area)| CrossedRow {
                series: series.name,
                departement: ground.departements[d].clone(),
                commune: commune_code(ground, place.commune),
                place,
                is_sliver,
                years,
                sides,
                cause: cause(
                    reference,
                    sides[0].codes,
                    sides[1].codes,
                    sides[0].last != sides[1].last,
                ),
                area,
            })
            .collect::<Vec<CrossedRow>>()
    };
    Ok(periods.into_par_iter().flat_map(of_period).collect())
}

/// Whether each of some faces belongs to a sliver: ground that touches, of one zone and of the same before and after,
/// whose mean width, twice its area by its outline, is less than `width` metres.
fn slivers(
    partition: &Partition,
    zones: &[u32],
    (own, sides): (&[FaceId], &[[Crossed; 2]]),
    width: f64,
) -> Vec<bool> {
    let mut numbers = HashMap::new();
    let mut keys = vec![0; partition.face_count()];
    for (&face, sides) in own.iter().zip(sides) {
        let next = numbers.len() + 1;
        let key = (zones[face as usize], sides);
        keys[face as usize] = *numbers.entry(key).or_insert(next);
    }
    let mut sets = DisjointSets::new(keys.len());
    let borders: Vec<usize> = (0..partition.edge_count())
        .filter(|&e| {
            let (left, right) = partition.sides(e);
            let is_within = keys[left as usize] == keys[right as usize];
            if is_within {
                sets.join(left, right);
            }
            !is_within
        })
        .collect();
    let mut outlines = vec![0.0; keys.len()];
    for e in borders {
        let (left, right) = partition.sides(e);
        for face in [left, right] {
            outlines[sets.find(face) as usize] += partition.edge_length(e);
        }
    }
    let mut areas = vec![0i64; keys.len()];
    let whole: Vec<usize> = own
        .iter()
        .map(|&face| {
            let whole = sets.find(face) as usize;
            areas[whole] += partition.area(face);
            whole
        })
        .collect();
    // Areas are in halves of a square step, outlines in steps.
    let is_narrow = |n: usize| (areas[n] as f64) < width * STEPS_PER_METRE * outlines[n];
    whole.into_iter().map(is_narrow).collect()
}

/// The area of the zones of a crossed layer that no row of the crossed account has, in half square
/// centimetres.
pub fn in_no_account(ground: &Ground, crossing: usize, rows: &[CrossedRow]) -> i64 {
    let zone = &ground.crossings[crossing].zone;
    let faces = (0..zone.len()).filter(|&face| zone[face] != NONE);
    let whole: i64 = faces
        .map(|face| ground.partition.area(face as FaceId))
        .sum();
    let is_told = |row: &&CrossedRow| {
        row.place.crossing == crossing
            && row.place.zone != NONE
            && rows.first().is_some_and(|first| first.series == row.series)
    };
    whole - rows.iter().filter(is_told).map(|row| row.area).sum::<i64>()
}

impl Where {
    /// The zone among those of its layer; `None` outside all.
    pub fn zone_of(self, ground: &Ground) -> Option<&crate::crossings::Zone> {
        let layer = &ground.crossings[self.crossing];
        (self.zone != NONE).then(|| &layer.zones[self.zone as usize])
    }
}

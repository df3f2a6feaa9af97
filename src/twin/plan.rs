//! What is decided for the territory as a whole before any cell is painted: who lives where, what
//! rivers and railways pass, where works and networks lie, and how fast the ground is built over.

use std::collections::BTreeMap;

use super::chance::{Draw, Subject, chance};
use super::layout::{Cell, Layout, Seam};
use super::lines::{Passage, passages};
use super::sites::Site;

/// Ground built over in a year, of each km²: 24 000 ha a year over the 55 million of France.
const BUILT_M2_PER_KM2_AND_YEAR: f64 = 436.0;
/// Ground renatured, as a share of what is built over.
const RENATURED_SHARE: f64 = 0.125;
/// Houses of a km², in the mean.
const HOUSES_PER_KM2: f64 = 46.0;
/// Most houses of a km² of a cell.
const MOST_HOUSES_PER_KM2: f64 = 150.0;
/// Sites of a km², beyond the first one of each kind.
const SITES_PER_KM2: f64 = 0.45;

/// What grows and shrinks in a cell between two successive dates, m².
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Growth {
    /// Ground to be built over.
    pub(super) built: f64,
    /// Ground to be renatured.
    pub(super) renatured: f64,
}

/// What is decided for a cell.
#[derive(Debug, Default)]
pub(super) struct CellPlan {
    /// Houses at the first date.
    pub(super) houses: usize,
    /// Works, networks and the like.
    pub(super) sites: Vec<Site>,
    /// Rivers, railways and canals.
    pub(super) passages: Vec<Passage>,
    /// What changes, by period.
    pub(super) growth: Vec<Growth>,
}

/// The plan of a territory, by cell.
pub(super) fn plan(layout: &Layout, years: &[u16]) -> BTreeMap<Cell, CellPlan> {
    let cells = layout.inland();
    let mut plans: BTreeMap<Cell, CellPlan> =
        cells.iter().map(|&c| (c, CellPlan::default())).collect();
    settle_people(layout, &mut plans);
    place_sites(layout, &mut plans);
    for (cell, passage) in passages(layout) {
        if let Some(plan) = plans.get_mut(&cell) {
            plan.passages.push(passage);
        }
    }
    for period in years.windows(2) {
        grow(layout, f64::from(period[1] - period[0]), &mut plans);
    }
    plans
}

/// Square kilometres of a cell.
fn km2(layout: &Layout) -> f64 {
    (layout.pitch / 1_000.0).powi(2)
}

/// Houses: many cells with few, few with many.
fn settle_people(layout: &Layout, plans: &mut BTreeMap<Cell, CellPlan>) {
    let mut chance = chance(layout.seed, Subject::Rota, &[0]);
    for (&(column, row), plan) in plans.iter_mut() {
        let crowd = (chance.between(-1.0, 1.0) + chance.between(-1.0, 1.0)).exp();
        let middle = super::shapes::centre(&layout.corners((column, row)));
        let thinned = if layout.relief().is_high(middle) {
            0.0
        } else {
            1.0
        };
        let per_km2 = (HOUSES_PER_KM2 * crowd / 1.38).min(MOST_HOUSES_PER_KM2);
        plan.houses = (per_km2 * thinned * km2(layout)) as usize;
    }
}

/// Sites: first one of each kind in turn, then by their frequency.
fn place_sites(layout: &Layout, plans: &mut BTreeMap<Cell, CellPlan>) {
    let mut chance = chance(layout.seed, Subject::Rota, &[1]);
    let mut order: Vec<Cell> = plans.keys().copied().collect();
    shuffle(&mut order, &mut chance);
    let lived_in = |cell: &Cell| plans[cell].houses > 0;
    // Works are built where people live; where that is nowhere, anywhere.
    if order.iter().any(lived_in) {
        order.sort_by_key(|cell| !lived_in(cell));
    }
    let habitable = order
        .iter()
        .filter(|cell| lived_in(cell))
        .count()
        .max(1)
        .min(order.len());
    for (n, &site) in Site::ALL.iter().enumerate() {
        if let Some(plan) = plans.get_mut(&order[n % habitable]) {
            plan.sites.push(site);
        }
    }
    for plan in plans.values_mut().filter(|plan| plan.houses > 0) {
        let most = SITES_PER_KM2 * km2(layout) * 2.0;
        let more = (chance.between(0.0, most).round() as usize).saturating_sub(plan.sites.len());
        plan.sites
            .extend((0..more).map(|_| Site::draw(&mut chance)));
    }
}

/// Shares out what is built over and renatured in a period of this many years.
fn grow(layout: &Layout, years: f64, plans: &mut BTreeMap<Cell, CellPlan>) {
    let period = plans.values().next().map_or(0, |plan| plan.growth.len());
    let mut chance = chance(layout.seed, Subject::Growth, &[period]);
    let total_km2 = km2(layout) * (layout.columns * layout.rows) as f64;
    let built = BUILT_M2_PER_KM2_AND_YEAR * years * total_km2;
    let weights: Vec<f64> = plans
        .values()
        .map(|plan| plan.houses as f64 * (2.0 * chance.between(-1.0, 1.0)).exp())
        .collect();
    let sum: f64 = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    for (plan, weight) in plans.values_mut().zip(weights) {
        plan.growth.push(Growth {
            built: built * weight / sum,
            renatured: 0.0,
        });
    }
    let mut order: Vec<Cell> = plans
        .keys()
        .copied()
        .filter(|cell| plans[cell].houses > 0)
        .collect();
    shuffle(&mut order, &mut chance);
    let mut rest = built * RENATURED_SHARE;
    for cell in order.iter().cycle().take(order.len() * 4) {
        if rest <= 0.0 {
            break;
        }
        let part = chance.between(1_200.0, 5_000.0).min(rest.max(400.0));
        if let Some(growth) = plans.get_mut(cell).and_then(|plan| plan.growth.last_mut()) {
            growth.renatured += part;
            rest -= part;
        }
    }
}

fn shuffle<T>(things: &mut [T], chance: &mut super::chance::Chance) {
    for n in (1..things.len()).rev() {
        things.swap(n, chance.below(n + 1));
    }
}

/// The seam by which lines enter a cell on each side: west, south, east, north.
pub(super) fn seams_around((column, row): Cell) -> [Seam; 4] {
    [
        Seam::North(column, row),
        Seam::East(column, row),
        Seam::North(column + 1, row),
        Seam::East(column, row + 1),
    ]
}

//! The account: what every face of the ground is at each date, summed exactly.

mod canopy;
mod crossed;
mod judged;
mod neighbours;
mod period;
mod returned;
mod revised;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

pub use canopy::{Canopy, canopy};
pub use crossed::{Crossed, CrossedRow, Where, crossed_periods, crossed_stocks, in_no_account};
pub use judged::{Judged, judged};
pub use neighbours::neighbours;
pub use period::{Change, PeriodFaces, Side, alone, periods, places, state};
pub use returned::{Returned, returned};
pub use revised::{Revised, revised};
pub use status::{Decided, VintageStatus, decide};

use crate::align::{Cause, Ground, NONE, Series};
use crate::partition::FaceId;
use crate::reference::Code;

/// What a face is at one date, as the ledger tells faces apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    /// Cover and use; `None` where the vintage has nothing.
    pub codes: Option<(Code, Code)>,
    /// Status by the matrix.
    pub matrix: Option<bool>,
    /// Status that is published.
    pub last: Option<bool>,
    /// The producer's own status, where it is given.
    pub official: Option<bool>,
    /// Final status as computed here: the published one, but where the producer gives its own.
    pub computed: Option<bool>,
    /// Final status by the variant of the forcing that is not published.
    pub other_forcing: Option<bool>,
    /// Final status once exempted ground is set aside; as `last` where nothing is exempted.
    pub exempted: Option<bool>,
    /// Impermeable.
    pub impermeable: Option<bool>,
    /// Whether a threshold made the status differ from the matrix.
    pub threshold: Option<bool>,
    /// Whether the threshold was not put, at the edge of the data.
    pub edge: Option<bool>,
    /// In the zone construite.
    pub zone: Option<bool>,
}

/// What one row of the ledger is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The commune; empty outside all.
    pub commune: Arc<str>,
    /// Before.
    pub before: State,
    /// After.
    pub after: State,
    /// Why they differ.
    pub cause: Cause,
}

/// One row of the ledger.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is about.
    pub key: Key,
    /// Area, in half square centimetres.
    pub area: i64,
    /// Number of faces.
    pub faces: i64,
}

/// The account of one period in one département.
pub struct Ledger {
    /// The series.
    pub series: &'static str,
    /// Years before and after.
    pub years: (u16, u16),
    /// The département.
    pub departement: Arc<str>,
    /// Years between the dates, by flights where both are known.
    pub span: f64,
    /// Whether `span` is between flights, and not nominal years.
    pub by_flights: bool,
    /// The rows, sorted.
    pub rows: Vec<Row>,
}

/// The stock of one vintage in one département: one row per commune and state.
pub struct Stock {
    /// The series.
    pub series: &'static str,
    /// The year.
    pub year: u16,
    /// The département.
    pub departement: Arc<str>,
    /// Whether the vintage describes the state of the ground, and not only where it changed.
    pub is_state: bool,
    /// The rows, sorted.
    pub rows: Vec<StockRow>,
}

/// Commune, state, area in half square centimetres.
pub type StockRow = (Arc<str>, State, i64);

/// Code of a commune of the ground; empty for none.
pub fn commune_code(ground: &Ground, commune: u32) -> Arc<str> {
    match commune {
        NONE => "".into(),
        n => ground.communes[n as usize].code.clone(),
    }
}

/// The area of each commune of the ground, in half square centimetres.
pub fn commune_areas(ground: &Ground) -> Vec<i64> {
    let mut areas = vec![0; ground.communes.len()];
    for (face, &commune) in ground.commune.iter().enumerate() {
        if commune != NONE {
            areas[commune as usize] += ground.partition.area(face as FaceId);
        }
    }
    areas
}

/// Sums the faces of a period.
pub fn account(ground: &Ground, period: &PeriodFaces) -> Ledger {
    let mut keyed: Vec<(&period::Change, i64)> = (0..period.changes.len())
        .filter_map(|f| {
            let change = period.changes[f].as_ref()?;
            Some((change, period.partition.area(f as FaceId)))
        })
        .collect();
    let order = |c: &period::Change| (c.commune, c.before.state, c.after.state, c.cause);
    keyed.par_sort_unstable_by(|p, q| order(p.0).cmp(&order(q.0)));
    let rows = keyed
        .chunk_by(|p, q| order(p.0) == order(q.0))
        .map(|same| Row {
            key: Key {
                commune: commune_code(ground, same[0].0.commune),
                before: same[0].0.before.state,
                after: same[0].0.after.state,
                cause: same[0].0.cause,
            },
            area: same.iter().map(|(_, area)| area).sum(),
            faces: same.len() as i64,
        })
        .collect();
    Ledger {
        series: period.series,
        years: period.years,
        departement: period.departement.clone(),
        span: period.span,
        by_flights: period.by_flights,
        rows,
    }
}

/// The stock of every vintage in every département that it is about.
pub fn stocks(ground: &Ground, series: &Series, decided: &[VintageStatus]) -> Vec<Stock> {
    places(ground)
        .into_par_iter()
        .map(|(v, d)| {
            let mut sums: BTreeMap<(u32, State), i64> = BTreeMap::new();
            for face in 0..ground.departement.len() {
                if ground.departement[face] == d as u32 {
                    let state = period::state(ground, series, decided, v, face as FaceId);
                    *sums.entry((ground.commune[face], state)).or_default() +=
                        ground.partition.area(face as FaceId);
                }
            }
            let row = |((commune, state), area)| (commune_code(ground, commune), state, area);
            Stock {
                series: series.name,
                year: ground.vintages[v].year,
                departement: ground.departements[d].clone(),
                is_state: ground.vintages[v].is_state,
                rows: sums.into_iter().map(row).collect(),
            }
        })
        .collect()
}

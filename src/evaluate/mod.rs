//! How well changes are told from noise, where the truth is known: observed vintages against the
//! true ones of the same territory, as they are and aligned. Everything is laid on one partition,
//! so that every figure is exact.

mod classes;
mod pictures;
mod scores;
mod tables;
mod thematic;

use std::path::Path;

use serde::Serialize;

use crate::align::{self, Beside, Cause, Evidence, Ground, Series, cause};
use crate::communes;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::ledger::{self, VintageStatus};
use crate::partition::FaceId;
use crate::progress::Progress;
use crate::reference::Reference;
use crate::territory::Territory;
use crate::vintage;

pub use classes::{
    Bin, ClassEvaluation, ClassScore, REFERENCE, Rasters, evaluate_classes, write_classes,
};
pub use scores::{CommuneScore, Score, VerdictScore};
pub use tables::write;
pub use thematic::VintageScore;

pub use crate::twin::CAVEAT;

/// How observed vintages are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// As they are: every difference is a change.
    Naive,
    /// Aligned.
    ChangeFirst,
}

impl Method {
    /// Its name in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::ChangeFirst => "change-first",
        }
    }
}

/// What was measured.
pub struct Evaluation {
    /// Scores of change, by period, method and kind of change.
    pub scores: Vec<Score>,
    /// Stocks and fluxes of each commune, by period and method.
    pub communes: Vec<CommuneScore>,
    /// What each verdict of alignment is about.
    pub verdicts: Vec<VerdictScore>,
    /// How right each observed vintage is by itself.
    pub vintages: Vec<VintageScore>,
    /// What alignment found.
    pub steps: Vec<align::StepReport>,
    /// Displacements between the observed vintages.
    pub shifts: Vec<align::Shift>,
}

/// A series, and what the decree says of it.
struct Decided {
    series: Series,
    status: Vec<VintageStatus>,
}

/// Evaluates the vintages of the territory file `observed` against those of `truth`; `own` is a folder of tables
/// that replace those of `reference/`, when it is not that of `observed`.
pub fn evaluate(
    truth: &Path,
    observed: &Path,
    own: Option<&Path>,
    progress: &dyn Progress,
) -> Result<Evaluation> {
    let true_territory = Territory::read(truth)?;
    let territory = Territory::read(observed)?;
    require_same_years(&true_territory, &territory, observed)?;
    for (territory, path) in [(&true_territory, truth), (&territory, observed)] {
        if territory.vintages.iter().any(|v| v.predict.is_some()) {
            return Err(Error::input(
                path.display(),
                "has [vintages.predict], and nothing is predicted here",
                "run the territory, then give the class rasters that it predicted",
            ));
        }
        if !territory.corrections.is_empty() || !territory.exemptions.is_empty() {
            return Err(Error::input(
                path.display(),
                "has [[corrections]] or [[exemptions]], which are not evaluated",
                "take them out of the file",
            ));
        }
    }
    let decree = territory.decree;
    let reference = Reference::load(own.or(territory.run.reference.as_deref()))?;
    let crs = Crs::parse(&true_territory.crs, &truth.display().to_string())?;

    progress.phase("reading", None);
    let communes = true_territory
        .communes
        .as_ref()
        .map(|c| communes::read(c, &crs))
        .transpose()?;
    let mut vintages = vintage::read_all(&true_territory, &crs, &reference, progress)?;
    let mut others = vintage::read_all(&territory, &crs, &reference, progress)?;
    for vintage in &mut others {
        vintage.of = OBSERVED;
    }
    vintages.append(&mut others);

    progress.phase("one partition", None);
    let overlap = reference.parameter("commune_overlap_maximum")?;
    align::order(&mut vintages);
    let mut shifts = align::shifts(&vintages, &reference)?;
    for (shift, _) in shifts
        .iter_mut()
        .zip(&vintages)
        .filter(|(_, v)| v.of == TRUTH)
    {
        *shift = None;
    }
    let (ground, published, placed) =
        align::lay(communes, vintages, &shifts, Beside::default(), overlap)?;
    let (true_ground, true_series) = ground.only(&published, TRUTH);
    let (_, placed) = ground.only(&placed, OBSERVED);
    let (mut ground, naive) = ground.only(&published, OBSERVED);
    ground.evidence = Evidence::read(&ground, &naive, &territory.vintages, &crs, &reference)?;
    drop(published);

    progress.phase("alignment", None);
    let (aligned, steps) = align::change_first(&ground, &naive, &placed, &reference)?;

    progress.phase("scores", None);
    let mut vintages = Vec::new();
    for d in 0..ground.departements.len() {
        for (&right, &seen) in true_ground.chain(d).iter().zip(&ground.chain(d)) {
            let truth = thematic::Version {
                ground: &true_ground,
                series: &true_series,
                vintage: right,
            };
            let seen = thematic::Version {
                ground: &ground,
                series: &naive,
                vintage: seen,
            };
            vintages.extend(thematic::compare(truth, seen, d as u32, &reference)?);
        }
    }
    let decide = |ground: &Ground, series: Series| -> Result<Decided> {
        let status = ledger::decide(ground, &series, &reference, decree)?;
        Ok(Decided { series, status })
    };
    let truth = decide(&true_ground, true_series)?;
    let methods = [
        (Method::Naive, decide(&ground, naive)?),
        (Method::ChangeFirst, decide(&ground, aligned)?),
    ];
    let mut evaluation = Evaluation {
        scores: Vec::new(),
        communes: Vec::new(),
        verdicts: Vec::new(),
        vintages,
        steps,
        shifts: shifts.into_iter().flatten().collect(),
    };
    let least = reference.parameter("unit_built")?;
    for d in 0..ground.departements.len() {
        let (true_chain, chain) = (true_ground.chain(d), ground.chain(d));
        for (pair, observed_pair) in true_chain.windows(2).zip(chain.windows(2)) {
            let truth = Period::new(&true_ground, &truth, &reference, (pair[0], pair[1]));
            for (method, decided) in &methods {
                let pair = (observed_pair[0], observed_pair[1]);
                let seen = Period::new(&ground, decided, &reference, pair);
                let comparison = scores::Comparison {
                    ground: &ground,
                    departement: d as u32,
                    method: *method,
                    truth: &truth,
                    seen: &seen,
                    least_area: least,
                    deviation: deviation(&evaluation.steps, &ground, d, truth.years),
                };
                evaluation.scores.extend(comparison.scores(&reference));
                evaluation.communes.extend(comparison.communes());
                if *method == Method::ChangeFirst {
                    let found = comparison.verdicts(
                        &decided.series,
                        pair,
                        &methods[0].1.series,
                        &reference,
                    );
                    evaluation.verdicts.extend(found);
                }
            }
        }
    }
    Ok(evaluation)
}

/// The vintages of which territory file.
const TRUTH: usize = 0;
const OBSERVED: usize = 1;

fn require_same_years(truth: &Territory, observed: &Territory, place: &Path) -> Result<()> {
    let years = |territory: &Territory| -> Vec<u16> {
        let mut years: Vec<u16> = territory.vintages.iter().map(|v| v.year).collect();
        years.sort_unstable();
        years
    };
    let (wanted, given) = (years(truth), years(observed));
    if wanted == given && wanted.len() > 1 {
        return Ok(());
    }
    Err(Error::input(
        place.display(),
        format!("has vintages of {given:?}, the truth of {wanted:?}"),
        "give the same two years or more in both; `millesime twin --observed` makes such a pair",
    ))
}

/// Standard deviation of the outlines of one vintage, m: that between two of them has twice its
/// variance.
fn deviation(
    steps: &[align::StepReport],
    ground: &Ground,
    departement: usize,
    years: (u16, u16),
) -> f64 {
    let is_it = |step: &&align::StepReport| {
        step.departement == *ground.departements[departement]
            && (step.year_before, step.year_after) == years
    };
    let between = steps.iter().find(is_it);
    between.map_or(0.0, |step| step.outline_deviation_m) / std::f64::consts::SQRT_2
}

/// What every face of the ground is before and after.
struct Period {
    years: (u16, u16),
    faces: Vec<[ledger::State; 2]>,
    is_changed: Vec<bool>,
}

impl Period {
    fn new(
        ground: &Ground,
        decided: &Decided,
        reference: &Reference,
        (before, after): (usize, usize),
    ) -> Self {
        let count = ground.partition.face_count() as FaceId;
        let state = |v, f| ledger::state(ground, &decided.series, &decided.status, v, f);
        let faces: Vec<[ledger::State; 2]> = (0..count)
            .map(|f| [state(before, f), state(after, f)])
            .collect();
        let is_changed = faces
            .iter()
            .map(|[b, a]| cause(reference, b.codes, a.codes, false) == Cause::Change)
            .collect();
        Self {
            years: (ground.vintages[before].year, ground.vintages[after].year),
            faces,
            is_changed,
        }
    }
}

//! The faces of one period: ground of one commune, one object before and one after.

use std::collections::HashMap;
use std::sync::Arc;

use super::{State, VintageStatus};
use crate::align::{Cause, Ground, NONE, OnGround, Series, Verdict, cause};
use crate::partition::{FaceId, OUTSIDE, Partition};
use crate::reference::{Code, Reference};

/// A face at one of its dates.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// The object, by its index in [`Ground::objects`], or [`NONE`].
    pub object: u32,
    /// What it is.
    pub state: State,
}

/// A face of a period.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The commune, by its index, or [`NONE`].
    pub commune: u32,
    /// Before.
    pub before: Side,
    /// After.
    pub after: Side,
    /// Why they differ.
    pub cause: Cause,
    /// What alignment judged, from one vintage to the next,
    pub verdict: Option<Verdict>,
    /// and what the vintage that it judged says.
    pub observed: Option<(Code, Code)>,
    /// How probable it is, by what a model saw, that the cover changed, where it differs or did before
    /// alignment.
    pub probability: Option<f64>,
}

/// The faces of a period in one département.
pub struct PeriodFaces {
    /// The series.
    pub series: &'static str,
    /// Years before and after.
    pub years: (u16, u16),
    /// The département.
    pub departement: Arc<str>,
    /// Years between the dates.
    pub span: f64,
    /// Whether `span` is between flights, and not nominal years.
    pub by_flights: bool,
    /// The faces.
    pub partition: Partition,
    /// What each of them is; `None` outside the frame and the département.
    pub changes: Vec<Option<Change>>,
}

/// What a face of the ground is at a vintage's date.
pub fn state(
    ground: &Ground,
    series: &Series,
    decided: &[VintageStatus],
    vintage: usize,
    face: FaceId,
) -> State {
    let of = &series.versions[vintage];
    let own = of.face[face as usize] as usize;
    let status = decided[vintage].faces[own];
    let object = of.object[own];
    State {
        codes: (object != NONE).then(|| {
            let object = &ground.objects[object as usize];
            (object.cover, object.usage)
        }),
        matrix: status.matrix,
        last: status.last,
        official: status.official,
        computed: status.computed,
        other_forcing: status.other_forcing,
        exempted: match &decided[vintage].exempted {
            Some(exempted) => exempted[face as usize],
            None => status.last,
        },
        impermeable: status.impermeable,
        threshold: status.threshold,
        edge: status.edge,
        zone: match &ground.vintages[vintage].zone {
            Some(zone) if object != NONE => Some(zone[face as usize]),
            _ => None,
        },
    }
}

/// The vintages of each département, as (vintage, département).
pub fn places(ground: &Ground) -> Vec<(usize, usize)> {
    (0..ground.departements.len())
        .flat_map(|d| ground.chain(d).into_iter().map(move |v| (v, d)))
        .collect()
}

/// The pairs of vintages to compare: consecutive ones of each département, and `others`.
pub fn periods(ground: &Ground, others: &[[u16; 2]]) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    for d in 0..ground.departements.len() {
        let chain = ground.chain(d);
        let mut pairs: Vec<(usize, usize)> = chain.windows(2).map(|p| (p[0], p[1])).collect();
        for &[from, to] in others {
            let at = |year: u16| {
                chain
                    .iter()
                    .copied()
                    .find(|&v| ground.vintages[v].year == year)
            };
            pairs.extend(at(from).zip(at(to)));
        }
        pairs.sort_unstable_by_key(|&(a, b)| (ground.vintages[a].year, ground.vintages[b].year));
        pairs.dedup();
        found.extend(pairs.into_iter().map(|(before, after)| (d, before, after)));
    }
    found
}

/// The départements of one vintage, as periods from it to itself: their faces are its ground, and nothing
/// changes.
pub fn alone(ground: &Ground) -> Vec<(usize, usize, usize)> {
    let departements = 0..ground.departements.len();
    departements
        .filter_map(|d| match ground.chain(d).as_slice() {
            &[vintage] => Some((d, vintage, vintage)),
            _ => None,
        })
        .collect()
}

impl PeriodFaces {
    /// Merges the faces of the ground that are alike in this period.
    pub fn new(
        ground: &Ground,
        series: &Series,
        decided: &[VintageStatus],
        reference: &Reference,
        (departement, before, after): (usize, usize, usize),
    ) -> Self {
        let count = ground.partition.face_count();
        let (first, second) = (&ground.vintages[before], &ground.vintages[after]);
        let zone = |v: &OnGround, f: usize| v.zone.as_ref().map(|z| z[f]);
        let exempted = |v: usize, f: usize| decided[v].exempted.as_ref().and_then(|e| e[f]);
        // Verdicts are on what differs from the vintage just before.
        let chain = ground.chain(departement);
        let is_step = chain.windows(2).any(|pair| pair == [before, after]);
        let verdict = |f: FaceId| series.verdict(after, f).filter(|_| is_step);
        let observed = |f: FaceId| {
            let object = verdict(f).and_then(|_| series.judged_at(ground, after, f))?;
            Some((object.cover, object.usage))
        };
        // What tells faces apart; the numbers given to keys are arbitrary and go nowhere else.
        let mut numbers = HashMap::new();
        let keys: Vec<u32> = (0..count)
            .map(|f| {
                if f == OUTSIDE as usize || ground.departement[f] != departement as u32 {
                    return 0;
                }
                let key = (
                    ground.commune[f],
                    series.versions[before].face[f],
                    series.versions[after].face[f],
                    zone(first, f),
                    zone(second, f),
                    exempted(before, f),
                    exempted(after, f),
                    verdict(f as FaceId).zip(observed(f as FaceId)),
                );
                let next = numbers.len() as u32 + 1;
                *numbers.entry(key).or_insert(next)
            })
            .collect();
        let dissolved = ground.partition.dissolve(&keys);
        // The mean of the faces of the ground; it is told where cover differs.
        let mut seen = vec![(0i64, 0.0); dissolved.members.len()];
        for f in 0..count as FaceId {
            if let Some(probability) = ground.evidence.probability(before, after, f) {
                let (area, sum) = &mut seen[dissolved.merged[f as usize] as usize];
                *area += ground.partition.area(f);
                *sum += ground.partition.area(f) as f64 * probability;
            }
        }
        let side = |vintage: usize, face: FaceId| Side {
            object: series.versions[vintage].object_at(face),
            state: state(ground, series, decided, vintage, face),
        };
        let changes = dissolved
            .members
            .iter()
            .zip(seen)
            .map(|(&member, (area, sum))| {
                if keys[member as usize] == 0 {
                    return None;
                }
                let (before, after) = (side(before, member), side(after, member));
                let cause = cause(
                    reference,
                    before.state.codes,
                    after.state.codes,
                    before.state.last != after.state.last,
                );
                let is = observed(member).or(after.state.codes);
                let covers = before.state.codes.zip(is);
                let is_other_cover = area > 0 && covers.is_some_and(|(was, is)| was.0 != is.0);
                Some(Change {
                    commune: ground.commune[member as usize],
                    before,
                    after,
                    cause,
                    verdict: verdict(member),
                    observed: observed(member),
                    probability: is_other_cover.then(|| sum / area as f64),
                })
            })
            .collect();
        let flights = first
            .flight
            .zip(second.flight)
            .map(|(a, b)| (b - a) / 365.25);
        let by_flights = flights.is_some_and(|span| span > 0.0);
        let nominal = f64::from(second.year) - f64::from(first.year);
        Self {
            series: series.name,
            years: (first.year, second.year),
            departement: ground.departements[departement].clone(),
            span: flights.filter(|_| by_flights).unwrap_or(nominal),
            by_flights,
            partition: dissolved.partition,
            changes,
        }
    }
}

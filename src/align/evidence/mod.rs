//! Evidence that ground changed between two vintages that were made here: what a model saw, and what
//! sources said before the vintages were generalised.
//!
//! Where both vintages have the probabilities of classes, every pixel tells how probable it is that it
//! bears two different covers; the mean over a face is the strength of a change there. Where both have
//! what was decided, every pixel tells whether the change is in the sources, or came by generalising.

mod decided;

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Ground, NONE, OnGround, Series};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::format_m2;
use crate::partition::FaceId;
use crate::produce::seen_covers;
use crate::reference::Reference;
use crate::territory;
use decided::Decided;

/// Evidence of changes between vintages, by the two of them and by face of the ground.
#[derive(Clone, Default)]
pub struct Evidence {
    seen: BTreeMap<(usize, usize), Vec<Option<f32>>>,
    decided: BTreeMap<(usize, usize), Vec<Option<[f32; 3]>>>,
    /// Of how much ground it tells.
    pub report: Vec<EvidenceReport>,
}

/// Of how much ground there is evidence of changes between two vintages.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceReport {
    /// Year before.
    pub year_before: u16,
    /// Year after.
    pub year_after: u16,
    /// Ground that both describe, m².
    pub ground_m2: String,
    /// Ground that a model saw at both dates, m²; none where one has no probabilities.
    pub seen_m2: Option<String>,
    /// Ground of which it is known what was decided at both dates, m²; none where it is not of one.
    pub decided_m2: Option<String>,
}

/// Shares of a face of which something else was decided at two dates, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moved {
    /// Another cover.
    pub cover: f64,
    /// Another use.
    pub usage: f64,
    /// Either.
    pub either: f64,
}

impl Evidence {
    /// Reads what the vintages of `ground`, as published, come with: `vintages` are those of the territory
    /// file.
    pub fn read(
        ground: &Ground,
        published: &Series,
        vintages: &[territory::Vintage],
        crs: &Crs,
        reference: &Reference,
    ) -> Result<Self> {
        let of = |laid: &OnGround| {
            let mut vintages = vintages.iter();
            vintages.find(|v| (v.year, &v.departement) == (laid.year, &laid.departement))
        };
        let (mut seen, mut decided) = (Vec::new(), Vec::new());
        for vintage in ground.vintages.iter().map(of) {
            let open = |v| seen_covers(v, crs, reference);
            seen.push(vintage.map(open).transpose()?.flatten());
            let open = |v| Decided::open(v, crs, reference);
            decided.push(vintage.map(open).transpose()?.flatten());
        }
        let partition = &ground.partition;
        let mut evidence = Self::default();
        for pair in pairs(ground) {
            let years = [pair.0, pair.1].map(|v| ground.vintages[v].year);
            let told = |has: &dyn Fn(usize) -> bool| told(ground, published, pair, has);
            let both = told(&|_| true);
            let refuse = |what: &str, key: &str| {
                Err(Error::input(
                    format!("vintages {} and {}", years[0], years[1]),
                    format!("{what} of no ground that both describe"),
                    format!("give `{key}` of this territory, or take the key out"),
                ))
            };
            let (mut seen_m2, mut decided_m2) = (None, None);
            if let (Some(before), Some(after)) = (&seen[pair.0], &seen[pair.1]) {
                let found = before.changes(after, partition)?;
                let area = told(&|f| found[f].is_some());
                if area == 0 && both > 0 {
                    return refuse("their probabilities tell", "probabilities");
                }
                seen_m2 = Some(format_m2(area));
                evidence.seen.insert(pair, found);
            }
            if let (Some(before), Some(after)) = (&decided[pair.0], &decided[pair.1]) {
                let found = before.changes(after, partition)?;
                let area = told(&|f| found[f].is_some());
                if area == 0 && both > 0 {
                    return refuse("what was decided tells", "decided");
                }
                decided_m2 = Some(format_m2(area));
                evidence.decided.insert(pair, found);
            }
            if seen_m2.is_some() || decided_m2.is_some() {
                evidence.report.push(EvidenceReport {
                    year_before: years[0],
                    year_after: years[1],
                    ground_m2: format_m2(both),
                    seen_m2,
                    decided_m2,
                });
            }
        }
        Ok(evidence)
    }

    /// Whether there is any.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.decided.is_empty()
    }

    /// The probability that the cover of a face of the ground is not the same at two vintages, from 0
    /// to 1; `None` where one of them has no probabilities there.
    pub fn probability(&self, before: usize, after: usize, face: FaceId) -> Option<f64> {
        let probability = *self.seen.get(&(before, after))?.get(face as usize)?;
        probability.map(f64::from)
    }

    /// Of how much of a face of the ground something else was decided at two vintages; `None` where
    /// nothing was at one of them.
    pub fn moved(&self, before: usize, after: usize, face: FaceId) -> Option<Moved> {
        let [cover, usage, either] =
            (*self.decided.get(&(before, after))?.get(face as usize)?)?.map(f64::from);
        Some(Moved {
            cover,
            usage,
            either,
        })
    }
}

/// The area of the faces that two vintages describe and that `has` holds of, half cm².
fn told(
    ground: &Ground,
    published: &Series,
    (before, after): (usize, usize),
    has: &dyn Fn(usize) -> bool,
) -> i64 {
    let is_described = |f: &usize| {
        let both = [before, after].map(|v| published.versions[v].object_at(*f as FaceId));
        ground.departement[*f] != NONE && both.iter().all(|&object| object != NONE)
    };
    let faces = (0..ground.partition.face_count()).filter(is_described);
    let areas = faces
        .filter(|&f| has(f))
        .map(|f| ground.partition.area(f as FaceId));
    areas.sum()
}

/// Every vintage of a département with each of those after it.
fn pairs(ground: &Ground) -> Vec<(usize, usize)> {
    let chains = (0..ground.departements.len()).map(|d| ground.chain(d));
    let mut pairs: Vec<(usize, usize)> = chains
        .flat_map(|chain| {
            let of = |n: usize| {
                chain[..n]
                    .iter()
                    .map(|&b| (b, chain[n]))
                    .collect::<Vec<_>>()
            };
            (0..chain.len()).flat_map(of).collect::<Vec<_>>()
        })
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

//! Evidence that ground changed between two vintages that were made here: what a model saw, and what
//! sources said before the vintages were generalised.
//!
//! Where both vintages have the probabilities of classes, every pixel tells how probable it is that it
//! bears two different covers; the mean over a face is the strength of a change there. Where both have
//! what was decided, every pixel tells whether the change is in the sources, or came by generalising.

mod decided;

use std::collections::BTreeMap;

use super::{Ground, OnGround};
use crate::crs::Crs;
use crate::error::Result;
use crate::partition::FaceId;
use crate::predict::SeenCovers;
use crate::reference::Reference;
use crate::territory;
use decided::Decided;

/// Evidence of changes between vintages, by the two of them and by face of the ground.
#[derive(Clone, Default)]
pub struct Evidence {
    seen: BTreeMap<(usize, usize), Vec<Option<f32>>>,
    decided: BTreeMap<(usize, usize), Vec<Option<[f32; 3]>>>,
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
    /// Reads what the vintages of `ground` come with: `vintages` are those of the territory file.
    pub fn read(
        ground: &Ground,
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
            if let (Some(before), Some(after)) = (&seen[pair.0], &seen[pair.1]) {
                let found = before.changes(after, partition)?;
                evidence.seen.insert(pair, found);
            }
            if let (Some(before), Some(after)) = (&decided[pair.0], &decided[pair.1]) {
                let found = before.changes(after, partition)?;
                evidence.decided.insert(pair, found);
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

/// What a model saw at the date of a vintage, where its probabilities are given.
fn seen_covers(
    vintage: &territory::Vintage,
    crs: &Crs,
    reference: &Reference,
) -> Result<Option<SeenCovers>> {
    let Some(path) = &vintage.probabilities else {
        return Ok(None);
    };
    let nomenclature = vintage.nomenclature.as_deref().unwrap_or_default();
    SeenCovers::open(path, nomenclature, vintage.crs.as_deref(), crs, reference).map(Some)
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

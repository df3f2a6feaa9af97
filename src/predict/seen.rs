//! The covers that a model saw at a date: how probable it is that they changed until another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;

use super::compact::{Compact, CompactBand};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::partition::Partition;
use crate::raster::{self, Beneath, NO_CLASS, Window};
use crate::reference::{ClassCode, Code, Reference};
use crate::zonal;

/// The covers that a model saw at a date.
pub struct SeenCovers {
    compact: Compact,
    /// The cover of each class.
    covers: BTreeMap<i64, Code>,
    /// All classes, be they of no cover.
    known: BTreeSet<i64>,
    nomenclature: String,
}

/// Covers that are counted for a pixel, and how probable each is, 255 being sure.
type Likely = [(Option<Code>, u8); 2];

impl SeenCovers {
    /// Opens probabilities in their compact form, of classes of `nomenclature`, in the CRS `told` or
    /// their own, which must be `crs`.
    pub fn open(
        path: &Path,
        nomenclature: &str,
        told: Option<&str>,
        crs: &Crs,
        reference: &Reference,
    ) -> Result<Self> {
        let compact = Compact::open(path, told, crs)?;
        raster::require_nomenclature(path, nomenclature)?;
        let classes = reference.raster_classes(nomenclature, path.display())?;
        let covers = classes
            .iter()
            .filter_map(|(code, class)| match class.ground {
                ClassCode::Ground(cover, _) => Some((code, cover)),
                ClassCode::Uncovered => None,
            });
        let covers = covers.collect();
        let known = classes.iter().map(|(code, _)| code).collect();
        Ok(Self {
            compact,
            covers,
            known,
            nomenclature: nomenclature.to_owned(),
        })
    }

    /// The mean over each face of the probability that its cover changed from here to `after`, from 0 to
    /// 1; `None` where less than half of a face was seen at both dates.
    pub fn changes(&self, after: &Self, partition: &Partition) -> Result<Vec<Option<f32>>> {
        let (grid, window) = (after.compact.grid(), after.compact.window());
        let read = |window: &Window| self.changes_within(after, window);
        let shares = zonal::shares(partition, grid, window, read)?;
        Ok(shares.into_iter().map(|share| share.map(|[p]| p)).collect())
    }

    /// The mean over each face of the probability that its cover is one of those that are asked for, from 0 to 1;
    /// `None` where less than half of a face was seen.
    pub fn probable(
        &self,
        partition: &Partition,
        is_asked: impl Fn(Code) -> bool + Sync,
    ) -> Result<Vec<Option<f32>>> {
        let (grid, window) = (self.compact.grid(), self.compact.window());
        let sum = |likely: Likely| {
            let asked = likely
                .into_iter()
                .filter(|(cover, _)| cover.is_some_and(&is_asked));
            asked.fold(0u8, |sum, (_, p)| sum.saturating_add(p))
        };
        let read = |window: &Window| {
            let likely = self.likely(window)?.into_par_iter();
            Ok(likely.map(|of| of.map(|of| [sum(of)])).collect())
        };
        let shares = zonal::shares(partition, grid, window, read)?;
        Ok(shares.into_iter().map(|share| share.map(|[p]| p)).collect())
    }

    /// The probability that the cover changed from here to `after`, 255 being sure, on the pixels of a
    /// window of `after`.
    fn changes_within(&self, after: &Self, window: &Window) -> Result<Vec<Option<[u8; 1]>>> {
        let beneath = Beneath::new(self.compact.grid(), after.compact.grid(), window);
        let (earlier, later) = (self.likely(&beneath.window)?, after.likely(window)?);
        let pixels = later.into_par_iter().enumerate();
        let change = |(n, later): (usize, Option<Likely>)| {
            Some([change(earlier[beneath.number(n)]?, later?)])
        };
        Ok(pixels.map(change).collect())
    }

    /// The two most probable covers of each pixel of a window.
    fn likely(&self, window: &Window) -> Result<Vec<Option<Likely>>> {
        let bands = [
            CompactBand::First,
            CompactBand::FirstProbability,
            CompactBand::Second,
            CompactBand::SecondProbability,
        ];
        let (values, valid) = self.compact.read(window, &bands)?;
        let pixels = valid.len();
        let seen = values[..pixels]
            .iter()
            .zip(&valid)
            .filter(|(_, valid)| **valid);
        if let Some((class, _)) = seen.into_iter().find(|(class, _)| {
            let class = **class as i64;
            // Where a model whose classes do not exclude one another is sure of none, there is none.
            class != i64::from(NO_CLASS) && !self.known.contains(&class)
        }) {
            return Err(Error::input(
                self.compact.file(),
                format!(
                    "holds the class {class}, which `{}` does not know",
                    self.nomenclature
                ),
                "give the nomenclature of the classes of the model",
            ));
        }
        let of = |n: usize| {
            let band = |b: usize| values[b * pixels + n];
            let cover = |class: f32| self.covers.get(&(class as i64)).copied();
            let one = (cover(band(0)), band(1) as u8);
            let two = (cover(band(2)), band(3) as u8);
            match one.0 == two.0 {
                // Two classes of one cover.
                true => [(one.0, one.1.saturating_add(two.1)), (None, 0)],
                false => [one, two],
            }
        };
        let pixels = (0..pixels).into_par_iter();
        Ok(pixels.map(|n| valid[n].then(|| of(n))).collect())
    }
}

/// The probability that a pixel bears two different covers at two dates, as a byte: that of every pair of
/// different covers which the model names. What is left of certainty beside the two likeliest covers of a
/// date tells of no change: who does not know what was there has not seen it change.
fn change(before: Likely, after: Likely) -> u8 {
    let mut sum = 0;
    for (was, p) in before {
        for (is, q) in after {
            if was.is_some() && is.is_some() && was != is {
                sum += u32::from(p) * u32::from(q);
            }
        }
    }
    ((sum + 127) / 255).min(255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likely(list: [(Code, f32); 2]) -> Likely {
        list.map(|(cover, p)| (Some(cover), (255.0 * p).round() as u8))
    }

    #[test]
    fn a_change_is_what_the_model_names_twice() -> Result<()> {
        let reference = Reference::load(None)?;
        let code = |text: &str| {
            reference
                .cover
                .code(text)
                .unwrap_or_else(|| panic!("{text}"))
        };
        let (grass, built, crops) = (code("CS2.2.1"), code("CS1.1.1.1"), code("CS2.1.3"));
        let of = |a, b| f64::from(change(likely(a), likely(b))) / 255.0;
        let near =
            |found: f64, wanted: f64| assert!((found - wanted).abs() < 0.01, "{found} {wanted}");
        // Sure of one cover, and of another.
        near(
            of([(grass, 1.0), (built, 0.0)], [(grass, 1.0), (built, 0.0)]),
            0.0,
        );
        near(
            of([(grass, 1.0), (built, 0.0)], [(built, 1.0), (grass, 0.0)]),
            1.0,
        );
        near(
            of([(grass, 0.6), (built, 0.2)], [(built, 0.5), (grass, 0.3)]),
            0.6 * 0.5 + 0.2 * 0.3,
        );
        near(
            of([(grass, 0.6), (built, 0.2)], [(crops, 0.5), (grass, 0.3)]),
            0.6 * 0.5 + 0.2 * 0.8,
        );
        // Who knows nothing has seen no change.
        near(
            of(
                [(grass, 0.08), (built, 0.08)],
                [(crops, 0.08), (grass, 0.08)],
            ),
            0.02,
        );
        Ok(())
    }
}

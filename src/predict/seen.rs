//! The covers that a model saw at a date: how probable it is that they changed until another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;

use super::compact::{Compact, CompactBand};
use crate::crs::Crs;
use crate::error::{Error, Result, suggest};
use crate::partition::Partition;
use crate::raster::{Beneath, Window};
use crate::reference::{ClassCode, Code, Reference};
use crate::zonal;

/// The covers that a model saw at a date.
pub struct SeenCovers {
    compact: Compact,
    /// The cover of each class.
    covers: BTreeMap<i64, Code>,
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
        let classes = reference.rasters.get(nomenclature).ok_or_else(|| {
            Error::input(
                path.display(),
                format!("the nomenclature `{nomenclature}` of its classes is not known"),
                suggest(nomenclature, reference.rasters.keys().map(String::as_str)),
            )
        })?;
        let covers = classes
            .iter()
            .filter_map(|(code, class)| match class.ground {
                ClassCode::Ground(cover, _) => Some((code, cover)),
                ClassCode::Uncovered => None,
            });
        let covers = covers.collect();
        Ok(Self { compact, covers })
    }

    /// The mean over each face of the probability that its cover changed from here to `after`, from 0 to
    /// 1; `None` where less than half of a face was seen at both dates.
    pub fn changes(&self, after: &Self, partition: &Partition) -> Result<Vec<Option<f32>>> {
        let (grid, window) = (after.compact.grid(), after.compact.window());
        let read = |window: &Window| self.changes_within(after, window);
        let shares = zonal::shares(partition, grid, window, read)?;
        Ok(shares.into_iter().map(|share| share.map(|[p]| p)).collect())
    }

    /// The probability that the cover changed from here to `after`, 255 being sure, on the pixels of a
    /// window of `after`.
    fn changes_within(&self, after: &Self, window: &Window) -> Result<Vec<Option<[u8; 1]>>> {
        let covers = self.covers.values().chain(after.covers.values());
        let covers = covers.collect::<BTreeSet<_>>().len();
        let beneath = Beneath::new(self.compact.grid(), after.compact.grid(), window);
        let (earlier, later) = (self.likely(&beneath.window)?, after.likely(window)?);
        let pixels = later.into_par_iter().enumerate();
        let change = |(n, later): (usize, Option<Likely>)| {
            Some([change(earlier[beneath.number(n)]?, later?, covers)])
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

/// The probability that a pixel bears two different covers at two dates, as a byte. What is left of
/// certainty beside the two most probable covers is taken to be spread evenly over the others.
fn change(before: Likely, after: Likely, covers: usize) -> u8 {
    let probabilities = |likely: Likely| likely.map(|(cover, p)| (cover, f32::from(p) / 255.0));
    let (before, after) = (probabilities(before), probabilities(after));
    type Known = [(Option<Code>, f32); 2];
    let known = |likely: &Known| likely.iter().filter(|(cover, _)| cover.is_some()).count();
    let rest = |likely: &Known| {
        let told: f32 = likely.iter().filter(|l| l.0.is_some()).map(|l| l.1).sum();
        let others = covers.saturating_sub(known(likely)).max(1);
        (1.0 - told).max(0.0) / others as f32
    };
    let (rest_before, rest_after) = (rest(&before), rest(&after));
    let of = |likely: &Known, cover: Option<Code>, rest: f32| {
        likely.iter().find(|l| l.0 == cover).map_or(rest, |l| l.1)
    };
    let told = before.iter().filter(|l| l.0.is_some());
    let mut same: f32 = told.map(|l| l.1 * of(&after, l.0, rest_after)).sum();
    let alone = after
        .iter()
        .filter(|l| l.0.is_some() && before.iter().all(|b| b.0 != l.0));
    let mut count = known(&before);
    for likely in alone {
        same += likely.1 * rest_before;
        count += 1;
    }
    same += covers.saturating_sub(count) as f32 * rest_before * rest_after;
    (255.0 * (1.0 - same.clamp(0.0, 1.0))).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likely(list: [(Code, f32); 2]) -> Likely {
        list.map(|(cover, p)| (Some(cover), (255.0 * p).round() as u8))
    }

    #[test]
    fn change_is_what_is_left_of_being_the_same() -> Result<()> {
        let reference = Reference::load(None)?;
        let code = |text: &str| {
            reference
                .cover
                .code(text)
                .unwrap_or_else(|| panic!("{text}"))
        };
        let (grass, built, crops) = (code("CS2.2.1"), code("CS1.1.1.1"), code("CS2.1.3"));
        let of = |a, b| f64::from(change(likely(a), likely(b), 10)) / 255.0;
        // Sure of one cover, and of another.
        assert_eq!(
            of([(grass, 1.0), (built, 0.0)], [(grass, 1.0), (built, 0.0)]),
            0.0
        );
        assert_eq!(
            of([(grass, 1.0), (built, 0.0)], [(built, 1.0), (grass, 0.0)]),
            1.0
        );
        // 0.6 × 0.3 + 0.2 × 0.5 of the covers that both name, and 0.2/8 × 0.2/8 of the eight others.
        let both = of([(grass, 0.6), (built, 0.2)], [(built, 0.5), (grass, 0.3)]);
        assert!(
            (both - (1.0 - 0.28 - 8.0 * 0.025f64.powi(2))).abs() < 2.0 / 255.0,
            "{both}"
        );
        // 0.6 × 0.3, then 0.2 and 0.5 against what is left of the other, then seven others.
        let one = of([(grass, 0.6), (built, 0.2)], [(crops, 0.5), (grass, 0.3)]);
        let same = 0.18 + 0.2 * 0.025 + 0.5 * 0.025 + 7.0 * 0.025f64.powi(2);
        assert!((one - (1.0 - same)).abs() < 2.0 / 255.0, "{one}");
        Ok(())
    }
}

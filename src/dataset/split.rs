//! Zones shared out among the splits of a dataset, so that each has its share of every class.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// The splits.
pub(super) const SPLITS: [&str; 3] = ["train", "val", "test"];

/// Shares zones out: those that hold most of rare classes first, each to the split that lacks most of
/// what it holds. `zones` are the pixels of each class by zone.
pub(super) fn split(
    zones: BTreeMap<(i64, i64), Vec<u64>>,
    shares: [f64; 3],
    place: &str,
) -> Result<BTreeMap<(i64, i64), usize>> {
    if zones.len() < SPLITS.len() {
        return Err(Error::input(
            place,
            format!(
                "gives {} zones with annotations; a dataset needs three, one for each split",
                zones.len()
            ),
            "give smaller zones or patches, or more annotated ground",
        ));
    }
    let classes = zones.values().map(Vec::len).max().unwrap_or(0);
    let total: Vec<u64> = (0..classes)
        .map(|class| zones.values().map(|counts| counts[class]).sum())
        .collect();
    // The share of each class that a zone holds; unlabelled ground counts for nothing.
    let parts = |counts: &[u64]| -> Vec<f64> {
        let part = |(&count, &total): (&u64, &u64)| count as f64 / total.max(1) as f64;
        counts.iter().zip(&total).skip(1).map(part).collect()
    };
    let mut order: Vec<((i64, i64), Vec<f64>)> = zones
        .into_iter()
        .map(|(zone, counts)| (zone, parts(&counts)))
        .collect();
    let weight = |parts: &[f64]| parts.iter().sum::<f64>();
    order.sort_by(|(p, a), (q, b)| weight(b).total_cmp(&weight(a)).then_with(|| p.cmp(q)));
    let mut lacking: [Vec<f64>; 3] = shares.map(|share| vec![share; classes.saturating_sub(1)]);
    let mut given = BTreeMap::new();
    let mut sizes = [0usize; 3];
    let count = order.len();
    for (number, (zone, parts)) in order.into_iter().enumerate() {
        let empty = sizes.iter().filter(|&&size| size == 0).count();
        let gain = |split: usize| -> f64 {
            lacking[split]
                .iter()
                .zip(&parts)
                .map(|(l, p)| l * p)
                .sum::<f64>()
                / shares[split]
        };
        // The last zones go to splits that would else have none.
        let must_fill = count - number <= empty;
        let chosen = (0..SPLITS.len())
            .filter(|&split| !must_fill || sizes[split] == 0)
            .max_by(|&a, &b| gain(a).total_cmp(&gain(b)).then(b.cmp(&a)))
            .unwrap_or(0);
        for (lacks, part) in lacking[chosen].iter_mut().zip(&parts) {
            *lacks -= part;
        }
        sizes[chosen] += 1;
        given.insert(zone, chosen);
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_split_has_its_share_of_every_class() {
        // A hundred zones, one class everywhere and one in every fifth zone.
        let zones: BTreeMap<(i64, i64), Vec<u64>> = (0..100)
            .map(|n| {
                (
                    (n, 0),
                    vec![50, 1_000 + n as u64, if n % 5 == 0 { 300 } else { 0 }],
                )
            })
            .collect();
        let splits = split(zones.clone(), [0.7, 0.15, 0.15], "test").unwrap();
        for class in [1, 2] {
            let sum = |of: usize| -> u64 {
                let within = zones.iter().filter(|(zone, _)| splits[zone] == of);
                within.map(|(_, counts)| counts[class]).sum()
            };
            let total = (sum(0) + sum(1) + sum(2)) as f64;
            assert!((sum(0) as f64 / total - 0.7).abs() < 0.06, "class {class}");
            assert!((sum(1) as f64 / total - 0.15).abs() < 0.06, "class {class}");
        }
        let few = BTreeMap::from([((0, 0), vec![0, 1]), ((1, 0), vec![0, 1])]);
        assert!(split(few, [0.7, 0.15, 0.15], "test").is_err());
        let three: BTreeMap<(i64, i64), Vec<u64>> = (0..3).map(|n| ((n, 0), vec![0, 1])).collect();
        let mut found: Vec<usize> = split(three, [0.8, 0.1, 0.1], "test")
            .unwrap()
            .into_values()
            .collect();
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2]);
    }
}

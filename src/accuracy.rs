//! Areas from a stratified random sample, with their uncertainty.
//!
//! Olofsson, Foody, Herold, Stehman, Woodcock, Wulder, "Good practices for estimating area and
//! assessing accuracy of land change", Remote Sensing of Environment 148 (2014) 42–57. A sum or a
//! difference of areas, such as a net balance, is estimated from the same points by the combined
//! value of each (+1, −1 or 0), not by adding variances.

/// Number of standard errors on each side of an estimate within which the truth lies 95 times in
/// a hundred.
pub const NORMAL_95: f64 = 1.96;

/// What was drawn in one stratum.
#[derive(Clone, Debug, Default)]
pub struct Stratum {
    /// The ground that it stands for, in any unit.
    pub area: f64,
    /// The value of each point: 1 where it is of the kind whose area is sought, 0 where it is not;
    /// for a difference of areas, +1, −1 or 0.
    pub values: Vec<f64>,
}

/// An area, and how far it may be from the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The area, in the unit of the strata.
    pub area: f64,
    /// Its standard error.
    pub error: f64,
}

impl Estimate {
    /// Half of the interval that holds the truth 95 times in a hundred.
    pub fn half_width(self) -> f64 {
        NORMAL_95 * self.error
    }
}

/// The estimate from all strata; `None` where one of them has fewer than two points, which say
/// nothing of its variance.
pub fn estimate(strata: &[Stratum]) -> Option<Estimate> {
    let (mut area, mut variance) = (0.0, 0.0);
    for stratum in strata {
        let count = stratum.values.len() as f64;
        if count < 2.0 {
            return None;
        }
        let mean = stratum.values.iter().sum::<f64>() / count;
        let squares: f64 = stratum.values.iter().map(|v| (v - mean).powi(2)).sum();
        area += stratum.area * mean;
        variance += stratum.area.powi(2) * squares / (count - 1.0) / count;
    }
    Some(Estimate {
        area,
        error: variance.sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    /// The paper's example: points by mapped class (rows) and reference class, and mapped pixels.
    const COUNTS: [([u32; 4], f64); 4] = [
        ([66, 0, 5, 4], 200_000.0),
        ([0, 55, 8, 12], 150_000.0),
        ([1, 0, 153, 11], 3_200_000.0),
        ([2, 1, 9, 313], 6_450_000.0),
    ];

    fn strata(value: impl Fn(usize) -> f64) -> Vec<Stratum> {
        let stratum = |&(counts, area): &([u32; 4], f64)| {
            let points = counts.iter().enumerate();
            let values = points.flat_map(|(class, &n)| (0..n).map(move |_| class));
            Stratum {
                area,
                values: values.map(&value).collect(),
            }
        };
        COUNTS.iter().map(stratum).collect()
    }

    #[test]
    fn the_worked_example_of_the_paper() {
        let expected = [
            (235_086.0, 68_418.0),
            (129_846.0, 41_731.0),
            (3_175_221.0, 172_332.0),
            (6_459_846.0, 180_907.0),
        ];
        for (class, (area, half_width)) in expected.into_iter().enumerate() {
            let found = estimate(&strata(|c| f64::from(u8::from(c == class)))).unwrap();
            assert!((found.area - area).abs() < 1.0, "{class}: {found:?}");
            assert!(
                (found.half_width() - half_width).abs() < 1.0,
                "{class}: {found:?}"
            );
        }
    }

    #[test]
    fn a_difference_is_estimated_from_the_same_points() {
        // Deforestation less gain.
        let net = estimate(&strata(|c| [1.0, -1.0, 0.0, 0.0][c])).unwrap();
        assert!((net.area - (235_086.0 - 129_846.0)).abs() < 2.0);
        let apart = (68_418f64.powi(2) + 41_731f64.powi(2)).sqrt();
        // One sample has few points of both kinds in one stratum: the covariance is small here.
        assert!((net.half_width() - apart).abs() < 500.0, "{net:?}");
    }

    #[test]
    fn too_few_points_say_nothing() {
        let stratum = Stratum {
            area: 1.0,
            values: vec![1.0],
        };
        assert_eq!(estimate(&[stratum]), None);
    }

    #[test]
    fn the_interval_holds_the_truth_95_times_in_a_hundred() {
        // Two strata in which a tenth and a fifth of the points are errors: at least ten each.
        let truth = [(1000.0, 0.9, 150), (9000.0, 0.2, 150)];
        let area: f64 = truth.iter().map(|(area, share, _)| area * share).sum();
        let mut chance = rand_pcg::Pcg64Mcg::seed_from_u64(7);
        let held = (0..1000)
            .filter(|_| {
                let draw = |&(area, share, count): &(f64, f64, u32)| Stratum {
                    area,
                    values: (0..count)
                        .map(|_| f64::from(u8::from(chance.random::<f64>() < share)))
                        .collect(),
                };
                let drawn: Vec<Stratum> = truth.iter().map(draw).collect();
                let found = estimate(&drawn).unwrap();
                (found.area - area).abs() <= found.half_width()
            })
            .count();
        assert!((930..=970).contains(&held), "{held} of 1000");
    }
}

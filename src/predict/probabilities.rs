//! From what a model gives to probabilities, and from these to bytes.

use super::card::{Activation, Values};

/// Pixels worked on together, so that their numbers stay in the nearest cache.
const CHUNK: usize = 512;

/// e to the power of `x`, for −87 to 88, to within a few units of the last place. Written out so
/// that many are worked out at once.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding this number rounds to whole numbers, which then stand in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if x > -87.0 { x } else { -87.0 };
    let x = if x < 88.0 { x } else { 88.0 };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    // ln 2 in two parts, the first without rounding.
    let f = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let mut sum = 1.987_569_2e-4;
    for term in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        sum = sum * f + term;
    }
    let fraction = sum * f * f + f + 1.0;
    fraction * f32::from_bits(rounded.to_bits().wrapping_add(127) << 23)
}

/// Makes probabilities of `values`, channel by channel, in place. Channels that are not active get
/// none.
pub(super) fn activate(values: &mut [f32], what: Values, how: Activation, active: &[bool]) {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: this processor has what the function is compiled for.
        return unsafe { activate_wide(values, what, how, active) };
    }
    activate_plain(values, what, how, active);
}

/// The same, eight numbers at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn activate_wide(values: &mut [f32], what: Values, how: Activation, active: &[bool]) {
    activate_plain(values, what, how, active);
}

#[inline(always)]
fn activate_plain(values: &mut [f32], what: Values, how: Activation, active: &[bool]) {
    let channels = active.len();
    let pixels = values.len() / channels;
    for (channel, values) in values.chunks_exact_mut(pixels).enumerate() {
        if !active[channel] {
            values.fill(0.0);
        } else if what == Values::Probabilities {
            for value in values {
                // A number that is none has no probability.
                *value = if *value > 0.0 { value.min(1.0) } else { 0.0 };
            }
        } else if how == Activation::Sigmoid {
            for value in values {
                *value = 1.0 / (1.0 + exp(-*value));
            }
        }
    }
    if what == Values::Probabilities || how == Activation::Sigmoid {
        return;
    }
    let (mut most, mut sum) = ([0.0f32; CHUNK], [0.0f32; CHUNK]);
    for start in (0..pixels).step_by(CHUNK) {
        let count = CHUNK.min(pixels - start);
        let (most, sum) = (&mut most[..count], &mut sum[..count]);
        most.fill(f32::NEG_INFINITY);
        sum.fill(0.0);
        let active = (0..channels).filter(|&channel| active[channel]);
        for channel in active.clone() {
            let from = channel * pixels + start;
            for (most, &value) in most.iter_mut().zip(&values[from..from + count]) {
                *most = most.max(value);
            }
        }
        for channel in active.clone() {
            let from = channel * pixels + start;
            let values = &mut values[from..from + count];
            for ((value, &most), sum) in values.iter_mut().zip(most.iter()).zip(sum.iter_mut()) {
                *value = exp(*value - most);
                *sum += *value;
            }
        }
        for sum in sum.iter_mut() {
            *sum = 1.0 / *sum;
        }
        for channel in active {
            let from = channel * pixels + start;
            for (value, &share) in values[from..from + count].iter_mut().zip(sum.iter()) {
                *value *= share;
            }
        }
    }
}

/// A probability as a byte, rounded.
#[inline(always)]
pub(super) fn byte(probability: f32) -> u8 {
    (255.0 * probability + 0.5) as u8
}

/// The two most probable channels of each pixel, and how undecided the model is.
#[derive(Default)]
pub(super) struct Ranking {
    pub(super) first: Vec<u8>,
    pub(super) first_probability: Vec<f32>,
    pub(super) second: Vec<u8>,
    pub(super) second_probability: Vec<f32>,
    pub(super) entropy: Vec<f32>,
}

impl Ranking {
    fn resize(&mut self, pixels: usize) {
        self.first.resize(pixels, 0);
        self.first_probability.resize(pixels, 0.0);
        self.second.resize(pixels, 0);
        self.second_probability.resize(pixels, 0.0);
        self.entropy.resize(pixels, 0.0);
    }
}

/// Steps of the table of p·ln p.
const STEPS: usize = 4_096;

/// What is needed to rank channels.
pub(super) struct Ranker {
    /// −p·ln p by step of p.
    terms: Vec<f32>,
    /// One over the largest entropy.
    scale: f32,
    how: Activation,
}

impl Ranker {
    /// For a model of so many active channels.
    pub(super) fn new(active: usize, how: Activation) -> Self {
        let term = |n: usize| {
            let p = n as f32 / (STEPS - 1) as f32;
            if n == 0 { 0.0 } else { -p * p.ln() }
        };
        let classes = if how == Activation::Sigmoid {
            2
        } else {
            active
        };
        Self {
            terms: (0..STEPS).map(term).collect(),
            scale: 1.0 / (classes.max(2) as f32).ln(),
            how,
        }
    }

    fn term(&self, p: f32) -> f32 {
        let step = (p * (STEPS - 1) as f32 + 0.5) as usize;
        self.terms[step.min(STEPS - 1)]
    }

    /// Ranks the channels of `pixels` pixels; of equal ones the lower number comes first.
    pub(super) fn rank(&self, probabilities: &[f32], pixels: usize, ranking: &mut Ranking) {
        ranking.resize(pixels);
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: this processor has what the function is compiled for.
            return unsafe { self.rank_wide(probabilities, pixels, ranking) };
        }
        self.rank_plain(probabilities, pixels, ranking);
    }

    /// The same, eight numbers at a time.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn rank_wide(&self, probabilities: &[f32], pixels: usize, ranking: &mut Ranking) {
        self.rank_plain(probabilities, pixels, ranking);
    }

    #[inline(always)]
    fn rank_plain(&self, probabilities: &[f32], pixels: usize, ranking: &mut Ranking) {
        for start in (0..pixels).step_by(CHUNK) {
            self.rank_chunk(probabilities, pixels, start, ranking);
        }
    }

    /// Ranks some pixels. Numbers of channels are kept as numbers of the same width as the
    /// probabilities, so that they are worked on together.
    #[inline(always)]
    fn rank_chunk(&self, all: &[f32], pixels: usize, start: usize, ranking: &mut Ranking) {
        let count = CHUNK.min(pixels - start);
        let (mut first, mut second) = ([0i32; CHUNK], [0i32; CHUNK]);
        let (mut one, mut two) = ([-1.0f32; CHUNK], [-1.0f32; CHUNK]);
        let mut entropy = [0.0f32; CHUNK];
        for (channel, values) in all.chunks_exact(pixels).enumerate() {
            let values = &values[start..start + count];
            let channel = channel as i32;
            for n in 0..count {
                let p = values[n];
                let (is_first, is_second) = (p > one[n], p > two[n]);
                let lost = if is_first { first[n] } else { channel };
                let least = if is_first { one[n] } else { p };
                second[n] = if is_second { lost } else { second[n] };
                two[n] = if is_second { least } else { two[n] };
                first[n] = if is_first { channel } else { first[n] };
                one[n] = if is_first { p } else { one[n] };
            }
            if self.how == Activation::Softmax {
                for (entropy, &p) in entropy.iter_mut().zip(values) {
                    *entropy += self.term(p);
                }
            }
        }
        for n in 0..count {
            let p = one[n];
            let found = match self.how {
                Activation::Softmax => entropy[n],
                // Of whether the most probable class is there.
                Activation::Sigmoid => self.term(p) + self.term(1.0 - p),
            };
            ranking.entropy[start + n] = (found * self.scale).clamp(0.0, 1.0);
            ranking.first[start + n] = first[n] as u8;
            ranking.first_probability[start + n] = p;
            ranking.second[start + n] = second[n] as u8;
            ranking.second_probability[start + n] = two[n].max(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right() {
        for n in -8_700..=8_800 {
            let x = n as f32 / 100.0;
            let (found, truth) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((found / truth - 1.0).abs() < 1e-6, "{x}: {found} {truth}");
        }
    }

    #[test]
    fn probabilities_sum_to_one() {
        let pixels = 1_000;
        let mut values: Vec<f32> = (0..3 * pixels)
            .map(|n| ((n * 37) % 100) as f32 / 9.0)
            .collect();
        let logits = values.clone();
        let active = [true, false, true];
        activate(&mut values, Values::Logits, Activation::Softmax, &active);
        for n in 0..pixels {
            let (a, b) = (f64::from(logits[n]), f64::from(logits[2 * pixels + n]));
            let truth = 1.0 / (1.0 + (b - a).exp());
            assert!((f64::from(values[n]) - truth).abs() < 1e-6);
            assert_eq!(values[pixels + n], 0.0);
            assert!((values[n] + values[2 * pixels + n] - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn channels_are_ranked() {
        // Three pixels of three channels.
        let values = [0.2, 0.5, 1.0, 0.5, 0.5, 0.0, 0.3, 0.0, 0.0];
        let mut ranking = Ranking::default();
        Ranker::new(3, Activation::Softmax).rank(&values, 3, &mut ranking);
        assert_eq!(ranking.first, [1, 0, 0]);
        assert_eq!(ranking.second, [2, 1, 1]);
        assert_eq!(ranking.second_probability, [0.3, 0.5, 0.0]);
        assert!((ranking.entropy[1] + 0.5f32.ln() / 3f32.ln()).abs() < 1e-3);
        assert_eq!(ranking.entropy[2], 0.0);
        assert_eq!([byte(0.0), byte(0.5), byte(1.0)], [0, 128, 255]);
    }
}

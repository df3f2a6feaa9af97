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
    // SAFETY: the processor has what each function is compiled for.
    match Width::of_processor() {
        Width::Sixteen => return unsafe { activate_sixteen(values, what, how, active) },
        Width::Eight => return unsafe { activate_eight(values, what, how, active) },
        Width::Plain => {}
    }
    activate_plain(values, what, how, active);
}

/// How many numbers the processor works on together. What comes out is the same for all.
#[cfg(target_arch = "x86_64")]
enum Width {
    Sixteen,
    Eight,
    Plain,
}

#[cfg(target_arch = "x86_64")]
impl Width {
    fn of_processor() -> Self {
        if std::is_x86_feature_detected!("avx512f") {
            Self::Sixteen
        } else if std::is_x86_feature_detected!("avx2") {
            Self::Eight
        } else {
            Self::Plain
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn activate_sixteen(values: &mut [f32], what: Values, how: Activation, active: &[bool]) {
    activate_plain(values, what, how, active);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn activate_eight(values: &mut [f32], what: Values, how: Activation, active: &[bool]) {
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

/// The numbers of a row of pixels, channel by channel.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Those of the first channel, and all that follows,
    pub(super) values: &'a [f32],
    /// where the next channel begins so many numbers later.
    pub(super) pitch: usize,
    /// Pixels of the row.
    pub(super) width: usize,
}

impl<'a> Rows<'a> {
    /// The channels.
    pub(super) fn iter(self) -> impl Iterator<Item = &'a [f32]> {
        let channels = self.values.chunks(self.pitch);
        channels.map(move |values| &values[..self.width])
    }

    /// One channel.
    pub(super) fn channel(self, number: usize) -> &'a [f32] {
        let start = number * self.pitch;
        &self.values[start..start + self.width]
    }

    /// So many pixels, from the one of a number on.
    pub(super) fn part(self, first: usize, width: usize) -> Self {
        Self {
            values: &self.values[first..],
            width,
            ..self
        }
    }
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

/// −p·ln p for p of 0 to 1, to within 2e-5. Written out so that many are worked out at once.
#[inline(always)]
fn entropy(p: f32) -> f32 {
    // p is 2 to the power of n by a factor between the square roots of 1/2 and 2, of which the bits are
    const ROOT: i32 = 0x3f35_04f3;
    let bits = p.to_bits() as i32;
    let n = bits.wrapping_sub(ROOT) >> 23;
    let f = f32::from_bits(bits.wrapping_sub(n << 23) as u32) - 1.0;
    // ln(1 + f) is f − f²/2 + f³ by a polynomial, the nearest of its degree.
    let mut sum = -0.151_885_85;
    for term in [0.215_230_51, -0.251_383_5, 0.333_118_31] {
        sum = sum * f + term;
    }
    let ln = ((sum * f - 0.5) * f + 1.0) * f + n as f32 * std::f32::consts::LN_2;
    -p * ln
}

/// What is needed to rank channels.
pub(super) struct Ranker {
    /// One over the largest entropy.
    scale: f32,
    how: Activation,
}

impl Ranker {
    /// For a model of so many active channels.
    pub(super) fn new(active: usize, how: Activation) -> Self {
        let classes = if how == Activation::Sigmoid {
            2
        } else {
            active
        };
        Self {
            scale: 1.0 / (classes.max(2) as f32).ln(),
            how,
        }
    }

    /// Ranks the channels of pixels; of equal ones the lower number comes first.
    pub(super) fn rank(&self, probabilities: &Rows, ranking: &mut Ranking) {
        ranking.resize(probabilities.width);
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has what each function is compiled for.
        match Width::of_processor() {
            Width::Sixteen => return unsafe { self.rank_sixteen(probabilities, ranking) },
            Width::Eight => return unsafe { self.rank_eight(probabilities, ranking) },
            Width::Plain => {}
        }
        self.rank_plain(probabilities, ranking);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    fn rank_sixteen(&self, probabilities: &Rows, ranking: &mut Ranking) {
        self.rank_plain(probabilities, ranking);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn rank_eight(&self, probabilities: &Rows, ranking: &mut Ranking) {
        self.rank_plain(probabilities, ranking);
    }

    #[inline(always)]
    fn rank_plain(&self, probabilities: &Rows, ranking: &mut Ranking) {
        for start in (0..probabilities.width).step_by(CHUNK) {
            self.rank_chunk(probabilities, start, ranking);
        }
    }

    /// Ranks some pixels. Numbers of channels are kept as numbers of the same width as the
    /// probabilities, so that they are worked on together.
    #[inline(always)]
    fn rank_chunk(&self, all: &Rows, start: usize, ranking: &mut Ranking) {
        let count = CHUNK.min(all.width - start);
        let (mut first, mut second) = ([0i32; CHUNK], [0i32; CHUNK]);
        let (mut one, mut two) = ([-1.0f32; CHUNK], [-1.0f32; CHUNK]);
        let mut sum = [0.0f32; CHUNK];
        for (channel, values) in all.iter().enumerate() {
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
                for (sum, &p) in sum.iter_mut().zip(values) {
                    *sum += entropy(p);
                }
            }
        }
        if self.how == Activation::Sigmoid {
            // Of whether the most probable class is there.
            for (sum, &p) in sum.iter_mut().zip(&one) {
                *sum = entropy(p) + entropy(1.0 - p);
            }
        }
        let of = start..start + count;
        for (to, sum) in ranking.entropy[of.clone()].iter_mut().zip(&sum) {
            *to = (sum * self.scale).clamp(0.0, 1.0);
        }
        for (to, &channel) in ranking.first[of.clone()].iter_mut().zip(&first) {
            *to = channel as u8;
        }
        for (to, &channel) in ranking.second[of.clone()].iter_mut().zip(&second) {
            *to = channel as u8;
        }
        ranking.first_probability[of.clone()].copy_from_slice(&one[..count]);
        for (to, p) in ranking.second_probability[of].iter_mut().zip(&two) {
            *to = p.max(0.0);
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
    fn entropies_are_right() {
        for n in 0..=100_000 {
            let p = n as f32 / 100_000.0;
            let truth = if n == 0 { 0.0 } else { -p * p.ln() };
            assert!((entropy(p) - truth).abs() < 2e-5, "{p}: {}", entropy(p));
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
        let rows = Rows {
            values: &values,
            pitch: 3,
            width: 3,
        };
        Ranker::new(3, Activation::Softmax).rank(&rows, &mut ranking);
        assert_eq!(ranking.first, [1, 0, 0]);
        assert_eq!(ranking.second, [2, 1, 1]);
        assert_eq!(ranking.second_probability, [0.3, 0.5, 0.0]);
        assert!((ranking.entropy[1] + 0.5f32.ln() / 3f32.ln()).abs() < 1e-3);
        assert_eq!(ranking.entropy[2], 0.0);
        assert_eq!([byte(0.0), byte(0.5), byte(1.0)], [0, 128, 255]);
    }
}

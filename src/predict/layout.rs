//! What is kept of each pixel, band by band.

use super::card::Card;
use super::probabilities::{Ranker, Ranking, Rows, byte};
use crate::error::{Error, Result};
use crate::raster::NO_CLASS;

/// What a band of a part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// The code of the most probable class.
    First,
    /// Its probability.
    FirstProbability,
    /// The code of the next.
    Second,
    /// Its probability.
    SecondProbability,
    /// How undecided the model is.
    Entropy,
    /// The probability of a channel's class.
    Channel(usize),
    /// Where there are data.
    Mask,
}

/// The bands of the parts of a job.
pub(super) struct Layout {
    kept: Vec<Kept>,
    codes: Vec<u8>,
    has_all: bool,
    ranker: Ranker,
    is_exclusive: bool,
}

/// What the compact form has.
const COMPACT: [(Kept, &str); 5] = [
    (Kept::First, "class_1"),
    (Kept::FirstProbability, "probability_1"),
    (Kept::Second, "class_2"),
    (Kept::SecondProbability, "probability_2"),
    (Kept::Entropy, "entropy"),
];

impl Layout {
    pub(super) fn new(card: &Card, has_all: bool, heat_maps: &[i64]) -> Result<Self> {
        let channels = &card.output.channels;
        let mut kept: Vec<Kept> = if has_all {
            let all = (0..channels.len()).map(Kept::Channel);
            all.chain([Kept::First]).collect()
        } else {
            COMPACT.iter().map(|&(kept, _)| kept).collect()
        };
        for code in heat_maps {
            let Some(channel) = channels.iter().position(|c| c == code) else {
                let known: Vec<String> = channels.iter().map(i64::to_string).collect();
                return Err(Error::input(
                    "--heat-map",
                    format!("{code} is the code of no class of this model"),
                    format!("its codes are {}", known.join(", ")),
                ));
            };
            if !kept.contains(&Kept::Channel(channel)) {
                kept.push(Kept::Channel(channel));
            }
        }
        kept.push(Kept::Mask);
        let active = card
            .active()
            .into_iter()
            .filter(|&is_active| is_active)
            .count();
        Ok(Self {
            kept,
            // Of codes 0 to 254, as the card was checked.
            codes: channels.iter().map(|&code| code as u8).collect(),
            has_all,
            ranker: Ranker::new(active, card.output.activation),
            is_exclusive: card.output.activation == super::Activation::Softmax,
        })
    }

    /// Number of bands.
    pub(super) fn bands(&self) -> usize {
        self.kept.len()
    }

    /// Whether all classes are published.
    pub(super) fn has_all(&self) -> bool {
        self.has_all
    }

    fn band(&self, kept: Kept) -> usize {
        self.kept.iter().position(|k| *k == kept).unwrap_or(0)
    }

    /// The band of the mask.
    pub(super) fn mask(&self) -> usize {
        self.band(Kept::Mask)
    }

    /// The band of the class.
    pub(super) fn class(&self) -> usize {
        self.band(Kept::First)
    }

    /// The band of the probability of the class of a code.
    pub(super) fn heat_band(&self, code: i64) -> usize {
        let channel = self.codes.iter().position(|&c| i64::from(c) == code);
        self.band(Kept::Channel(channel.unwrap_or(0)))
    }

    /// The bands of the raster of probabilities, with their names.
    pub(super) fn published(&self) -> impl Iterator<Item = (usize, String)> {
        let count = if self.has_all {
            self.codes.len()
        } else {
            COMPACT.len()
        };
        (0..count).map(|band| (band, self.name(self.kept[band])))
    }

    fn name(&self, kept: Kept) -> String {
        match kept {
            Kept::Channel(channel) => self.codes[channel].to_string(),
            Kept::Mask => "mask".to_owned(),
            kept => {
                let of = |(k, _): &&(Kept, &str)| *k == kept;
                COMPACT
                    .iter()
                    .find(of)
                    .map_or("", |(_, name)| name)
                    .to_owned()
            }
        }
    }

    /// The names of all bands.
    pub(super) fn names(&self) -> Vec<String> {
        self.kept.iter().map(|&kept| self.name(kept)).collect()
    }

    /// Puts into each of `bands` what is kept of a row of pixels, from their probabilities, and where there are data.
    pub(super) fn keep<'b>(
        &self,
        probabilities: &Rows,
        valid: &[bool],
        ranking: &mut Ranking,
        bands: impl Iterator<Item = &'b mut [u8]>,
    ) {
        self.ranker.rank(probabilities, ranking);
        for (&kept, bytes) in self.kept.iter().zip(bands) {
            self.keep_band(kept, probabilities, ranking, bytes);
            let empty = match kept {
                Kept::First | Kept::Second => NO_CLASS,
                _ => 0,
            };
            for (byte, &is_there) in bytes.iter_mut().zip(valid) {
                *byte = if is_there { *byte } else { empty };
            }
        }
    }

    fn keep_band(&self, kept: Kept, probabilities: &Rows, ranking: &Ranking, bytes: &mut [u8]) {
        let (values, coded) = match kept {
            Kept::First => {
                let least = if self.is_exclusive { 0.0 } else { 0.5 };
                (
                    &ranking.first_probability[..],
                    Some((&ranking.first, least)),
                )
            }
            Kept::FirstProbability => (&ranking.first_probability[..], None),
            Kept::Second => (
                &ranking.second_probability[..],
                Some((&ranking.second, 0.0)),
            ),
            Kept::SecondProbability => (&ranking.second_probability[..], None),
            Kept::Entropy => (&ranking.entropy[..], None),
            Kept::Channel(n) => (probabilities.channel(n), None),
            Kept::Mask => return bytes.fill(255),
        };
        let Some((channels, least)) = coded else {
            for (at, &p) in bytes.iter_mut().zip(values) {
                *at = byte(p);
            }
            return;
        };
        for ((at, &channel), &p) in bytes.iter_mut().zip(channels).zip(values) {
            *at = if p >= least && p > 0.0 {
                self.codes[usize::from(channel)]
            } else {
                NO_CLASS
            };
        }
    }
}

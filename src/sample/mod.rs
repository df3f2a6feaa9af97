//! Points to be checked on images, and what they say once they are: the areas of a period with
//! their uncertainty.
//!
//! The ground is cut in strata by what the account says of it, so that rare kinds get points too:
//! artificialised, désartificialised, artificial or not at both dates, and, apart, what alignment
//! judged noise. Half of the points are shared equally among the strata, half by their areas.

mod draw;
mod read;

pub use draw::{Drawn, Plan, draw};
pub use read::{Accuracy, Figure, accuracy, require_drawn_from};

/// What is said of a territory without checked points.
pub const NOT_MEASURED: &str = "précision non mesurée";

/// A stratum: what the account says of the ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Not artificialised before, artificialised after.
    Artificialised,
    /// The reverse.
    Desartificialised,
    /// Artificialised at both dates.
    Artificial,
    /// At neither.
    Other,
    /// Artificialised at both dates once noise is removed.
    NoiseArtificial,
    /// At neither once noise is removed.
    NoiseOther,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Artificialised,
        Self::Desartificialised,
        Self::Artificial,
        Self::Other,
        Self::NoiseArtificial,
        Self::NoiseOther,
    ];

    /// The stratum of ground of this final status before and after, and whether it was judged
    /// noise; `None` where a status is not known.
    fn of(before: Option<bool>, after: Option<bool>, is_noise: bool) -> Option<Self> {
        Some(match (before?, after?, is_noise) {
            (false, true, _) => Self::Artificialised,
            (true, false, _) => Self::Desartificialised,
            (true, true, false) => Self::Artificial,
            (false, false, false) => Self::Other,
            (true, true, true) => Self::NoiseArtificial,
            (false, false, true) => Self::NoiseOther,
        })
    }

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Artificialised => "artificialised",
            Self::Desartificialised => "desartificialised",
            Self::Artificial => "artificial",
            Self::Other => "other",
            Self::NoiseArtificial => "noise-artificial",
            Self::NoiseOther => "noise-other",
        }
    }

    /// Whether its ground is artificialised before and after.
    pub const fn status(self) -> (bool, bool) {
        match self {
            Self::Artificialised => (false, true),
            Self::Desartificialised => (true, false),
            Self::Artificial | Self::NoiseArtificial => (true, true),
            Self::Other | Self::NoiseOther => (false, false),
        }
    }
}

/// The columns of a file of points: period, series, stratum, its ground and that of all strata in
/// half square centimetres, codes as mapped, what is seen before and after (1 artificialised, 0 not), and who
/// looked.
const COLUMNS: [&str; 14] = [
    "period",
    "series",
    "stratum",
    "stratum_half_cm2",
    "total_half_cm2",
    "cs_before",
    "us_before",
    "cs_after",
    "us_after",
    "seen_before",
    "seen_after",
    "interpreter",
    "date",
    "comment",
];
const LAYER: &str = "points";

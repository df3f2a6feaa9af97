//! What alignment makes of a difference between two vintages.

use serde::Serialize;

/// Why ground that differs between two vintages is taken as changed, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A change.
    Kept,
    /// A change that became large enough in this period, though the vintage before has it already.
    Late,
    /// Ground between a change and an outline that both vintages have: it changes with the former.
    Remainder,
    /// The vintage says again what it said before a difference that was taken as noise.
    Return,
    /// Noise: the vintage is displaced against the one before.
    Displacement,
    /// Noise: the patch is smaller than the least patch.
    PatchArea,
    /// Noise: the patch is narrower than the least patch.
    PatchWidth,
    /// Noise: the band between two drawings of one outline.
    Outline,
    /// Noise: the ground before was smaller than the minimum unit.
    StateBefore,
    /// Noise: sources say the same at both dates, and the vintages were generalised otherwise.
    Generalisation,
    /// Noise: a model saw no change of cover.
    Unseen,
    /// Noise: cover and use differ by what is taken for one another.
    Confusion,
    /// Noise: what results is smaller than the minimum unit.
    StateArea,
    /// Noise: what results is narrower than the minimum width.
    StateWidth,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Kept,
        Self::Late,
        Self::Remainder,
        Self::Return,
        Self::Displacement,
        Self::PatchArea,
        Self::PatchWidth,
        Self::Outline,
        Self::StateBefore,
        Self::Generalisation,
        Self::Unseen,
        Self::Confusion,
        Self::StateArea,
        Self::StateWidth,
    ];

    /// The verdict of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }

    /// Its name in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Late => "late",
            Self::Remainder => "remainder",
            Self::Return => "return",
            Self::Displacement => "displacement",
            Self::PatchArea => "patch-area",
            Self::PatchWidth => "patch-width",
            Self::Outline => "outline",
            Self::StateBefore => "state-before",
            Self::Generalisation => "generalisation",
            Self::Unseen => "unseen",
            Self::Confusion => "confusion",
            Self::StateArea => "state-area",
            Self::StateWidth => "state-width",
        }
    }

    /// Whether the ground keeps what the vintage before says of it.
    pub const fn is_noise(self) -> bool {
        !matches!(
            self,
            Self::Kept | Self::Late | Self::Remainder | Self::Return
        )
    }
}

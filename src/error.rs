//! Errors for people: what is wrong, where, and what to do.

use std::fmt::Display;
use std::path::Path;

use thiserror::Error;

/// Why a command could not do its work.
#[derive(Debug, Error)]
pub enum Error {
    /// Something that the user gave, or the machine it runs on, is not as it must be.
    #[error("{place}: {what}\n  → {advice}")]
    Input {
        /// File, layer, row, band or key.
        place: String,
        /// What is wrong.
        what: String,
        /// What to do about it.
        advice: String,
    },
    /// Whoever reads the answer does not: an answer in a pipe may be left half read.
    #[error("the answer cannot be written: {0}\n  → check what reads it")]
    Output(String, std::io::ErrorKind),
    /// A defect of this program.
    #[error("{0}\n  → this is a defect of millesime, not of your data: please report it")]
    Internal(String),
}

/// The result of what may fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of the input at `place`.
    pub fn input(place: impl Display, what: impl Display, advice: impl Display) -> Self {
        Self::Input {
            place: place.to_string(),
            what: what.to_string(),
            advice: advice.to_string(),
        }
    }

    /// The same, told as part of something larger: a domain, a vintage.
    #[must_use]
    pub fn within(self, whole: impl Display) -> Self {
        match self {
            Self::Input {
                place,
                what,
                advice,
            } => Self::Input {
                place: format!("{whole}, {place}"),
                what,
                advice,
            },
            other => other,
        }
    }

    /// A file that could not be read.
    pub fn unreadable(path: &Path, why: impl Display) -> Self {
        Self::input(
            path.display(),
            format!("cannot be read: {why}"),
            "check that the file exists, is complete and is of a format that GDAL or Parquet reads",
        )
    }

    /// A file or folder that could not be written.
    pub fn unwritable(path: &Path, why: impl Display) -> Self {
        Self::input(
            path.display(),
            format!("cannot be written: {why}"),
            "check the free space on the disk and the permissions of the folder, or give another one",
        )
    }

    /// The exit code for this error: 2 for the user's, 1 for ours.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input { .. } | Self::Output(..) => 2,
            Self::Internal(_) => 1,
        }
    }
}

/// The candidate nearest to `name`, when one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| {
            (
                strsim::jaro_winkler(&name.to_lowercase(), &c.to_lowercase()),
                c,
            )
        })
        .filter(|(score, _)| *score > 0.6)
        .max_by(|p, q| p.0.total_cmp(&q.0).then_with(|| q.1.cmp(p.1)))
        .map(|(_, c)| c)
}

/// "did you mean …? known: …": advice for a name that is not known.
pub fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let list = known.join(", ");
    match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`? Known here: {list}"),
        None => format!("known here: {list}"),
    }
}

//! Why the codes or the status of a face differ between two dates.

use serde::Serialize;

use crate::reference::{Code, Nomenclature, Reference};

/// The cause of a difference within one series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The same cover, use and status, or covered at neither date.
    Unchanged,
    /// Another cover or use.
    Change,
    /// The same said more or less finely.
    Nomenclature,
    /// The status moved though cover and use did not.
    Threshold,
    /// Known at one date only.
    Coverage,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Unchanged,
        Self::Change,
        Self::Nomenclature,
        Self::Threshold,
        Self::Coverage,
    ];

    /// Its name in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Change => "change",
            Self::Nomenclature => "nomenclature",
            Self::Threshold => "threshold",
            Self::Coverage => "coverage",
        }
    }
}

/// Cover and use.
pub type Codes = (Code, Code);

/// The cause, from the codes at both dates and whether the final status differs.
pub fn cause(
    reference: &Reference,
    before: Option<Codes>,
    after: Option<Codes>,
    status_moved: bool,
) -> Cause {
    let (before, after) = match (before, after) {
        (None, None) => return Cause::Unchanged,
        (Some(before), Some(after)) => (before, after),
        _ => return Cause::Coverage,
    };
    if before == after {
        return if status_moved {
            Cause::Threshold
        } else {
            Cause::Unchanged
        };
    }
    let cover = says_the_same(&reference.cover, before.0, after.0);
    let usage = says_the_same(&reference.usage, before.1, after.1)
        || reference.is_aggregate_of(before.1, after.1)
        || reference.is_unknown_use(before.1);
    if cover && usage {
        Cause::Nomenclature
    } else {
        Cause::Change
    }
}

/// A code and itself, its ancestor, or an unknown one.
fn says_the_same(nomenclature: &Nomenclature, a: Code, b: Code) -> bool {
    nomenclature.nests(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_have_their_cause() {
        let reference = Reference::load(None).unwrap();
        let codes = |(cover, usage): (&str, &str)| {
            (
                reference.cover.code(cover).unwrap(),
                reference.usage.code(usage).unwrap(),
            )
        };
        let of = |b, a, moved| cause(&reference, Some(codes(b)), Some(codes(a)), moved);
        let field = ("CS2.2.1", "US1.1");
        let house = ("CS1.1.1.1", "US5");
        let wood = ("CS2.1.1", "US1.2");
        assert_eq!(of(field, field, false), Cause::Unchanged);
        assert_eq!(of(field, field, true), Cause::Threshold);
        assert_eq!(of(field, house, true), Cause::Change);
        assert_eq!(
            of(("CS1.1.1.1", "US235"), house, false),
            Cause::Nomenclature
        );
        assert_eq!(of(("CS2.2.1", "US6.6"), field, false), Cause::Nomenclature);
        assert_eq!(of(field, ("CS2.2.1", "US6.6"), false), Cause::Change);
        assert_eq!(of(wood, ("CS2.1.1.3", "US1.2"), false), Cause::Nomenclature);
        assert_eq!(of(wood, ("CS2.1.1.3", "US5"), false), Cause::Change);
        assert_eq!(
            cause(&reference, None, Some(codes(field)), false),
            Cause::Coverage
        );
        assert_eq!(cause(&reference, None, None, false), Cause::Unchanged);
    }
}

//! Why the codes or the status of a face differ between two dates.

use serde::Serialize;

use crate::reference::{Code, Nomenclature, Reference};
use crate::vintage::Object;

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

/// The cause, from the objects at both dates and whether the final status differs.
pub fn cause(
    reference: &Reference,
    before: Option<&Object>,
    after: Option<&Object>,
    status_moved: bool,
) -> Cause {
    let (before, after) = match (before, after) {
        (None, None) => return Cause::Unchanged,
        (Some(before), Some(after)) => (before, after),
        _ => return Cause::Coverage,
    };
    if before.cover == after.cover && before.usage == after.usage {
        return if status_moved {
            Cause::Threshold
        } else {
            Cause::Unchanged
        };
    }
    let cover = says_the_same(&reference.cover, before.cover, after.cover);
    let usage = says_the_same(&reference.usage, before.usage, after.usage)
        || is_mixed(&reference.usage, before.usage, after.usage)
        || reference.usage.text(before.usage) == "US6.6";
    if cover && usage {
        Cause::Nomenclature
    } else {
        Cause::Change
    }
}

/// A code and itself, its ancestor, or an unknown one.
fn says_the_same(nomenclature: &Nomenclature, a: Code, b: Code) -> bool {
    nomenclature.leaves(a).nests_with(nomenclature.leaves(b))
}

/// US235, which the older products give for US2, US3 and US5.
fn is_mixed(usage: &Nomenclature, a: Code, b: Code) -> bool {
    let parts = |code| matches!(usage.text(code), "US2" | "US3" | "US5");
    let mixed = |code| usage.text(code) == "US235";
    (mixed(a) && parts(b)) || (parts(a) && mixed(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_have_their_cause() {
        let reference = Reference::load(None).unwrap();
        let object = |cover: &str, usage: &str| Object {
            cover: reference.cover.code(cover).unwrap(),
            usage: reference.usage.code(usage).unwrap(),
            id: "".into(),
            source: "".into(),
            ossature: None,
            id_origine: "".into(),
            code_or: "".into(),
            official: None,
        };
        let of = |b: (&str, &str), a: (&str, &str), moved| {
            cause(
                &reference,
                Some(&object(b.0, b.1)),
                Some(&object(a.0, a.1)),
                moved,
            )
        };
        let field = ("CS2.2.1", "US1.1");
        assert_eq!(of(field, field, false), Cause::Unchanged);
        assert_eq!(of(field, field, true), Cause::Threshold);
        assert_eq!(of(field, ("CS1.1.1.1", "US5"), true), Cause::Change);
        assert_eq!(
            of(("CS1.1.1.1", "US235"), ("CS1.1.1.1", "US5"), false),
            Cause::Nomenclature
        );
        assert_eq!(of(("CS2.2.1", "US6.6"), field, false), Cause::Nomenclature);
        assert_eq!(of(field, ("CS2.2.1", "US6.6"), false), Cause::Change);
        assert_eq!(
            of(("CS2.1.1", "US1.2"), ("CS2.1.1.3", "US1.2"), false),
            Cause::Nomenclature
        );
        assert_eq!(
            of(("CS2.1.1", "US1.2"), ("CS2.1.1.3", "US5"), false),
            Cause::Change
        );
        assert_eq!(
            cause(&reference, None, Some(&object("CS2.2.1", "US5")), false),
            Cause::Coverage
        );
        assert_eq!(cause(&reference, None, None, false), Cause::Unchanged);
    }
}

//! What the ground of the twin is made of: pairs of cover and use.

/// A cover and a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Ground {
    /// Code of the cover.
    pub(super) cover: &'static str,
    /// Code of the use.
    pub(super) usage: &'static str,
}

/// The ground of this cover and use.
pub(super) const fn ground(cover: &'static str, usage: &'static str) -> Ground {
    Ground { cover, usage }
}

/// Covers.
pub(super) mod cover {
    pub(in crate::twin) const BUILT: &str = "CS1.1.1.1";
    pub(in crate::twin) const PAVED: &str = "CS1.1.1.2";
    pub(in crate::twin) const MINERAL: &str = "CS1.1.2.1";
    pub(in crate::twin) const COMPOSITE: &str = "CS1.1.2.2";
    pub(in crate::twin) const BARE: &str = "CS1.2.1";
    pub(in crate::twin) const WATER: &str = "CS1.2.2";
    pub(in crate::twin) const SNOW: &str = "CS1.2.3";
    pub(in crate::twin) const BROADLEAF: &str = "CS2.1.1.1";
    pub(in crate::twin) const CONIFER: &str = "CS2.1.1.2";
    pub(in crate::twin) const MIXED: &str = "CS2.1.1.3";
    pub(in crate::twin) const SHRUB: &str = "CS2.1.2";
    pub(in crate::twin) const VINE: &str = "CS2.1.3";
    pub(in crate::twin) const GRASS: &str = "CS2.2.1";
    pub(in crate::twin) const REED: &str = "CS2.2.2";
}

/// Uses.
pub(super) mod usage {
    pub(in crate::twin) const FARMING: &str = "US1.1";
    pub(in crate::twin) const FORESTRY: &str = "US1.2";
    pub(in crate::twin) const EXTRACTION: &str = "US1.3";
    pub(in crate::twin) const FISHING: &str = "US1.4";
    pub(in crate::twin) const OTHER_PRIMARY: &str = "US1.5";
    pub(in crate::twin) const SECONDARY: &str = "US2";
    pub(in crate::twin) const TERTIARY: &str = "US3";
    pub(in crate::twin) const MIXED: &str = "US235";
    pub(in crate::twin) const ROAD: &str = "US4.1.1";
    pub(in crate::twin) const RAIL: &str = "US4.1.2";
    pub(in crate::twin) const AIR: &str = "US4.1.3";
    pub(in crate::twin) const WATERWAY: &str = "US4.1.4";
    pub(in crate::twin) const OTHER_TRANSPORT: &str = "US4.1.5";
    pub(in crate::twin) const LOGISTICS: &str = "US4.2";
    pub(in crate::twin) const UTILITY: &str = "US4.3";
    pub(in crate::twin) const RESIDENTIAL: &str = "US5";
    pub(in crate::twin) const TRANSITION: &str = "US6.1";
    pub(in crate::twin) const ABANDONED: &str = "US6.2";
    pub(in crate::twin) const NONE: &str = "US6.3";
    pub(in crate::twin) const UNKNOWN: &str = "US6.6";
}

/// Ploughed land and meadows.
pub(super) const FIELD: Ground = ground(cover::GRASS, usage::FARMING);
/// Vineyard.
pub(super) const VINEYARD: Ground = ground(cover::VINE, usage::FARMING);
/// Orchard: shrubs in rows.
pub(super) const ORCHARD: Ground = ground(cover::SHRUB, usage::FARMING);
/// Hedge.
pub(super) const HEDGE: Ground = ground(cover::BROADLEAF, usage::FARMING);
/// Natural wood.
pub(super) const WOOD: Ground = ground(cover::BROADLEAF, usage::NONE);
/// Heath.
pub(super) const HEATH: Ground = ground(cover::SHRUB, usage::NONE);
/// Grass of no use.
pub(super) const MEADOW: Ground = ground(cover::GRASS, usage::NONE);
/// River, pond, sea.
pub(super) const WATER: Ground = ground(cover::WATER, usage::NONE);
/// Rock, sand.
pub(super) const ROCK: Ground = ground(cover::BARE, usage::NONE);
/// Road, street.
pub(super) const ROAD: Ground = ground(cover::PAVED, usage::ROAD);
/// Lawn around a house.
pub(super) const GARDEN: Ground = ground(cover::GRASS, usage::RESIDENTIAL);

#[cfg(test)]
mod tests {
    use super::{cover, usage};
    use crate::reference::Reference;

    #[test]
    fn every_code_is_a_leaf_of_the_nomenclature() {
        let reference = Reference::load(None).unwrap();
        for text in [
            cover::BUILT,
            cover::PAVED,
            cover::MINERAL,
            cover::COMPOSITE,
            cover::BARE,
            cover::WATER,
            cover::SNOW,
            cover::BROADLEAF,
            cover::CONIFER,
            cover::MIXED,
            cover::SHRUB,
            cover::VINE,
            cover::GRASS,
            cover::REED,
        ] {
            let code = reference.cover.code(text).unwrap();
            assert_eq!(reference.cover.leaves(code).count(), 1, "{text}");
        }
        for text in [
            usage::FARMING,
            usage::FORESTRY,
            usage::EXTRACTION,
            usage::FISHING,
            usage::OTHER_PRIMARY,
            usage::SECONDARY,
            usage::TERTIARY,
            usage::MIXED,
            usage::ROAD,
            usage::RAIL,
            usage::AIR,
            usage::WATERWAY,
            usage::OTHER_TRANSPORT,
            usage::LOGISTICS,
            usage::UTILITY,
            usage::RESIDENTIAL,
            usage::TRANSITION,
            usage::ABANDONED,
            usage::NONE,
            usage::UNKNOWN,
        ] {
            let code = reference.usage.code(text).unwrap();
            assert_eq!(reference.usage.leaves(code).count(), 1, "{text}");
        }
    }
}

//! What the parcels of the Fichiers fonciers tell of use.

use crate::error::Result;
use crate::reference::{Code, Kind, Reference};
use crate::vector::Layer;

/// Numbers of units on a parcel: dwellings; units of industry; units of trade and services.
const DWELLINGS: [&str; 2] = ["nlocmaison", "nlocappt"];
const SECONDARY: [&str; 1] = ["nloccomsec"];
const TERTIARY: [&str; 1] = ["nloccomter"];
/// Built surface of dwellings and of activities, m².
const SURFACES: [&str; 2] = ["stoth", "stotp"];

/// Tells the use of parcels.
pub(super) struct Parcels {
    dominance: f64,
    /// Kind of evidence and use of dwellings, industry, trade and services, and of a mixture.
    residential: (Kind, Code),
    secondary: (Kind, Code),
    tertiary: (Kind, Code),
    mixed: (Kind, Code),
}

impl Parcels {
    pub(super) fn new(layer: &Layer, reference: &Reference) -> Result<Self> {
        layer.require_column(DWELLINGS[0])?;
        let fusion = &reference.fusion;
        let kind = |name: &str, usage: &str| {
            let missing = || {
                let what = format!("no rule of use has the evidence {name}");
                crate::error::Error::input("fusion/use.csv", what, "add one")
            };
            let kind = fusion.kind(name).ok_or_else(missing)?;
            Ok((kind, reference.usage.code(usage).ok_or_else(missing)?))
        };
        Ok(Self {
            dominance: reference.parameter("dominance")?,
            residential: kind("parcel_residential", "US5")?,
            secondary: kind("parcel_secondary", "US2")?,
            tertiary: kind("parcel_tertiary", "US3")?,
            mixed: kind("parcel_mixed", "US235")?,
        })
    }

    /// The columns that it looks at.
    pub(super) fn columns(&self) -> impl Iterator<Item = String> + use<> {
        let all = [&DWELLINGS[..], &SECONDARY, &TERTIARY, &SURFACES];
        all.into_iter().flatten().map(|name| (*name).to_owned())
    }

    /// What a parcel tells; nothing where nothing is built on it.
    pub(super) fn tells<'v>(&self, value: &dyn Fn(&str) -> &'v str) -> Option<(Kind, Code)> {
        let number = |name: &&str| value(name).trim().parse::<f64>().unwrap_or(0.0).max(0.0);
        let sum = |names: &[&str]| names.iter().map(number).sum::<f64>();
        let (dwellings, secondary, tertiary) = (sum(&DWELLINGS), sum(&SECONDARY), sum(&TERTIARY));
        let activities = secondary + tertiary;
        match (dwellings > 0.0, secondary > 0.0, tertiary > 0.0) {
            (false, false, false) => None,
            (true, false, false) => Some(self.residential),
            (false, true, false) => Some(self.secondary),
            (false, false, true) => Some(self.tertiary),
            _ => {
                // Surfaces say more than numbers of units; they do not part industry from services.
                let (homes, works) = (number(&SURFACES[0]), number(&SURFACES[1]));
                let (homes, works) = match homes + works > 0.0 {
                    true => (homes, works),
                    false => (dwellings, activities),
                };
                let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
                let works = share(works, homes + works);
                let shares = [
                    (1.0 - works, self.residential),
                    (works * share(secondary, activities), self.secondary),
                    (works * share(tertiary, activities), self.tertiary),
                ];
                let dominant = shares
                    .into_iter()
                    .find(|(share, _)| *share >= self.dominance);
                Some(dominant.map_or(self.mixed, |(_, told)| told))
            }
        }
    }
}

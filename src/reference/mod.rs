//! What is known: nomenclatures, the decree's matrix and its parameters. The tables of the
//! folder `reference/` are embedded in the program; a folder of the user's may override any file.

mod classes;
mod crosswalk;
mod embedded;
mod fusion;
mod generalisation;
mod nomenclature;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use classes::{Class, ClassCode, ClassList};
pub use crosswalk::{Crosswalk, OwnClass, OwnClasses};
pub use embedded::tables;
pub use fusion::{CodeSet, Condition, CoverRule, Fusion, Kind, ObjectRule, UseRule, folded};
pub use generalisation::Generalisation;
pub use nomenclature::{Axis, Code, Labels, LeafSet, Nomenclature};

use crate::error::{Error, Result, suggest};
use embedded::{
    CLASS_LISTS, DEPARTEMENTS, EMBEDDED, LOCAL, URBANISED, VINTAGES, extra_rasters, require_known,
};

/// The tables of parameters.
const PARAMETERS: [&str; 6] = [
    "artificialisation/parameters.csv",
    "specification/parameters.csv",
    "alignment/parameters.csv",
    "fusion/parameters.csv",
    "generalisation/parameters.csv",
    "trajectory/parameters.csv",
];

/// A number of the law, of the specification or of our choosing.
#[derive(Clone, Debug, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// The unit of the value.
    pub unit: String,
    /// What it means.
    pub meaning: String,
    /// Where it comes from.
    pub source: String,
    /// `published rule`, `derived` or `our choice`.
    pub tag: String,
}

/// Whether ground of a cover and a use is urbanised, in the zone construite or outside it.
#[derive(Clone, Debug, Deserialize)]
pub struct Urbanised {
    /// Cover.
    pub cover: String,
    /// Use.
    #[serde(rename = "use")]
    pub usage: String,
    /// In the zone construite.
    pub zone_construite: bool,
    /// Whether it is urbanised.
    pub urbanised: bool,
}

/// A vintage that is known to be published.
#[derive(Clone, Debug, Deserialize)]
pub struct Vintage {
    /// The département.
    pub departement: String,
    /// The year.
    pub year: u16,
    /// The projection, as the names of archives have it.
    pub projection: String,
    /// The CRS.
    pub crs: String,
}

/// A département, and the région that it is in.
#[derive(Clone, Debug, Deserialize)]
pub struct Departement {
    departement: String,
    /// Its name.
    pub name: String,
    /// Its name as one says what is of it: `du Gers`, `de l'Ain`.
    pub of_name: String,
    /// Code of its région.
    pub region: String,
    /// Name of its région.
    pub region_name: String,
}

/// All reference tables.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Cover (CS).
    pub cover: Nomenclature,
    /// Use (US).
    pub usage: Nomenclature,
    /// Nomenclatures of class rasters, by name.
    pub rasters: BTreeMap<String, ClassList>,
    /// Crosswalks from other nomenclatures, by name.
    crosswalks: BTreeMap<String, Crosswalk>,
    /// For each leaf of use, the leaves of cover with which it is artificial.
    artificial: Vec<LeafSet>,
    impermeable: LeafSet,
    building: LeafSet,
    /// Codes of use that the older products give for others: aggregate, part.
    aggregates: Vec<(Code, Code)>,
    /// Codes of use that say that the use is not known.
    unknown_uses: Vec<Code>,
    /// Pairs of covers, and of uses, that are taken for one another.
    confusions: Vec<(Axis, Code, Code)>,
    /// How doubtful the verdicts of alignment are.
    doubts: BTreeMap<String, f64>,
    parameters: Vec<Parameter>,
    departements: BTreeMap<String, Departement>,
    urbanised: Vec<Urbanised>,
    vintages: Vec<Vintage>,
    /// What the objects of reference layers tell, and which is believed.
    pub fusion: Fusion,
    /// How well ground goes into its neighbours.
    pub generalisation: Generalisation,
    digest: String,
}

#[derive(Deserialize)]
struct MatrixRow {
    #[serde(rename = "use")]
    usage: String,
    cover: String,
    artificial: bool,
}

#[derive(Deserialize)]
struct ImpermeableRow {
    cover: String,
    impermeable: bool,
}

#[derive(Deserialize)]
struct ConfusionRow {
    axis: String,
    a: String,
    b: String,
}

#[derive(Deserialize)]
struct DoubtRow {
    verdict: String,
    doubt: f64,
}

#[derive(Deserialize)]
struct UnknownRow {
    text: String,
}

#[derive(Deserialize)]
struct BuildingRow {
    cover: String,
}

/// A code of use that says less than others.
#[derive(Deserialize)]
struct EquivalenceRow {
    code: String,
    kind: EquivalenceKind,
    part: String,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum EquivalenceKind {
    /// It stands for any of its parts.
    Aggregate,
    /// It says that the use is not known.
    Unknown,
}

/// A finer use, which a product may give in words.
#[derive(Deserialize)]
struct FinerRow {
    label_fr: String,
    code: String,
}

impl Reference {
    /// The embedded tables, with the files of `folder`, where it has them, in their stead.
    pub fn load(folder: Option<&Path>) -> Result<Self> {
        if let Some(folder) = folder {
            require_known(folder)?;
        }
        let text = |name: &str| -> Result<String> {
            if let Some(path) = folder.map(|f| f.join(name)).filter(|p| p.exists()) {
                return std::fs::read_to_string(&path).map_err(|e| Error::unreadable(&path, e));
            }
            EMBEDDED
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, text)| (*text).to_owned())
                .ok_or_else(|| Error::Internal(format!("no reference table {name}")))
        };
        let unknown: Vec<String> = rows(&text("nomenclature/unknown.csv")?, "unknown.csv")?
            .into_iter()
            .map(|row: UnknownRow| row.text)
            .collect();
        let local = text(LOCAL)?;
        let parse = |axis, name| Nomenclature::parse(axis, &text(name)?, &unknown, &local);
        let cover = parse(Axis::Cover, "nomenclature/cover.csv")?;
        let mut usage = parse(Axis::Use, "nomenclature/use.csv")?;
        for row in rows::<FinerRow>(&text("nomenclature/finer_use.csv")?, "finer_use.csv")? {
            if !usage.add_text(&row.label_fr, &row.code) {
                let what = format!("{} is not a code of use", row.code);
                return Err(table_error("finer_use.csv", what));
            }
        }
        let leaf = |nomenclature: &Nomenclature, code: &str| {
            let code = nomenclature.code(code)?;
            let leaves = nomenclature.leaves(code);
            // What is said of a local code would be said of all that it stands below.
            (leaves.count() == 1 && nomenclature.base(code) == code).then_some(leaves)
        };
        let mut artificial = vec![LeafSet::EMPTY; usage.leaf_count()];
        let mut given = artificial.clone();
        for row in rows::<MatrixRow>(&text("artificialisation/matrix.csv")?, "matrix.csv")? {
            let (Some(u), Some(c)) = (leaf(&usage, &row.usage), leaf(&cover, &row.cover)) else {
                return Err(table_error(
                    "matrix.csv",
                    format!("{} × {} is not a couple of leaves", row.usage, row.cover),
                ));
            };
            let place = u.first().unwrap_or_default();
            if given[place].within(c) == Some(true) || c.within(given[place]) == Some(true) {
                return Err(table_error(
                    "matrix.csv",
                    format!("{} × {} is given twice", row.usage, row.cover),
                ));
            }
            given[place] = given[place].with(c);
            if row.artificial {
                artificial[place] = artificial[place].with(c);
            }
        }
        if given
            .iter()
            .any(|covers| covers.count() as usize != cover.leaf_count())
        {
            return Err(table_error(
                "matrix.csv",
                "does not have every couple of a leaf of use and a leaf of cover".to_owned(),
            ));
        }
        let mut impermeable = LeafSet::EMPTY;
        for row in rows::<ImpermeableRow>(
            &text("artificialisation/impermeable.csv")?,
            "impermeable.csv",
        )? {
            match leaf(&cover, &row.cover) {
                Some(leaves) if row.impermeable => impermeable = impermeable.with(leaves),
                Some(_) => {}
                None => {
                    let what = format!("{} is not a leaf of cover", row.cover);
                    return Err(table_error("impermeable.csv", what));
                }
            }
        }
        let mut building = LeafSet::EMPTY;
        for row in rows::<BuildingRow>(&text("artificialisation/buildings.csv")?, "buildings.csv")?
        {
            let leaves = leaf(&cover, &row.cover).ok_or_else(|| {
                table_error(
                    "buildings.csv",
                    format!("{} is not a leaf of cover", row.cover),
                )
            })?;
            building = building.with(leaves);
        }
        let (mut aggregates, mut unknown_uses) = (Vec::new(), Vec::new());
        let table = text("nomenclature/equivalences.csv")?;
        for row in rows::<EquivalenceRow>(&table, "equivalences.csv")? {
            let code = |code: &str| {
                usage
                    .code(code)
                    .filter(|_| !code.is_empty())
                    .ok_or_else(|| {
                        table_error("equivalences.csv", format!("`{code}` is not a code of use"))
                    })
            };
            match row.kind {
                EquivalenceKind::Aggregate => aggregates.push((code(&row.code)?, code(&row.part)?)),
                EquivalenceKind::Unknown => unknown_uses.push(code(&row.code)?),
            }
        }
        let mut confusions = Vec::new();
        let name = "alignment/confusions.csv";
        for row in rows::<ConfusionRow>(&text(name)?, name)? {
            let axis = [&cover, &usage]
                .into_iter()
                .find(|n| n.axis().prefix() == row.axis);
            let axis = axis.ok_or_else(|| {
                table_error(name, format!("`{}` is not an axis: CS or US", row.axis))
            })?;
            let code = |text: &str| {
                let what = || format!("`{text}` is not a code of {}", row.axis);
                axis.code(text).ok_or_else(|| table_error(name, what()))
            };
            confusions.push((axis.axis(), code(&row.a)?, code(&row.b)?));
        }
        let name = "alignment/doubts.csv";
        let doubts = rows::<DoubtRow>(&text(name)?, name)?
            .into_iter()
            .map(|row| (row.verdict, row.doubt))
            .collect();
        let mut rasters = BTreeMap::new();
        for name in CLASS_LISTS {
            let place = format!("nomenclature/{name}.csv");
            let list = ClassList::parse(&text(&place)?, &place, &cover, &usage)?;
            rasters.insert(name.to_owned(), list);
        }
        for (name, path) in folder.map(extra_rasters).transpose()?.into_iter().flatten() {
            let table = std::fs::read_to_string(&path).map_err(|e| Error::unreadable(&path, e))?;
            let place = path.display().to_string();
            rasters.insert(name, ClassList::parse(&table, &place, &cover, &usage)?);
        }
        let mut crosswalks = BTreeMap::new();
        for (name, (table, place)) in embedded::crosswalks(folder)? {
            crosswalks.insert(name, Crosswalk::parse(&table, &place, &cover, &usage)?);
        }
        let mut parameters: Vec<Parameter> = Vec::new();
        for name in PARAMETERS {
            let given = rows(&text(name)?, name)?;
            require_parameters(&given, name)?;
            parameters.extend(given);
        }
        let mut hasher = Sha256::new();
        for (name, _) in EMBEDDED {
            hasher.update(text(name)?);
        }
        for (_, path) in folder.map(extra_rasters).transpose()?.into_iter().flatten() {
            hasher.update(std::fs::read(&path).map_err(|e| Error::unreadable(&path, e))?);
        }
        let digest = hasher
            .finalize()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let urbanised = rows::<Urbanised>(&text(URBANISED)?, URBANISED)?;
        let is_code =
            |row: &Urbanised| cover.code(&row.cover).is_some() && usage.code(&row.usage).is_some();
        if let Some(wrong) = urbanised.iter().find(|row| !is_code(row)) {
            let what = format!(
                "{} × {} is not in the nomenclature",
                wrong.cover, wrong.usage
            );
            return Err(table_error(URBANISED, what));
        }
        let departements = rows::<Departement>(&text(DEPARTEMENTS)?, DEPARTEMENTS)?
            .into_iter()
            .map(|row| (row.departement.clone(), row))
            .collect();
        let fusion = Fusion::parse(&text, &cover, &usage)?;
        let generalisation = Generalisation::parse(&text, &cover, &usage)?;
        Ok(Self {
            fusion,
            generalisation,
            digest,
            parameters,
            departements,
            urbanised,
            vintages: rows(&text(VINTAGES)?, VINTAGES)?,
            cover,
            usage,
            rasters,
            crosswalks,
            artificial,
            impermeable,
            building,
            aggregates,
            unknown_uses,
            confusions,
            doubts,
        })
    }

    /// The crosswalk of this name, or in this file.
    pub fn crosswalk(&self, name: &str) -> Result<Crosswalk> {
        if let Some(known) = self.crosswalks.get(name) {
            return Ok(known.clone());
        }
        let path = Path::new(name);
        if path.extension().is_none_or(|e| e != "csv") {
            return Err(Error::input(
                "crosswalk",
                format!("`{name}` is no crosswalk, nor a .csv file of one"),
                suggest(name, self.crosswalks.keys().map(String::as_str)),
            ));
        }
        let text = std::fs::read_to_string(path).map_err(|e| Error::unreadable(path, e))?;
        Crosswalk::parse(&text, &path.display().to_string(), &self.cover, &self.usage)
    }

    /// The vintages that are known to be published.
    pub fn vintages(&self) -> &[Vintage] {
        &self.vintages
    }

    /// Which ground is urbanised.
    pub fn urbanised(&self) -> &[Urbanised] {
        &self.urbanised
    }

    /// A département, by its code.
    pub fn departement(&self, code: &str) -> Option<&Departement> {
        self.departements.get(code)
    }

    /// Status by the matrix: what all leaves that the codes stand for have in common, `None` when
    /// they differ.
    pub fn is_artificial(&self, cover: Code, usage: Code) -> Option<bool> {
        let covers = self.cover.leaves(cover);
        let mut verdict = None;
        for leaf in self.usage.leaves(usage).iter() {
            let here = covers.within(self.artificial[leaf])?;
            if verdict.is_some_and(|v| v != here) {
                return None;
            }
            verdict = Some(here);
        }
        verdict
    }

    /// Whether the cover is impermeable; `None` when its leaves differ.
    pub fn is_impermeable(&self, cover: Code) -> Option<bool> {
        self.cover.leaves(cover).within(self.impermeable)
    }

    /// Whether the cover is a building's.
    pub fn is_building(&self, cover: Code) -> bool {
        self.cover.leaves(cover).within(self.building) == Some(true)
    }

    /// Whether one of two uses is an aggregate, which older products give for the other.
    pub fn is_aggregate_of(&self, a: Code, b: Code) -> bool {
        let (a, b) = (self.usage.base(a), self.usage.base(b));
        self.aggregates.contains(&(a, b)) || self.aggregates.contains(&(b, a))
    }

    /// Whether a code of use says that the use is not known.
    pub fn is_unknown_use(&self, usage: Code) -> bool {
        self.unknown_uses.contains(&self.usage.base(usage))
    }

    /// Whether two codes of one axis are the same, or are taken for one another.
    pub fn is_confusable(&self, axis: Axis, a: Code, b: Code) -> bool {
        let is_pair =
            |&(of, p, q): &(Axis, Code, Code)| of == axis && ((p, q) == (a, b) || (p, q) == (b, a));
        a == b || self.confusions.iter().any(is_pair)
    }

    /// How doubtful a verdict of alignment is, from 0 to 1; 0 for one that is not listed.
    pub fn doubt(&self, verdict: &str) -> f64 {
        self.doubts.get(verdict).copied().unwrap_or(0.0)
    }

    /// A parameter's value.
    pub fn parameter(&self, name: &str) -> Result<f64> {
        self.parameters
            .iter()
            .find(|p| p.name == name)
            .map(|p| p.value)
            .ok_or_else(|| table_error("parameters.csv", format!("has no row `{name}`")))
    }

    /// The classes of rasters of a nomenclature, which `place` names.
    pub fn raster_classes(&self, name: &str, place: impl std::fmt::Display) -> Result<&ClassList> {
        self.rasters.get(name).ok_or_else(|| {
            Error::input(
                place,
                format!("the nomenclature `{name}` is not known"),
                suggest(name, self.rasters.keys().map(String::as_str)),
            )
        })
    }

    /// The SHA-256 of all tables.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// All parameters.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }
}

/// Units of what lies between 0 and 1.
const SHARES: [&str; 2] = ["share", "probability"];

/// Refuses parameters that are missing, or that no size or share can be.
fn require_parameters(parameters: &[Parameter], name: &str) -> Result<()> {
    let ours = EMBEDDED.iter().find(|(known, _)| *known == name);
    for known in rows::<Parameter>(ours.map_or("", |(_, text)| text), name)? {
        match parameters.iter().find(|p| p.name == known.name) {
            None => {
                let what = format!("has no row `{}`", known.name);
                return Err(table_error(name, what));
            }
            Some(given) if !(0.0..=1e9).contains(&given.value) => {
                let what = format!("{} cannot be {}", given.name, given.value);
                return Err(table_error(name, what));
            }
            Some(given) if SHARES.contains(&known.unit.as_str()) && given.value > 1.0 => {
                let what = format!(
                    "{} is a {}, and cannot be {}",
                    given.name, known.unit, given.value
                );
                return Err(table_error(name, what));
            }
            Some(_) => {}
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    match parameters.iter().find(|p| !seen.insert(&p.name)) {
        Some(twice) => Err(table_error(
            name,
            format!("has the row `{}` twice", twice.name),
        )),
        None => Ok(()),
    }
}

fn rows<T: for<'de> Deserialize<'de>>(text: &str, place: &str) -> Result<Vec<T>> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| table_error(place, e.to_string()))
}

fn table_error(place: &str, what: String) -> Error {
    Error::input(
        format!("reference table {place}"),
        what,
        "compare it with the table of the same name that millesime ships",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(cover: &str, usage: &str) -> Option<bool> {
        let reference = Reference::load(None).unwrap();
        reference.is_artificial(
            reference.cover.code(cover).unwrap(),
            reference.usage.code(usage).unwrap(),
        )
    }

    #[test]
    fn the_published_couples_have_their_status() {
        for (cover, usage, expected) in [
            ("CS1.1.2.1", "US1.3", false),
            ("CS1.1.2.2", "US1.3", true),
            ("CS1.1.1.2", "US1.3", true),
            ("CS1.1.1.1", "US1.1", true),
            ("CS2.2.1", "US6.1", true),
            ("CS2.2.1", "US6.2", true),
            ("CS2.2.1", "US6.3", false),
            ("CS2.2.1", "US6.6", false),
            ("CS2.2.1", "US1.5", false),
            ("CS2.2.2", "US235", true),
            ("CS2.1.1.1", "US5", false),
            ("CS2.1.3", "US1.1", false),
            ("CS1.2.2", "US5", false),
        ] {
            assert_eq!(status(cover, usage), Some(expected), "{cover} × {usage}");
        }
    }

    #[test]
    fn a_hundred_and_five_couples_of_two_hundred_and_eighty_are_artificial() {
        let reference = Reference::load(None).unwrap();
        let leaves = |n: &Nomenclature| -> Vec<Code> {
            n.codes().filter(|&c| n.leaves(c).count() == 1).collect()
        };
        let couples: Vec<bool> = leaves(&reference.cover)
            .iter()
            .flat_map(|&c| leaves(&reference.usage).into_iter().map(move |u| (c, u)))
            .filter_map(|(c, u)| reference.is_artificial(c, u))
            .collect();
        assert_eq!(couples.len(), 280);
        assert_eq!(couples.iter().filter(|&&a| a).count(), 105);
    }

    #[test]
    fn a_code_above_the_leaves_has_the_status_common_to_its_leaves() {
        assert_eq!(status("CS2.1.1", "US5"), Some(false));
        assert_eq!(status("CS1.1.1", "INCONNU"), Some(true));
        assert_eq!(status("CS1.1.2", "US1.3"), None);
        assert_eq!(status("INCONNU", "US5"), None);
        assert_eq!(status("CS2.1", "INDETERMINE"), Some(false));
    }

    #[test]
    fn impermeable_is_cs1_1_1_whatever_the_use() {
        let reference = Reference::load(None).unwrap();
        let of = |c: &str| reference.is_impermeable(reference.cover.code(c).unwrap());
        assert_eq!(of("CS1.1.1.1"), Some(true));
        assert_eq!(of("CS1.1.1"), Some(true));
        assert_eq!(of("CS1.1.2.1"), Some(false));
        assert_eq!(of("CS1.1"), None);
    }
}

//! The levels at which figures are published above the commune: intercommunalities, SCoT,
//! départements, régions, or any other grouping of communes that a table gives.

use std::collections::BTreeMap;

use crate::communes::{Commune, is_plain};
use crate::error::{Error, Result};
use crate::reference::Reference;
use crate::territory::{self, Territory};
use crate::vector::{Layer, Opening};

/// The level of the territory file itself: all its communes.
pub const WHOLE: &str = "territoire";
/// The code of the only territory of that level.
pub const WHOLE_CODE: &str = "territoire";

/// A commune in a territory of a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The level.
    pub level: String,
    /// Code of the territory,
    pub territory: String,
    /// and its name.
    pub name: String,
    /// Code of the commune.
    pub commune: String,
    /// How many communes the table of the level gives to the territory; as many as are known here,
    /// where no table tells.
    pub communes: i64,
}

/// The territories of every level, and what was amiss in their tables.
#[derive(Default)]
pub struct Levels {
    /// Members, by level, territory and commune.
    pub members: Vec<Member>,
    /// Communes that the table of a level does not have, by level.
    pub missing: BTreeMap<String, Vec<String>>,
}

impl Levels {
    /// Names of the levels, in the order of the territory file.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.members.iter().map(|m| m.level.as_str()).collect();
        names.dedup();
        names
    }
}

/// Refuses tables that are not there, or lack a column.
pub fn require(territory: &Territory) -> Result<()> {
    let given = &territory.levels;
    given.iter().try_for_each(|table| {
        let layer = open(table)?;
        columns(&layer, table).map(drop)
    })
}

/// Groups communes by the levels of a territory file.
pub fn read(territory: &Territory, communes: &[Commune], reference: &Reference) -> Result<Levels> {
    let mut levels = Levels::default();
    let whole = |_: &Commune| Some((WHOLE_CODE.to_owned(), territory.name.clone()));
    levels.group(WHOLE, communes, whole);
    for name in &territory.run.levels {
        let of = |commune: &Commune| built_in(name, commune, reference);
        levels.group(name, communes, of);
    }
    for table in &territory.levels {
        levels.take(table, communes)?;
    }
    Ok(levels)
}

/// Levels that need no table.
pub const BUILT_IN: [&str; 3] = ["departement", "region", "france"];

/// The territory of a commune at a level that needs no table.
fn built_in(level: &str, commune: &Commune, reference: &Reference) -> Option<(String, String)> {
    let departement = reference.departement(&commune.departement)?;
    Some(match level {
        "departement" => (commune.departement.to_string(), departement.name.clone()),
        "region" => (departement.region.clone(), departement.region_name.clone()),
        _ => ("FR".to_owned(), "France".to_owned()),
    })
}

impl Levels {
    fn group(
        &mut self,
        level: &str,
        communes: &[Commune],
        of: impl Fn(&Commune) -> Option<(String, String)>,
    ) {
        let mut groups: BTreeMap<(String, String), Vec<&Commune>> = BTreeMap::new();
        for commune in communes {
            match of(commune) {
                Some(territory) => groups.entry(territory).or_default().push(commune),
                None => self.miss(level, commune),
            }
        }
        for ((territory, name), members) in groups {
            let count = members.len() as i64;
            self.members.extend(members.into_iter().map(|m| Member {
                level: level.to_owned(),
                territory: territory.clone(),
                name: name.clone(),
                commune: m.code.to_string(),
                communes: count,
            }));
        }
    }

    fn miss(&mut self, level: &str, commune: &Commune) {
        let missing = self.missing.entry(level.to_owned()).or_default();
        missing.push(commune.code.to_string());
    }

    /// Groups communes by a table.
    fn take(&mut self, table: &territory::LevelTable, communes: &[Commune]) -> Result<()> {
        let mut layer = open(table)?;
        let place = layer.place();
        let columns = columns(&layer, table)?;
        let mut found: BTreeMap<String, (u64, String, String)> = BTreeMap::new();
        layer.scan(&columns, |row| {
            let place = || format!("{place}, row {}", row.number);
            let value = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
            let (commune, code) = (value(0).to_owned(), value(1).to_owned());
            if commune.is_empty() || code.is_empty() {
                // A commune may be in no territory of a level.
                return Ok(());
            }
            if !is_plain(&code) {
                return Err(Error::input(
                    place(),
                    format!("`{code}` is not a code"),
                    "give codes of letters, digits, `-` and `_`, and names in a column of their own",
                ));
            }
            let name = match value(2) {
                "" => code.clone(),
                name => name.to_owned(),
            };
            let told = (row.number, code, name);
            match found.insert(commune.clone(), told.clone()) {
                Some((before, code, _)) if code != told.1 => Err(Error::input(
                    place(),
                    format!("the commune {commune} is in {code} already (row {before})"),
                    "a commune is in one territory of a level: give overlapping groups a level each",
                )),
                _ => Ok(()),
            }
        })?;
        let mut count: BTreeMap<&str, i64> = BTreeMap::new();
        let mut names: BTreeMap<&str, &str> = BTreeMap::new();
        for (_, code, name) in found.values() {
            *count.entry(code).or_default() += 1;
            // The first name by commune: a territory has one.
            names.entry(code).or_insert(name);
        }
        let mut members = Vec::new();
        for commune in communes {
            let Some((_, code, _)) = found.get(&*commune.code) else {
                self.miss(&table.level, commune);
                continue;
            };
            members.push(Member {
                level: table.level.clone(),
                territory: code.clone(),
                name: names[code.as_str()].to_owned(),
                commune: commune.code.to_string(),
                communes: count[code.as_str()],
            });
        }
        if members.is_empty() && !communes.is_empty() {
            let advice = match found.keys().find(|code| code.len() == 4) {
                Some(short) => format!(
                    "codes such as `{short}` have lost their leading zero: keep them as text"
                ),
                None => "check the column of the commune, and the year of its codes".to_owned(),
            };
            return Err(Error::input(
                place,
                format!(
                    "has none of the {} communes of the territory",
                    communes.len()
                ),
                advice,
            ));
        }
        members.sort_by(|p, q| (&p.territory, &p.commune).cmp(&(&q.territory, &q.commune)));
        self.members.extend(members);
        Ok(())
    }
}

fn open(table: &territory::LevelTable) -> Result<Layer> {
    let opening = Opening {
        layer: table.layer.as_deref(),
        usual: &[],
        encoding: table.encoding.as_deref(),
    };
    Layer::open(&table.path, opening)
}

/// The columns of commune, code and, where it is told, name.
fn columns(layer: &Layer, table: &territory::LevelTable) -> Result<[Option<String>; 3]> {
    let name = table.name.as_ref();
    Ok([
        Some(layer.require_column(&table.commune)?),
        Some(layer.require_column(&table.code)?),
        name.map(|n| layer.require_column(n)).transpose()?,
    ])
}

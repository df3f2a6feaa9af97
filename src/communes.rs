//! The communes of a territory.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::HALF_CM2_PER_M2;
use crate::partition::Builder;
use crate::territory;
use crate::vector::{Layer, Opening};
use crate::vintage::{Intake, Repairs};

/// The code of the one commune of a territory that gives none.
pub const WHOLE: &str = "00000";

/// The département of ground that belongs to none.
pub const NO_DEPARTEMENT: &str = "00";

/// One commune.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commune {
    /// INSEE code.
    pub code: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Code of its département.
    pub departement: Arc<str>,
    /// Its official area, where it is given, in half square centimetres.
    pub official: Option<i64>,
}

/// Communes as they were read, sorted by code.
pub struct Communes {
    /// The communes.
    pub list: Vec<Commune>,
    /// Their linework,
    pub builder: Builder,
    /// and the commune of each item of it.
    pub owners: Vec<u32>,
    /// The area of each commune as it was drawn, m².
    pub drawn: Vec<f64>,
    /// What was mended.
    pub repairs: Repairs,
}

/// Refuses communes whose file, layer or columns are not there.
pub fn require(communes: &territory::Communes) -> Result<()> {
    columns(&open(communes)?, communes).map(drop)
}

fn open(communes: &territory::Communes) -> Result<Layer> {
    let opening = Opening {
        layer: communes.layer.as_deref(),
        usual: &["communes", "commune"],
        encoding: communes.encoding.as_deref(),
    };
    Layer::open(&communes.path, opening)
}

/// The columns of code, name and, where they are told, département and official area.
fn columns(layer: &Layer, communes: &territory::Communes) -> Result<[Option<String>; 4]> {
    let told = |name: &Option<String>| {
        let name = name.as_ref();
        name.map(|name| layer.require_column(name)).transpose()
    };
    let (departement, area) = (told(&communes.departement)?, told(&communes.area)?);
    Ok([
        Some(layer.require_column(&communes.code)?),
        Some(layer.require_column(&communes.name)?),
        departement,
        area,
    ])
}

/// Reads communes into the CRS `target`.
pub fn read(communes: &territory::Communes, target: &Crs) -> Result<Communes> {
    let mut layer = open(communes)?;
    let place = layer.place();
    let columns = columns(&layer, communes)?;
    let mut intake = Intake::new(&layer, communes.crs.as_deref(), target)?;
    let mut given_areas: BTreeMap<String, f64> = BTreeMap::new();
    let mut found: BTreeMap<String, (u64, Commune, std::ops::Range<u32>)> = BTreeMap::new();
    layer.scan(&columns, |row| {
        let place = || format!("{place}, row {}", row.number);
        let value = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
        let code = value(0).to_owned();
        if code.is_empty() {
            return Err(Error::input(
                place(),
                format!("has no code in the column `{}`", communes.code),
                "give every commune its INSEE code, or name another column with `code`",
            ));
        }
        let first = intake.add(row.number, row.geometry)?;
        if intake.builder.item_count() == first {
            return Err(Error::input(
                place(),
                format!("the commune {code} has no polygon"),
                "give every commune its ground, or remove the row",
            ));
        }
        let departement = match value(2) {
            "" => departement_of(&code).ok_or_else(|| {
                Error::input(
                    place(),
                    format!("`{code}` is not an INSEE code of five characters"),
                    "a code read as a number has lost its leading zero; where codes are not \
                     INSEE's, name the column of the département with `departement`",
                )
            })?,
            given => given.to_owned(),
        };
        for part in [&code, &departement] {
            if !is_plain(part) {
                return Err(Error::input(
                    place(),
                    format!("`{part}` is not a code"),
                    "give codes of letters, digits, `-` and `_`",
                ));
            }
        }
        let commune = Commune {
            code: code.as_str().into(),
            name: value(1).into(),
            departement: departement.into(),
            official: None,
        };
        let given = match value(3) {
            "" => None,
            text => Some(
                text.replace(',', ".")
                    .parse::<f64>()
                    .ok()
                    .filter(|a| *a > 0.0 && a.is_finite())
                    .ok_or_else(|| {
                        Error::input(
                            place(),
                            format!("`{text}` is no area"),
                            "give a number in m², ha or km², or leave it empty",
                        )
                    })?,
            ),
        };
        if let Some(area) = given {
            given_areas.insert(code.clone(), area);
        }
        let items = first..intake.builder.item_count();
        if let Some((row_before, ..)) = found.insert(code.clone(), (row.number, commune, items)) {
            return Err(Error::input(
                place(),
                format!("the commune code {code} is that of row {row_before} already"),
                "give each commune one row, of several parts where needed",
            ));
        }
        Ok(())
    })?;
    let intake = intake.finish()?;
    let mut owners = vec![0; intake.builder.item_count() as usize];
    let mut drawn = vec![0.0; found.len()];
    let mut list = Vec::with_capacity(found.len());
    let mut given_of = Vec::with_capacity(found.len());
    for (n, (_, commune, items)) in found.into_values().enumerate() {
        for item in items {
            owners[item as usize] = n as u32;
            drawn[n] += intake.drawn[item as usize];
        }
        let given = given_areas.remove(&*commune.code);
        given_of.push(given);
        list.push(commune);
    }
    let unit = unit_of(&given_of, &drawn).ok_or_else(|| {
        Error::input(
            &place,
            format!(
                "the column `{}` is not the area of the communes in m², ha or km²",
                communes.area.as_deref().unwrap_or_default()
            ),
            "name the column of their official area",
        )
    })?;
    for (commune, given) in list.iter_mut().zip(given_of) {
        commune.official = given.map(|area| (area * unit * HALF_CM2_PER_M2 as f64).round() as i64);
    }
    Ok(Communes {
        list,
        builder: intake.builder,
        owners,
        drawn,
        repairs: intake.repairs,
    })
}

/// The codes of the communes that a table at `place` does not have; refuses one that has none of them.
pub fn missing(
    communes: &[Commune],
    place: &str,
    is_there: impl Fn(&str) -> bool,
) -> Result<Vec<String>> {
    let missing: Vec<String> = communes
        .iter()
        .filter(|commune| !is_there(&commune.code))
        .map(|commune| commune.code.to_string())
        .collect();
    if !communes.is_empty() && missing.len() == communes.len() {
        return Err(Error::input(
            place,
            format!(
                "has none of the {} communes of the territory",
                communes.len()
            ),
            "check the column of the commune: codes are text, and keep their leading zero",
        ));
    }
    Ok(missing)
}

/// Square metres of the unit that areas are given in, by those of the polygons; `None` where none fits. One,
/// where no area is given.
fn unit_of(given: &[Option<f64>], drawn: &[f64]) -> Option<f64> {
    let both = given
        .iter()
        .zip(drawn)
        .filter_map(|(g, d)| Some((*g.as_ref()?, *d)));
    let (told, measured) = both.fold((0.0, 0.0), |sum, (g, d)| (sum.0 + g, sum.1 + d));
    if told == 0.0 {
        return Some(1.0);
    }
    let fits = |unit: &f64| (0.5..2.0).contains(&(told * unit / measured));
    [1.0, 1e4, 1e6].into_iter().find(fits)
}

/// The département of an INSEE code: two characters, three in 97 and 98; `None` when the code is
/// not one.
pub fn departement_of(code: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_insee = code.len() == 5
        && code.is_ascii()
        && digits(&code[2..])
        && (digits(&code[..2]) || ["2A", "2B"].contains(&&code[..2]));
    let length = if code.starts_with("97") || code.starts_with("98") {
        3
    } else {
        2
    };
    is_insee.then(|| code[..length].to_owned())
}

/// Whether a code can be the name of a folder everywhere.
pub fn is_plain(code: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !code.is_empty() && code.len() <= 32 && code.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_areas_is_found() {
        let drawn = [1_000_000.0, 3_000_000.0];
        assert_eq!(unit_of(&[Some(101.0), None], &drawn), Some(1e4));
        assert_eq!(unit_of(&[Some(1.1), Some(2.9)], &drawn), Some(1e6));
        assert_eq!(unit_of(&[Some(1e6), None], &drawn), Some(1.0));
        assert_eq!(unit_of(&[Some(7.0), None], &drawn), None);
        assert_eq!(unit_of(&[None, None], &drawn), Some(1.0));
    }

    #[test]
    fn departements_come_from_codes() {
        for wrong in ["1004", "2a004", "33 01", "../33", "330011", ""] {
            assert_eq!(departement_of(wrong), None, "{wrong}");
        }
        for (code, departement) in [
            ("33529", "33"),
            ("2A004", "2A"),
            ("97411", "974"),
            ("01004", "01"),
        ] {
            assert_eq!(departement_of(code).as_deref(), Some(departement));
        }
    }
}

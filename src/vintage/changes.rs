//! Layers that hold only what changed between two dates (DIFF).

use std::collections::HashMap;

use super::{Intake, Object, Part, Report, Texts, Vintage, product};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::reference::Reference;
use crate::territory;
use crate::vector::{Layer, Opening};

/// Reads all change layers between the same two years as two partial vintages: before, after.
pub fn read(
    layers: &[&territory::Changes],
    target: &Crs,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<[Vintage; 2]> {
    let first = layers
        .first()
        .ok_or_else(|| Error::Internal("no change layer to read".to_owned()))?;
    let partial = |year: u16| Vintage {
        year,
        of: 0,
        departement: first.departement.clone(),
        flight: None,
        is_state: false,
        has_zone_construite: false,
        objects: Vec::new(),
        builder: crate::partition::Builder::new(),
        parts: Vec::new(),
        drawn: Vec::new(),
        report: Report::default(),
    };
    let mut vintages = [partial(first.from), partial(first.to)];
    let mut known: [HashMap<Object, u32>; 2] = Default::default();
    let mut texts = Texts::default();
    for changes in layers {
        let mut layer = open(changes)?;
        let place = layer.place();
        let wanted = code_columns(&layer, changes)?;
        let mut intake = Intake::new(&layer, changes.crs.as_deref(), target)?;
        let mut parts: [Vec<Part>; 2] = Default::default();
        for vintage in &mut vintages {
            vintage.report.sources.push(place.clone());
        }
        layer.scan(&wanted, |row| {
            progress.advance(1);
            let start = intake.add(row.number, row.geometry)?;
            let count = intake.builder.item_count() - start;
            let value = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
            for (n, vintage) in vintages.iter_mut().enumerate() {
                let report = &mut vintage.report;
                report.rows += 1;
                if value(n).is_empty() || value(n + 2).is_empty() {
                    report.null_codes += 1;
                }
                let object = Object {
                    cover: product::code(&reference.cover, value(n), &place, &row, report)?,
                    usage: product::code(&reference.usage, value(n + 2), &place, &row, report)?,
                    id: texts.keep(value(n + 4)),
                    source: texts.keep(""),
                    ossature: None,
                    id_origine: texts.keep(""),
                    code_or: texts.keep(""),
                    official: product::official(value(n + 6), "", &place, row.number)?,
                };
                let objects = &mut vintage.objects;
                let index = *known[n].entry(object.clone()).or_insert_with(|| {
                    objects.push(object);
                    objects.len() as u32 - 1
                });
                parts[n].extend((0..count).map(|_| Part::Object(index)));
            }
            Ok(())
        })?;
        let intake = intake.finish()?;
        let [before, after] = &mut vintages;
        before.report.repairs.merge(intake.repairs.clone());
        after.report.repairs.merge(intake.repairs);
        let [parts_before, parts_after] = parts;
        before.parts.extend(parts_before);
        after.parts.extend(parts_after);
        before.drawn.extend(&intake.drawn);
        after.drawn.extend(&intake.drawn);
        before.builder.append(intake.builder.clone());
        after.builder.append(intake.builder);
    }
    Ok(vintages)
}

/// What a producer's layer of changes says of the status of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// It became artificialised.
    Gain,
    /// It ceased to be.
    Loss,
    /// It changed, and kept its status.
    Same,
    /// Its codes are null or leave the status open.
    Unknown,
}

impl Told {
    /// Its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gain => "artificialisation",
            Self::Loss => "désartificialisation",
            Self::Same => "sans effet",
            Self::Unknown => "codes nuls",
        }
    }
}

/// Reads what a producer's layer of changes says: by its column `artificialisation` (+1, −1), by its
/// statuses before and after, else by the matrix on its codes. The polygons, and of each what is told.
pub fn told(
    changes: &territory::Changes,
    target: &Crs,
    reference: &Reference,
) -> Result<(Intake, Vec<Told>)> {
    let mut layer = open(changes)?;
    let place = layer.place();
    let mut wanted = code_columns(&layer, changes)?;
    let balance = wanted.len();
    wanted.push(layer.find_column(&["artificialisation"]));
    let mut intake = Intake::new(&layer, changes.crs.as_deref(), target)?;
    let mut told = Vec::new();
    let mut report = Report::default();
    layer.scan(&wanted, |row| {
        let value = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
        let mut matrix = [None; 2];
        for (n, status) in matrix.iter_mut().enumerate() {
            let own = product::official(value(n + 6), "", &place, row.number)?;
            let cover = product::code(&reference.cover, value(n), &place, &row, &mut report)?;
            let usage = product::code(&reference.usage, value(n + 2), &place, &row, &mut report)?;
            let has_codes = !value(n).is_empty() && !value(n + 2).is_empty();
            let by_codes = reference.is_artificial(cover, usage).filter(|_| has_codes);
            *status = own.map(|o| o.artificial).or(by_codes);
        }
        let of_row = match value(balance).parse::<f64>() {
            Ok(balance) if balance > 0.0 => Told::Gain,
            Ok(balance) if balance < 0.0 => Told::Loss,
            Ok(_) => Told::Same,
            Err(_) => match matrix {
                [Some(false), Some(true)] => Told::Gain,
                [Some(true), Some(false)] => Told::Loss,
                [Some(_), Some(_)] => Told::Same,
                _ => Told::Unknown,
            },
        };
        let first = intake.add(row.number, row.geometry)?;
        told.extend((first..intake.builder.item_count()).map(|_| of_row));
        Ok(())
    })?;
    Ok((intake.finish()?, told))
}

/// Refuses changes whose file, layer or columns are not there; the number of rows to read.
pub fn require(changes: &territory::Changes) -> Result<u64> {
    let layer = open(changes)?;
    code_columns(&layer, changes)?;
    Ok(layer.row_count())
}

fn open(changes: &territory::Changes) -> Result<Layer> {
    let opening = Opening {
        layer: changes.layer.as_deref(),
        usual: &[],
        encoding: changes.encoding.as_deref(),
    };
    Layer::open(&changes.path, opening)
}

/// The columns of cover before and after, of use, of the object's identifier and of the producer's
/// status; the last two are not in every product.
fn code_columns(layer: &Layer, changes: &territory::Changes) -> Result<Vec<Option<String>>> {
    let cover = columns(layer, changes, changes.cover.as_ref(), ["cs", "couverture"])?;
    let usage = columns(layer, changes, changes.usage.as_ref(), ["us", "usage"])?;
    let optional = |stem: &str, year: u16, word: &str| {
        let names = [
            format!("{stem}_{year}"),
            format!("{stem}{year}"),
            format!("{stem}_{word}"),
        ];
        layer.find_column(&names.each_ref().map(String::as_str))
    };
    let both = |stem| {
        [
            optional(stem, changes.from, "avant"),
            optional(stem, changes.to, "apres"),
        ]
    };
    let codes = cover.into_iter().chain(usage).map(Some);
    Ok(codes.chain(both("id")).chain(both("artif")).collect())
}

/// The columns before and after: as told, or in one of the published styles: `CS_2018`, `cs2018`,
/// `cs_avant` and `cs_apres`, `couverture_avant`, with or without `code_`.
fn columns(
    layer: &Layer,
    changes: &territory::Changes,
    told: Option<&[String; 2]>,
    stems: [&str; 2],
) -> Result<[String; 2]> {
    if let Some([before, after]) = told {
        return Ok([layer.require_column(before)?, layer.require_column(after)?]);
    }
    let styles = |year: u16, word: &str| -> Vec<String> {
        stems
            .iter()
            .flat_map(|stem| [(*stem).to_owned(), format!("code_{stem}")])
            .flat_map(|stem| {
                [
                    format!("{stem}_{year}"),
                    format!("{stem}{year}"),
                    format!("{stem}_{word}"),
                ]
            })
            .collect()
    };
    let find = |names: Vec<String>, key: &str| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        layer.find_column(&names).ok_or_else(|| {
            Error::input(
                layer.place(),
                format!("has none of the columns {}", names.join(", ")),
                format!(
                    "name them with `{key} = [\"before\", \"after\"]`; it has: {}",
                    layer.columns().join(", ")
                ),
            )
        })
    };
    let key = if stems[0] == "cs" { "cover" } else { "use" };
    Ok([
        find(styles(changes.from, "avant"), key)?,
        find(styles(changes.to, "apres"), key)?,
    ])
}

//! A published product: OCCUPATION_SOL in any of its variants, and its ZONE_CONSTRUITE.

use std::path::Path;

use super::{Intake, Object, Official, Part, Report, Texts, Vintage};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::reference::{Code, Crosswalk, Nomenclature, Reference};
use crate::territory;
use crate::vector::{Layer, Opening, Row, is_parquet};

/// Names of a column in the published variants, the current one first.
const COVER: &[&str] = &["code_cs", "couverture", "cs", "cover"];
const USE: &[&str] = &["code_us", "usage", "us", "use"];
const ID: &[&str] = &["id", "id_ocs"];
const SOURCE: &[&str] = &["source"];
const OSSATURE: &[&str] = &["ossature"];
const ID_ORIGINE: &[&str] = &["id_origine", "origine"];
const CODE_OR: &[&str] = &["code_or", "origine2"];
const MILLESIME: &[&str] = &["millesime"];
const ARTIFICIAL: &[&str] = &["artif"];
const THRESHOLD: &[&str] = &["crit_seuil"];
/// False in a vintage that we wrote, where the status is ours and not the producer's.
const OFFICIAL: &[&str] = &["official"];

/// Usual names of the layers.
const LAYERS: &[&str] = &["OCCUPATION_SOL", "OCCUPATION_DU_SOL", "OCSGE"];
const ZONE_LAYERS: &[&str] = &["ZONE_CONSTRUITE"];

/// Reads the product of `vintage` into the CRS `target`.
pub fn read(
    vintage: &territory::Vintage,
    target: &Crs,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<Vintage> {
    let path = path(vintage)?;
    let mut layer = open(path, vintage.layer.as_deref(), vintage.encoding.as_deref())?;
    let crosswalk = crosswalk(vintage, reference)?;
    let [cover, usage, id] = class_columns(&layer, vintage, crosswalk.as_ref())?;
    let columns = [
        cover,
        usage,
        id,
        layer.find_column(SOURCE),
        layer.find_column(OSSATURE),
        layer.find_column(ID_ORIGINE),
        layer.find_column(CODE_OR),
        layer.find_column(MILLESIME),
        layer.find_column(ARTIFICIAL),
        layer.find_column(THRESHOLD),
        layer.find_column(OFFICIAL),
    ];
    let mut intake = Intake::new(&layer, vintage.crs.as_deref(), target)?;
    let place = layer.place();
    let mut report = Report {
        sources: vec![place.clone()],
        ..Report::default()
    };
    let mut texts = Texts::default();
    let (mut objects, mut parts) = (Vec::new(), Vec::new());
    layer.scan(&columns, |row| {
        report.rows += 1;
        progress.advance(1);
        let value = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
        let (cover, usage) = match &crosswalk {
            Some(crosswalk) => crosswalk
                .codes(value(0), value(1), [&reference.cover, &reference.usage])
                .map_err(|what| {
                    let place = format!("{place}, row {}", row.number);
                    Error::input(
                        place,
                        what,
                        "mend the data, or add the class to the crosswalk",
                    )
                })?,
            None => (
                code(&reference.cover, value(0), &place, &row, &mut report)?,
                code(&reference.usage, value(1), &place, &row, &mut report)?,
            ),
        };
        // The class that an object comes from is its code of origin.
        let of_origin = match &crosswalk {
            Some(crosswalk) if crosswalk.is_of_one_column() => value(0).to_owned(),
            Some(_) => format!("{} {}", value(0), value(1)),
            None => value(6).to_owned(),
        };
        let object = Object {
            cover,
            usage,
            id: value(2).into(),
            source: texts.keep(value(3)),
            ossature: truth(value(4)),
            id_origine: texts.keep(value(5)),
            code_or: texts.keep(of_origin.trim()),
            official: match truth(value(10)) {
                Some(false) => None,
                _ => official(value(8), value(9), &place, row.number)?,
            },
        };
        let is_one = crosswalk.as_ref().is_some_and(Crosswalk::is_of_one_column);
        if value(0).is_empty() || (value(1).is_empty() && !is_one) {
            report.null_codes += 1;
        }
        let millesime = value(7);
        if !millesime.is_empty() && !millesime.starts_with(&vintage.year.to_string()) {
            report.other_millesime += 1;
        }
        let first = intake.add(row.number, row.geometry)?;
        let count = intake.builder.item_count() - first;
        parts.extend((0..count).map(|_| Part::Object(objects.len() as u32)));
        if count > 0 {
            objects.push(object);
        }
        Ok(())
    })?;
    let intake = intake.finish()?;
    let mut builder = intake.builder;
    let mut drawn = intake.drawn;
    report.repairs = intake.repairs;
    let zone = zone_layer(vintage, path)?;
    let has_zone_construite = zone.is_some();
    if let Some(zone) = zone {
        let zone = read_zone(zone, vintage, target, &mut report)?;
        parts.extend((0..zone.item_count()).map(|_| Part::ZoneConstruite));
        drawn.resize(parts.len(), f64::NAN);
        builder.append(zone);
    }
    Ok(Vintage {
        year: vintage.year,
        of: 0,
        departement: vintage.departement.clone(),
        flight: vintage.dates.as_deref().and_then(territory::flight_day),
        is_state: true,
        has_zone_construite,
        objects,
        builder,
        parts,
        drawn,
        report,
    })
}

/// Opens the layer of objects of a product: the one told, or that of the usual name.
pub fn open(path: &Path, layer: Option<&str>, encoding: Option<&str>) -> Result<Layer> {
    let opening = Opening {
        layer,
        usual: LAYERS,
        encoding,
    };
    Layer::open(path, opening)
}

/// The columns of cover, use and, where there is one, identifier: as told, or in any of the
/// published variants.
pub fn object_columns(
    layer: &Layer,
    cover: Option<&str>,
    usage: Option<&str>,
) -> Result<[Option<String>; 3]> {
    let column = |told: Option<&str>, usual: &[&str]| match told {
        Some(name) => layer.require_column(name),
        None => layer
            .find_column(usual)
            .map_or_else(|| layer.require_column(usual[0]), Ok),
    };
    Ok([
        Some(column(cover, COVER)?),
        Some(column(usage, USE)?),
        layer.find_column(ID),
    ])
}

/// The crosswalk of a vintage, where it is in another nomenclature.
fn crosswalk(vintage: &territory::Vintage, reference: &Reference) -> Result<Option<Crosswalk>> {
    let name = vintage.crosswalk.as_deref();
    let found = name.map(|name| reference.crosswalk(name)).transpose();
    found.map_err(|e| e.within(format!("vintage {}", vintage.year)))
}

/// The columns of cover and use, or of the classes of another nomenclature, and of the identifier.
fn class_columns(
    layer: &Layer,
    vintage: &territory::Vintage,
    crosswalk: Option<&Crosswalk>,
) -> Result<[Option<String>; 3]> {
    let (cover, usage) = (vintage.cover.as_deref(), vintage.usage.as_deref());
    if !crosswalk.is_some_and(Crosswalk::is_of_one_column) {
        return object_columns(layer, cover, usage);
    }
    match (cover, usage) {
        (Some(class), None) => Ok([
            Some(layer.require_column(class)?),
            None,
            layer.find_column(ID),
        ]),
        _ => Err(Error::input(
            format!("vintage {}", vintage.year),
            "is in a nomenclature of one column of classes",
            "name that column with `cover`, and leave out `use`",
        )),
    }
}

/// Refuses a product whose file, layers or columns are not there; the number of rows to read.
pub(super) fn require(vintage: &territory::Vintage, reference: &Reference) -> Result<u64> {
    let path = path(vintage)?;
    let layer = open(path, vintage.layer.as_deref(), vintage.encoding.as_deref())?;
    class_columns(&layer, vintage, crosswalk(vintage, reference)?.as_ref())?;
    zone_layer(vintage, path)?;
    Ok(layer.row_count())
}

fn path(vintage: &territory::Vintage) -> Result<&Path> {
    vintage
        .product
        .as_deref()
        .ok_or_else(|| Error::Internal(format!("the vintage {} is not a product", vintage.year)))
}

fn zone_layer(vintage: &territory::Vintage, product: &Path) -> Result<Option<Layer>> {
    let encoding = vintage.encoding.as_deref();
    let opening = Opening {
        layer: None,
        usual: ZONE_LAYERS,
        encoding,
    };
    if let Some(path) = &vintage.zone_construite {
        return Layer::open(path, opening).map(Some);
    }
    if is_parquet(product) {
        return Ok(None);
    }
    let names = Layer::names(product)?;
    let is_zone = |name: &&String| ZONE_LAYERS.iter().any(|z| name.eq_ignore_ascii_case(z));
    match names.iter().find(is_zone) {
        Some(name) => {
            let layer = Some(name.as_str());
            Layer::open(product, Opening { layer, ..opening }).map(Some)
        }
        None => Ok(None),
    }
}

fn read_zone(
    mut layer: Layer,
    vintage: &territory::Vintage,
    target: &Crs,
    report: &mut Report,
) -> Result<crate::partition::Builder> {
    let mut intake = Intake::new(&layer, vintage.crs.as_deref(), target)?;
    report.sources.push(layer.place());
    layer.scan(&[], |row| intake.add(row.number, row.geometry).map(drop))?;
    // A rural département may have no built zone at all: an empty layer is no error here.
    if intake.builder.item_count() == 0 {
        return Ok(intake.builder);
    }
    let intake = intake.finish()?;
    report.repairs.merge(intake.repairs);
    Ok(intake.builder)
}

/// The code of a text, or an error that names row and nearest code.
pub(super) fn code(
    nomenclature: &Nomenclature,
    text: &str,
    place: &str,
    row: &Row,
    report: &mut Report,
) -> Result<Code> {
    let code = nomenclature.code(text).ok_or_else(|| {
        Error::input(
            format!("{place}, row {}", row.number),
            format!("`{text}` is not a {} code", nomenclature.axis().prefix()),
            format!(
                "{}. A code to be kept as unknown is added to nomenclature/unknown.csv in a \
                 folder of reference tables",
                nomenclature.advice(text)
            ),
        )
    })?;
    if nomenclature.leaves(code).count() != 1 && !text.is_empty() {
        let count = report
            .codes_above_leaves
            .entry(nomenclature.text(code).to_owned());
        *count.or_default() += 1;
    }
    Ok(code)
}

pub(super) fn official(
    artif: &str,
    seuil: &str,
    place: &str,
    row: u64,
) -> Result<Option<Official>> {
    let artificial = match artif.to_lowercase().as_str() {
        "" => return Ok(None),
        "artif" => true,
        "non artif" => false,
        other => truth(other).ok_or_else(|| {
            Error::input(
                format!("{place}, row {row}"),
                format!("`{artif}` is not a status"),
                "the column artif holds `artif` or `non artif`",
            )
        })?,
    };
    Ok(Some(Official {
        artificial,
        threshold: truth(seuil),
    }))
}

fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "true" | "t" | "oui" => Some(true),
        "0" | "false" | "f" | "non" => Some(false),
        _ => None,
    }
}

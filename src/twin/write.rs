//! The files of a twin.

use rayon::prelude::*;

use super::Twin;
use super::communes::{Commune, DEPARTEMENT};
use super::scene::{Change, Object, Picture};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::HALF_CM2_PER_M2;
use crate::partition::Polygon;
use crate::publish::{ColumnType, GeoPackage, LayerKind, Place, Row, Staging, Value};

/// The CRS of every twin.
const CRS: &str = "EPSG:2154";
/// What the columns of provenance hold.
const SOURCE: &str = "calcul";
const NO_ORIGIN: &str = "NC";

/// The name of the files of what is observed.
const OBSERVED: &str = "observed";
const OBJECT_LAYER: &str = "OCCUPATION_SOL";
const OBJECT_COLUMNS: &[(&str, ColumnType)] = &[
    ("id", ColumnType::Text),
    ("code_cs", ColumnType::Text),
    ("code_us", ColumnType::Text),
    ("millesime", ColumnType::Text),
    ("source", ColumnType::Text),
    ("ossature", ColumnType::Integer),
    ("id_origine", ColumnType::Text),
    ("code_or", ColumnType::Text),
];
const ZONE_LAYER: &str = "ZONE_CONSTRUITE";
const ZONE_COLUMNS: &[(&str, ColumnType)] =
    &[("id", ColumnType::Text), ("millesime", ColumnType::Text)];
const CHANGE_LAYER: &str = "changes";
const CHANGE_COLUMNS: &[(&str, ColumnType)] = &[
    ("year_before", ColumnType::Integer),
    ("year_after", ColumnType::Integer),
    ("cs_before", ColumnType::Text),
    ("us_before", ColumnType::Text),
    ("cs_after", ColumnType::Text),
    ("us_after", ColumnType::Text),
    ("event", ColumnType::Text),
    ("area_m2", ColumnType::Real),
];
const COMMUNE_LAYER: &str = "communes";
const COMMUNE_COLUMNS: &[(&str, ColumnType)] = &[
    ("code", ColumnType::Text),
    ("nom", ColumnType::Text),
    ("dep", ColumnType::Text),
];

/// The files that are written cell by cell.
pub(super) struct Files {
    vintages: Vec<VintageFile>,
    truth: GeoPackage,
    years: Vec<u16>,
}

struct VintageFile {
    file: GeoPackage,
    year: String,
    objects: usize,
    zones: usize,
}

impl Files {
    /// Starts the files.
    pub(super) fn create(staging: &Staging, years: &[u16]) -> Result<Self> {
        let crs = crs()?;
        let create = |year: &u16| VintageFile::create(staging, "vintage", *year, &crs);
        let vintages = years.iter().map(create).collect::<Result<_>>()?;
        let mut truth = GeoPackage::create(&staging.path("truth.gpkg")?)?;
        truth.add_layer(CHANGE_LAYER, CHANGE_COLUMNS, &crs, LayerKind::Polygon)?;
        Ok(Self {
            vintages,
            truth,
            years: years.to_vec(),
        })
    }

    /// Writes some cells, and the roads between them.
    pub(super) fn write(&mut self, cells: &[Picture], roads: &[Object]) -> Result<()> {
        self.vintages
            .par_iter_mut()
            .enumerate()
            .try_for_each(|(date, vintage)| {
                let objects = cells.iter().flat_map(|cell| &cell.objects[date]);
                vintage.write_objects(objects.chain(roads))?;
                vintage.write_zones(cells.iter().flat_map(|cell| &cell.zones[date]))
            })?;
        for (period, years) in self.years.windows(2).enumerate() {
            let changes = cells.iter().flat_map(|cell| &cell.changes[period]);
            let rows: Vec<Row> = changes.map(|change| change_row(change, years)).collect();
            self.truth.write(CHANGE_LAYER, &rows)?;
        }
        Ok(())
    }

    /// Ends the files; returns the number of objects of each vintage.
    pub(super) fn finish(self) -> Result<Vec<usize>> {
        self.truth.finish()?;
        self.vintages
            .into_par_iter()
            .map(|vintage| {
                vintage.file.finish()?;
                Ok(vintage.objects)
            })
            .collect()
    }
}

/// The files of what is observed.
pub(super) struct ObservedFiles {
    vintages: Vec<VintageFile>,
}

impl ObservedFiles {
    /// Starts the files.
    pub(super) fn create(staging: &Staging, years: &[u16]) -> Result<Self> {
        let crs = crs()?;
        let create = |year: &u16| VintageFile::create(staging, OBSERVED, *year, &crs);
        let vintages = years.iter().map(create).collect::<Result<_>>()?;
        Ok(Self { vintages })
    }

    /// Writes some cells at a date, with their true zones construites, and the roads between them.
    pub(super) fn write<'a>(
        &mut self,
        date: usize,
        objects: impl Iterator<Item = &'a Object>,
        zones: impl Iterator<Item = &'a Polygon>,
    ) -> Result<()> {
        let vintage = &mut self.vintages[date];
        vintage.write_objects(objects)?;
        vintage.write_zones(zones)
    }

    /// Ends the files.
    pub(super) fn finish(self) -> Result<()> {
        let mut vintages = self.vintages.into_iter();
        vintages.try_for_each(|vintage| vintage.file.finish())
    }
}

impl VintageFile {
    fn create(staging: &Staging, name: &str, year: u16, crs: &Crs) -> Result<Self> {
        let path = staging.path(format!("{name}-{year}.gpkg"))?;
        let mut file = GeoPackage::create(&path)?;
        file.add_layer(OBJECT_LAYER, OBJECT_COLUMNS, crs, LayerKind::Polygon)?;
        file.add_layer(ZONE_LAYER, ZONE_COLUMNS, crs, LayerKind::Polygon)?;
        Ok(Self {
            file,
            year: year.to_string(),
            objects: 0,
            zones: 0,
        })
    }

    fn write_objects<'a>(&mut self, objects: impl Iterator<Item = &'a Object>) -> Result<()> {
        let objects: Vec<&Object> = objects.collect();
        let ids: Vec<String> = (1..=objects.len())
            .map(|n| format!("OCSGE{:010}", self.objects + n))
            .collect();
        let rows: Vec<Row> = objects
            .iter()
            .zip(&ids)
            .map(|(object, id)| Row {
                place: Place::Polygon(&object.polygon),
                values: vec![
                    Value::Text(id),
                    Value::Text(object.ground.cover),
                    Value::Text(object.ground.usage),
                    Value::Text(&self.year),
                    Value::Text(SOURCE),
                    Value::Integer(object.ossature.into()),
                    Value::Text(NO_ORIGIN),
                    Value::Text(NO_ORIGIN),
                ],
            })
            .collect();
        self.file.write(OBJECT_LAYER, &rows)?;
        self.objects += objects.len();
        Ok(())
    }

    fn write_zones<'a>(&mut self, zones: impl Iterator<Item = &'a Polygon>) -> Result<()> {
        let zones: Vec<&Polygon> = zones.collect();
        let ids: Vec<String> = (1..=zones.len())
            .map(|n| format!("ZC{:08}", self.zones + n))
            .collect();
        let rows: Vec<Row> = zones
            .iter()
            .zip(&ids)
            .map(|(zone, id)| Row {
                place: Place::Polygon(zone),
                values: vec![Value::Text(id), Value::Text(&self.year)],
            })
            .collect();
        self.file.write(ZONE_LAYER, &rows)?;
        self.zones += zones.len();
        Ok(())
    }
}

fn change_row<'a>(change: &'a Change, years: &[u16]) -> Row<'a> {
    Row {
        place: Place::Polygon(&change.polygon),
        values: vec![
            Value::Integer(years[0].into()),
            Value::Integer(years[1].into()),
            Value::Text(change.before.cover),
            Value::Text(change.before.usage),
            Value::Text(change.after.cover),
            Value::Text(change.after.usage),
            Value::Text(change.event.name()),
            Value::Real(change.polygon.area() as f64 / HALF_CM2_PER_M2 as f64),
        ],
    }
}

/// Writes the communes.
pub(super) fn communes(staging: &Staging, communes: &[Commune]) -> Result<()> {
    let mut file = GeoPackage::create(&staging.path("communes.gpkg")?)?;
    file.add_layer(
        COMMUNE_LAYER,
        COMMUNE_COLUMNS,
        &crs()?,
        LayerKind::MultiPolygon,
    )?;
    let rows: Vec<Row> = communes
        .iter()
        .map(|commune| Row {
            place: Place::Polygons(&commune.parts),
            values: vec![
                Value::Text(&commune.code),
                Value::Text(&commune.name),
                Value::Text(DEPARTEMENT),
            ],
        })
        .collect();
    file.write(COMMUNE_LAYER, &rows)?;
    file.finish()
}

/// Writes the territory file of the true vintages.
pub(super) fn territory(staging: &Staging, twin: &Twin) -> Result<()> {
    let about =
        "# A twin: a territory that does not exist, whose true changes are in truth.gpkg.\n";
    write_territory(staging, twin, ("TERRITORY.toml", "vintage", about), "")
}

/// Writes the territory file of the observed vintages.
pub(super) fn observed_territory(staging: &Staging, twin: &Twin) -> Result<()> {
    let about = "# A twin as it was observed: with the errors that real vintages have.\n\
                 # The truth is in TERRITORY.toml beside it.\n";
    let align = "\n[align]\nmode = \"change-first\"\n";
    write_territory(staging, twin, ("OBSERVED.toml", OBSERVED, about), align)
}

fn write_territory(
    staging: &Staging,
    twin: &Twin,
    (name, vintage, about): (&str, &str, &str),
    more: &str,
) -> Result<()> {
    let mut text = format!(
        "{about}\
         name = \"Twin of {} km², seed {}\"\n\
         crs = \"{CRS}\"\n\n\
         [communes]\n\
         path = \"communes.gpkg\"\n\
         code = \"code\"\n\
         name = \"nom\"\n\
         departement = \"dep\"\n",
        twin.km2, twin.seed,
    );
    for year in &twin.years {
        text += &format!("\n[[vintages]]\nyear = {year}\nproduct = \"{vintage}-{year}.gpkg\"\n");
    }
    text += more;
    let path = staging.path(name)?;
    std::fs::write(&path, text).map_err(|e| Error::unwritable(&path, e))
}

/// The CRS of every twin.
pub(super) fn crs() -> Result<Crs> {
    Crs::parse(CRS, "the twin")
}

//! The reference layers that production starts from, as their producers would give them of the
//! territory: BD TOPO, BD Forêt, the parcels of the RPG, and the Fichiers fonciers. They have the
//! columns and the codes of the real ones, and their faults: what was missed, what is late, what
//! lies a little aside, what is told wrong.

mod bd_foret;
mod bd_topo;
mod fichiers_fonciers;
mod rpg;

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::chance::{Chance, Subject, chance, mix};
use super::communes;
use super::layout::{Cell, Layout};
use super::scene::{Object, Picture};
use super::shapes::{Vector, to_grid};
use super::write;
use crate::crs::Crs;
use crate::error::Result;
use crate::grid::{HALF_CM2_PER_M2, Point, delta};
use crate::partition::Polygon;
use crate::publish::{ColumnType, GeoPackage, LayerKind, Place, Row, Staging, Value};

/// What one producer gives.
struct Product {
    /// The name of its files.
    name: &'static str,
    layers: &'static [Layer],
    /// What it tells of a cell, layer by layer in their order.
    survey: fn(&Survey) -> Vec<Vec<Record>>,
}

/// All products.
const PRODUCTS: [Product; 4] = [
    bd_topo::PRODUCT,
    bd_foret::PRODUCT,
    rpg::PRODUCT,
    fichiers_fonciers::PRODUCT,
];

/// A layer of a product.
struct Layer {
    name: &'static str,
    kind: LayerKind,
    columns: &'static [(&'static str, ColumnType)],
}

/// A row of a layer.
struct Record {
    shape: Shape,
    fields: Vec<Field>,
}

/// The geometry of a row.
enum Shape {
    Area(Polygon),
    Line(Vec<Point>),
}

/// A value of a row.
enum Field {
    /// One of the values that the product knows.
    Term(&'static str),
    /// Any text.
    Text(String),
    Integer(i32),
    Real(f64),
    Empty,
}

/// A cell at a date, being surveyed.
struct Survey<'a> {
    layout: &'a Layout,
    cell: Cell,
    /// The code of its commune.
    commune: &'a str,
    years: &'a [u16],
    /// Number of the date.
    date: usize,
    picture: &'a Picture,
}

/// The files being written.
pub(super) struct Sources {
    communes: BTreeMap<Cell, String>,
    years: Vec<u16>,
    /// The files of each date, in the order of the products.
    files: Vec<Vec<GeoPackage>>,
}

impl Sources {
    /// Starts the files.
    pub(super) fn create(layout: &Layout, staging: &Staging, years: &[u16]) -> Result<Self> {
        let crs = write::crs()?;
        let files = years.iter().map(|year| {
            let products = PRODUCTS.iter();
            products
                .map(|product| product.create(staging, *year, &crs))
                .collect()
        });
        Ok(Self {
            communes: communes::codes(layout),
            years: years.to_vec(),
            files: files.collect::<Result<_>>()?,
        })
    }

    /// Surveys the cells of a row, and the roads on their west and south.
    pub(super) fn write(
        &mut self,
        layout: &Layout,
        cells: &[Cell],
        pictures: &[Picture],
    ) -> Result<()> {
        let Self {
            communes,
            years,
            files,
        } = self;
        let tell = |(date, files): (usize, &mut Vec<GeoPackage>)| {
            for (product, file) in PRODUCTS.iter().zip(files) {
                let survey = |(&cell, picture): (&Cell, &Picture)| {
                    (product.survey)(&Survey {
                        layout,
                        cell,
                        commune: communes.get(&cell).map_or("", String::as_str),
                        years,
                        date,
                        picture,
                    })
                };
                let told: Vec<Vec<Vec<Record>>> =
                    cells.par_iter().zip(pictures).map(survey).collect();
                for layers in told {
                    for (layer, records) in product.layers.iter().zip(layers) {
                        let rows: Vec<Row> = records.iter().map(Record::row).collect();
                        file.write(layer.name, &rows)?;
                    }
                }
            }
            Ok(())
        };
        files.par_iter_mut().enumerate().try_for_each(tell)
    }

    /// Ends the files.
    pub(super) fn finish(self) -> Result<()> {
        let mut files = self.files.into_iter().flatten();
        files.try_for_each(GeoPackage::finish)
    }
}

impl Product {
    fn create(&self, staging: &Staging, year: u16, crs: &Crs) -> Result<GeoPackage> {
        let path = staging.path(format!("sources/{}-{year}.gpkg", self.name))?;
        let mut file = GeoPackage::create(&path)?;
        for layer in self.layers {
            file.add_layer(layer.name, layer.columns, crs, layer.kind)?;
        }
        Ok(file)
    }
}

impl Record {
    fn row(&self) -> Row<'_> {
        Row {
            place: match &self.shape {
                Shape::Area(polygon) => Place::Polygon(polygon),
                Shape::Line(line) => Place::Line(line),
            },
            values: self.fields.iter().map(Field::value).collect(),
        }
    }
}

impl Field {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Term(text) => Value::Text(text),
            Self::Text(text) => Value::Text(text),
            &Self::Integer(number) => Value::Integer(number),
            &Self::Real(number) => Value::Real(number),
            Self::Empty => Value::Empty,
        }
    }
}

impl Survey<'_> {
    /// What is there at the date.
    fn objects(&self) -> &[Object] {
        &self.picture.objects[self.date]
    }

    /// The draws of something that lies at a place, the same at every date.
    fn chance(&self, subject: Subject, place: Point) -> Chance {
        let numbers = [place.x, place.y].map(|n| n as u32 as usize);
        chance(self.layout.seed, subject, &numbers)
    }
}

/// The identifier that BD TOPO and BD Forêt give to what has these ends.
fn identifier(prefix: &str, ends: [Point; 2]) -> Field {
    let key = ends.iter().fold(0, |key, end| mix(key ^ end.rank()));
    Field::Text(format!("{prefix}{:016}", key % 10_000_000_000_000_000))
}

/// The first point of an outline, which tells it from others.
fn first(polygon: &Polygon) -> Point {
    // Faces have outlines: the fallback is never reached.
    polygon
        .exterior
        .first()
        .copied()
        .unwrap_or(Point::new(0, 0))
}

/// The first side of an outline: of two polygons that touch at their first points, the sides differ.
fn side(polygon: &Polygon) -> [Point; 2] {
    let second = polygon.exterior.get(1).copied();
    [first(polygon), second.unwrap_or(first(polygon))]
}

/// The polygon of a ring that is not closed and runs counter-clockwise.
fn polygon(ring: &[Vector]) -> Polygon {
    let mut exterior = to_grid(ring);
    exterior.extend(exterior.first().copied());
    Polygon {
        exterior,
        holes: Vec::new(),
    }
}

/// Area of a polygon, m².
fn square_metres(polygon: &Polygon) -> f64 {
    polygon.area() as f64 / HALF_CM2_PER_M2 as f64
}

/// Length of the outline of a polygon and of its holes, m.
fn perimeter(polygon: &Polygon) -> f64 {
    let rings = polygon.rings();
    let sides = rings.flat_map(|ring| ring.windows(2));
    sides
        .map(|side| {
            let (east, north) = delta(side[0], side[1]);
            (east as f64).hypot(north as f64) / 100.0
        })
        .sum()
}

/// About the width of a polygon much longer than wide, and less than the width of any other, m.
fn width(polygon: &Polygon) -> f64 {
    2.0 * square_metres(polygon) / perimeter(polygon)
}

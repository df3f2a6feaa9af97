//! The annotations of a domain: class rasters on the pixels of its images, or polygons that were drawn on them.

use std::collections::BTreeMap;

use gdal::vector::Geometry;
use serde::Serialize;

use super::description::{Domain, Drawn};
use crate::error::{Error, Result};
use crate::grid::{Point, format_m2};
use crate::partition::{FaceId, Polygon};
use crate::predict::Stack;
use crate::raster::{Image, PixelGrid, Window, burn};
use crate::reference::ClassList;
use crate::vector::{Layer, Opening};
use crate::vintage::{Intake, Repairs};

/// Annotations, opened.
pub(super) enum Annotations {
    /// Class rasters.
    Rasters(Image),
    /// Polygons.
    Polygons(Polygons),
}

/// Polygons that were drawn, to be read as pixels.
pub(super) struct Polygons {
    grid: PixelGrid,
    /// The pixels of the images.
    images: Window,
    /// Shapes that do not overlap, each in one square of so many pixels, with their codes,
    squares: BTreeMap<(i64, i64), Vec<(Polygon, i32)>>,
    side: usize,
    /// What was read.
    pub(super) report: DrawnReport,
}

/// What was found in polygons that were drawn.
#[derive(Clone, Debug, Serialize)]
pub struct DrawnReport {
    /// The file and its layer.
    pub source: String,
    /// Rows that do not reach the images.
    pub elsewhere: u64,
    /// What was found amiss.
    pub read: Repairs,
    /// Ground under polygons of several classes, which counts as not annotated.
    pub disputed: Option<Disputed>,
}

/// Ground under polygons of several classes.
#[derive(Clone, Debug, Serialize)]
pub struct Disputed {
    /// How much it is, m².
    pub area_m2: String,
    /// A point of the largest piece, m.
    pub largest_at: (f64, f64),
}

impl Annotations {
    /// Opens the annotations of a domain whose images are `stack`; polygons are read, to be looked at in squares
    /// of `side` pixels.
    pub(super) fn open(
        domain: &Domain,
        stack: &Stack,
        side: usize,
        classes: &ClassList,
    ) -> Result<Self> {
        match &domain.drawn {
            Some(drawn) => Polygons::read(drawn, stack, side, classes).map(Self::Polygons),
            None => rasters(domain, stack).map(Self::Rasters),
        }
    }

    /// The files, for messages.
    pub(super) fn file(&self) -> String {
        match self {
            Self::Rasters(image) => image.file(),
            Self::Polygons(polygons) => polygons.report.source.clone(),
        }
    }

    /// The pixels that they say something of, or say that they say nothing.
    pub(super) fn window(&self) -> Window {
        match self {
            Self::Rasters(image) => image.window(),
            Self::Polygons(polygons) => polygons.images,
        }
    }

    /// Reads the codes of a square; where there are none, `is_there` says so.
    pub(super) fn read(
        &self,
        window: &Window,
        values: &mut [f32],
        is_there: &mut [bool],
    ) -> Result<()> {
        match self {
            Self::Rasters(image) => image.read(window, &[0], values, is_there),
            Self::Polygons(polygons) => {
                is_there.fill(true);
                polygons.read_square(window, values)
            }
        }
    }
}

fn rasters(domain: &Domain, stack: &Stack) -> Result<Image> {
    let place = format!("annotations of {}", domain.name);
    let crs = domain.imagery.crs.as_deref();
    let annotations = Image::open(&domain.annotations, crs, &place)?;
    let refuse = |what: String, advice: &str| Err(Error::input(annotations.file(), what, advice));
    if annotations.bands() != 1 {
        return refuse(
            format!("has {} bands; annotations have one", annotations.bands()),
            "give the band of the classes alone (gdal_translate -b)",
        );
    }
    if !annotations.crs().is_same(stack.crs()) {
        return refuse(
            format!(
                "is in {}, the images in {}",
                annotations.crs().name(),
                stack.crs().name()
            ),
            "give annotations made on these images",
        );
    }
    if !annotations.grid().is_same(stack.grid()) {
        return refuse(
            format!(
                "its pixels ({} m) are not those of the images ({} m)",
                annotations.grid().pixel,
                stack.grid().pixel
            ),
            "give annotations made on these images, or resample them beforehand",
        );
    }
    Ok(annotations)
}

impl Polygons {
    fn read(from: &Drawn, stack: &Stack, side: usize, classes: &ClassList) -> Result<Self> {
        let opening = Opening {
            layer: from.layer.as_deref(),
            ..Opening::default()
        };
        let mut layer = Layer::open(&from.path, opening)?;
        let place = layer.place();
        let column = layer.require_column(&from.column)?;
        let (grid, images) = (*stack.grid(), stack.window());
        let (west, north) = grid.corner(images.column, images.row);
        let (east, south) = grid.corner(images.columns().end, images.rows().end);
        let mut intake = Intake::new(&layer, from.crs.as_deref(), stack.crs())?;
        let mut codes: Vec<i32> = Vec::new();
        let mut elsewhere = 0;
        layer.scan(&[Some(column)], |row| {
            let shape = row.geometry.and_then(|wkb| Geometry::from_wkb(wkb).ok());
            if shape.is_some_and(|shape| !intake.may_reach(&shape, [west, south, east, north])) {
                elsewhere += 1;
                return Ok(());
            }
            let code = code(row.values[0].as_deref(), classes).map_err(|what| {
                let known: Vec<String> = classes.iter().map(|(c, _)| c.to_string()).collect();
                Error::input(
                    format!("{place}, row {}", row.number),
                    format!("`{}` {what}", from.column),
                    format!("give a code of the nomenclature: {}", known.join(", ")),
                )
            })?;
            intake.add(row.number, row.geometry)?;
            codes.resize(intake.builder.item_count() as usize, code);
            Ok(())
        })?;
        let none = |place: &str| {
            Error::input(
                place,
                "has no polygon on the images",
                "give annotations made on these images; check its CRS",
            )
        };
        if codes.is_empty() {
            return Err(none(&place));
        }
        let Intake {
            mut builder,
            repairs,
            ..
        } = intake.finish()?;
        // Cut along the squares in which they are looked at, however large they are.
        let mut cells = Vec::new();
        for row in squares(images.rows(), side) {
            for column in squares(images.columns(), side) {
                let item = builder.item();
                builder.ring(item, &square(&grid, (column, row), side)?);
                cells.push((column, row));
            }
        }
        let overlay = builder.build();
        let partition = &overlay.partition;
        let mut shapes: BTreeMap<(i64, i64), Vec<(Polygon, i32)>> = BTreeMap::new();
        let (mut area, mut largest) = (0, None);
        for face in 0..partition.face_count() as FaceId {
            let items = overlay.items(face).iter().map(|&item| item as usize);
            let (told, within): (Vec<usize>, Vec<usize>) = items.partition(|&i| i < codes.len());
            let (Some(&first), Some(&cell)) = (told.first(), within.first()) else {
                continue;
            };
            if told.iter().any(|&item| codes[item] != codes[first]) {
                let own = partition.area(face);
                area += own;
                largest = largest.max(Some((own, partition.first_point(face))));
            } else if let Some(polygon) = partition.polygon(face) {
                let shapes = shapes.entry(cells[cell - codes.len()]).or_default();
                shapes.push((polygon, codes[first]));
            }
        }
        if shapes.is_empty() && largest.is_none() {
            return Err(none(&place));
        }
        Ok(Self {
            grid,
            images,
            squares: shapes,
            side,
            report: DrawnReport {
                source: place,
                elsewhere,
                read: repairs,
                disputed: largest.map(|(_, at)| Disputed {
                    area_m2: format_m2(area),
                    largest_at: at.metres(),
                }),
            },
        })
    }

    /// Reads a square: the code of the polygon in which the centre of each pixel lies, 0 where there is none.
    fn read_square(&self, window: &Window, values: &mut [f32]) -> Result<()> {
        let side = self.side as i64;
        let square = (window.column.div_euclid(side), window.row.div_euclid(side));
        let Some(shapes) = self.squares.get(&square) else {
            values.fill(0.0);
            return Ok(());
        };
        let shapes: Vec<(&Polygon, i32)> = shapes.iter().map(|(p, code)| (p, *code)).collect();
        let burnt = burn(&self.grid, window, &shapes)?;
        for (value, code) in values.iter_mut().zip(burnt) {
            *value = code as f32;
        }
        Ok(())
    }
}

/// The code that a polygon has, or what is wrong with it.
fn code(told: Option<&str>, classes: &ClassList) -> std::result::Result<i32, String> {
    let told = told.map(str::trim).unwrap_or("");
    if told.is_empty() {
        return Err("is empty".to_owned());
    }
    // Some formats write whole numbers with decimals.
    let number = told.parse::<f64>().ok().filter(|n| n.fract() == 0.0);
    let is_known = |&code: &i64| code == 0 || classes.get(code).is_some();
    let Some(code) = number.map(|n| n as i64).filter(is_known) else {
        return Err(format!("is `{told}`, which the nomenclature has not"));
    };
    match u8::try_from(code) {
        Ok(code) => Ok(code.into()),
        Err(_) => Err(format!("is `{told}`; annotations have codes up to 255")),
    }
}

/// The ring of a square.
fn square(grid: &PixelGrid, (column, row): (i64, i64), side: usize) -> Result<[Point; 4]> {
    let side = side as i64;
    let corner = |column: i64, row: i64| {
        let (x, y) = grid.corner(column * side, row * side);
        Point::from_metres(x, y).ok_or_else(|| {
            Error::input(
                "images",
                "lie beyond ±10 737 km of the origin of their CRS",
                "check their georeference",
            )
        })
    };
    Ok([
        corner(column, row)?,
        corner(column + 1, row)?,
        corner(column + 1, row + 1)?,
        corner(column, row + 1)?,
    ])
}

/// The squares of a side into which pixels fall.
fn squares(pixels: std::ops::Range<i64>, side: usize) -> std::ops::Range<i64> {
    let side = side as i64;
    pixels.start.div_euclid(side)..(pixels.end - 1).div_euclid(side) + 1
}

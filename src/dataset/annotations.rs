//! The annotations of a domain: class rasters on the pixels of its images, or polygons that were drawn on them.

use std::collections::BTreeMap;

use super::description::{Domain, Drawn};
use crate::error::{Error, Result};
use crate::grid::{Point, format_m2};
use crate::partition::{FaceId, Polygon};
use crate::predict::Stack;
use crate::raster::{Image, PixelGrid, Window, burn};
use crate::reference::ClassList;
use crate::vector::{Layer, Opening};
use crate::vintage::Intake;

/// Annotations, opened.
pub(super) enum Annotations {
    /// Class rasters.
    Rasters(Image),
    /// Polygons.
    Polygons(Polygons),
}

/// Polygons that were drawn, to be read as pixels.
pub(super) struct Polygons {
    place: String,
    grid: PixelGrid,
    /// The pixels of the images.
    images: Window,
    /// Shapes that do not overlap, with their codes,
    shapes: Vec<(Polygon, i32)>,
    /// and those that reach into each square of so many pixels.
    squares: BTreeMap<(i64, i64), Vec<usize>>,
    side: usize,
    /// Ground under polygons of several classes.
    pub(super) disputed: Option<Disputed>,
}

/// Ground under polygons of several classes, which counts as not annotated.
#[derive(Clone, Debug)]
pub struct Disputed {
    /// How much it is, m².
    pub area_m2: String,
    /// How many places.
    pub places: usize,
    /// A point of the largest, m.
    pub at: (f64, f64),
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
            Self::Polygons(polygons) => polygons.place.clone(),
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
        let mut intake = Intake::new(&layer, from.crs.as_deref(), stack.crs())?;
        let mut codes: Vec<i32> = Vec::new();
        layer.scan(&[Some(column)], |row| {
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
        let intake = intake.finish()?;
        let overlay = intake.builder.build();
        let partition = &overlay.partition;
        let mut shapes = Vec::new();
        let (mut area, mut places, mut largest) = (0, 0, None);
        for face in 0..partition.face_count() as FaceId {
            let mut told = overlay.items(face).iter().map(|&item| codes[item as usize]);
            let Some(first) = told.next() else {
                continue;
            };
            if told.any(|other| other != first) {
                let own = partition.area(face);
                area += own;
                places += 1;
                largest = largest.max(Some((own, partition.first_point(face))));
            } else if let Some(polygon) = partition.polygon(face) {
                shapes.push((polygon, first));
            }
        }
        let disputed = largest.map(|(_, at)| Disputed {
            area_m2: format_m2(area),
            places,
            at: at.metres(),
        });
        let (grid, images) = (*stack.grid(), stack.window());
        let mut squares: BTreeMap<(i64, i64), Vec<usize>> = BTreeMap::new();
        for (n, (polygon, _)) in shapes.iter().enumerate() {
            let reached = reached(&grid, &polygon.exterior).intersection(&images);
            if reached.is_empty() {
                continue;
            }
            for row in cells(reached.rows(), side) {
                for column in cells(reached.columns(), side) {
                    squares.entry((column, row)).or_default().push(n);
                }
            }
        }
        if squares.is_empty() {
            return Err(Error::input(
                place,
                "has no polygon on the images",
                "give annotations made on these images; check its CRS",
            ));
        }
        Ok(Self {
            place,
            grid,
            images,
            shapes,
            squares,
            side,
            disputed,
        })
    }

    /// Reads a square: the code of the polygon in which the centre of each pixel lies, 0 where there is none.
    fn read_square(&self, window: &Window, values: &mut [f32]) -> Result<()> {
        let side = self.side as i64;
        let square = (window.column.div_euclid(side), window.row.div_euclid(side));
        let Some(near) = self.squares.get(&square) else {
            values.fill(0.0);
            return Ok(());
        };
        let shapes: Vec<(&Polygon, i32)> = near
            .iter()
            .map(|&n| (&self.shapes[n].0, self.shapes[n].1))
            .collect();
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
    // Some programs keep whole numbers as 3.0.
    let number = told.strip_suffix(".0").unwrap_or(told).parse::<u8>().ok();
    let is_known = |&code: &u8| code == 0 || classes.get(code.into()).is_some();
    number
        .filter(is_known)
        .map(i32::from)
        .ok_or_else(|| format!("is `{told}`, which the nomenclature has not"))
}

/// The pixels that a ring may reach into.
fn reached(grid: &PixelGrid, ring: &[Point]) -> Window {
    let pixels = ring.iter().map(|p| {
        let (x, y) = p.metres();
        let (column, row) = grid.pixel_at(x, y);
        Window::between(column..column + 1, row..row + 1)
    });
    let hull = pixels.reduce(|whole, pixel| whole.hull(&pixel));
    hull.unwrap_or(Window::between(0..0, 0..0))
}

/// The squares of a side into which pixels fall.
fn cells(pixels: std::ops::Range<i64>, side: usize) -> std::ops::Range<i64> {
    let side = side as i64;
    pixels.start.div_euclid(side)..(pixels.end - 1).div_euclid(side) + 1
}

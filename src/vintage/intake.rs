//! Polygons of a file onto the grid.

use gdal::spatial_ref::CoordTransform;
use gdal::vector::Geometry;
use serde::Serialize;

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::Point;
use crate::partition::{Builder, ItemId};
use crate::vector::{Layer, Ring, Surface, polygons};

/// What was found amiss in the geometry of a file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Repairs {
    /// Rows without geometry, the first hundred.
    pub null_geometry_rows: Vec<u64>,
    /// Their number.
    pub null_geometries: u64,
    /// Points and lines, which cover no ground.
    pub not_polygons: u64,
    /// Rings of fewer than three distinct points of the grid, which cover no ground.
    pub collapsed_rings: u64,
    /// Polygons of several parts, which were taken apart.
    pub multi_parts: u64,
    /// Whether coordinates were brought from another CRS.
    pub reprojected_from: Option<String>,
}

impl Repairs {
    /// Adds what was found in another file.
    pub fn merge(&mut self, other: Self) {
        self.null_geometries += other.null_geometries;
        self.null_geometry_rows.extend(other.null_geometry_rows);
        self.not_polygons += other.not_polygons;
        self.collapsed_rings += other.collapsed_rings;
        self.multi_parts += other.multi_parts;
        self.reprojected_from = self.reprojected_from.take().or(other.reprojected_from);
    }
}

/// Brings the polygons of one layer onto the grid, each part an item.
pub struct Intake {
    place: String,
    transform: Option<CoordTransform>,
    /// The items.
    pub builder: Builder,
    /// The area of each item as it was drawn, m².
    pub drawn: Vec<f64>,
    /// What was mended.
    pub repairs: Repairs,
    /// Whether every coordinate so far could be a longitude and a latitude.
    looks_geographic: bool,
}

/// How many row numbers a report lists.
const LISTED: usize = 100;

impl Intake {
    /// An intake of `layer` into the CRS `target`; `told` is the CRS that the user gave for it.
    pub fn new(layer: &Layer, told: Option<&str>, target: &Crs) -> Result<Self> {
        let place = layer.place();
        let source = match (told, layer.crs()) {
            (Some(told), _) => Crs::parse(told, &place)?,
            (None, Some(declared)) => declared.clone(),
            (None, None) => {
                return Err(Error::input(
                    place,
                    "does not say its CRS",
                    "add `crs = \"EPSG:…\"` beside its path, or a .prj file",
                ));
            }
        };
        let transform = source.way_to(target)?;
        Ok(Self {
            place,
            repairs: Repairs {
                reprojected_from: transform.is_some().then(|| source.name()),
                ..Repairs::default()
            },
            transform,
            builder: Builder::new(),
            drawn: Vec::new(),
            looks_geographic: true,
        })
    }

    /// Adds the polygons of one row, and returns the number of the first new item; all items
    /// from it to the builder's count are of this row.
    pub fn add(&mut self, row: u64, wkb: Option<&[u8]>) -> Result<ItemId> {
        let first = self.builder.item_count();
        let Some(wkb) = wkb else {
            self.null(row);
            return Ok(first);
        };
        let place = || format!("{}, row {row}", self.place);
        let shape = polygons(wkb).ok_or_else(|| {
            Error::input(
                place(),
                "its geometry is not well formed, or is curved",
                "mend it, or make its curves into segments",
            )
        })?;
        self.repairs.not_polygons += shape.others as u64;
        if shape.polygons.is_empty() && shape.others == 0 {
            self.null(row);
        }
        if shape.polygons.len() > 1 {
            self.repairs.multi_parts += 1;
        }
        for rings in shape.polygons {
            let mut grid_rings = Vec::with_capacity(rings.len());
            let mut drawn = 0.0;
            for (n, ring) in rings.into_iter().enumerate() {
                let (points, area) = self.take_ring(ring).ok_or_else(|| {
                    Error::input(
                        format!("{}, row {row}", self.place),
                        "has a coordinate that is not a number, or that lies beyond ±10 737 km",
                        "mend or remove the row; check the CRS of the file",
                    )
                })?;
                drawn += if n == 0 { area } else { -area };
                if points.len() < 3 {
                    self.repairs.collapsed_rings += 1;
                } else {
                    grid_rings.push(points);
                }
            }
            self.drawn.push(drawn);
            let item = self.builder.item();
            for ring in &grid_rings {
                self.builder.ring(item, ring);
            }
        }
        Ok(first)
    }

    /// Adds the surface of a line: all within `half_width` metres of it, with round ends.
    pub fn add_line(&mut self, row: u64, wkb: &[u8], half_width: f64) -> Result<ItemId> {
        let line = self.placed(row, wkb)?;
        let surface = Surface::of_wkb([line.as_slice()])?.grown(half_width)?;
        self.add_surface(row, &surface)
    }

    /// Adds a surface, which is in the CRS of the territory already.
    pub fn add_surface(&mut self, row: u64, surface: &Surface) -> Result<ItemId> {
        let way = self.transform.take();
        let added = surface.wkb().and_then(|wkb| self.add(row, Some(&wkb)));
        self.transform = way;
        added
    }

    /// Whether a geometry of the file may reach into a rectangle: west, south, east, north.
    pub fn may_reach(&self, shape: &Geometry, [west, south, east, north]: [f64; 4]) -> bool {
        let envelope = match &self.transform {
            None => shape.envelope(),
            Some(transform) => match shape.transform(transform) {
                Ok(shape) => shape.envelope(),
                // What cannot be placed is refused where it is added.
                Err(_) => return true,
            },
        };
        envelope.MinX <= east
            && envelope.MaxX >= west
            && envelope.MinY <= north
            && envelope.MaxY >= south
    }

    /// A geometry of the file brought into the CRS of the territory, flat.
    pub fn placed(&self, row: u64, wkb: &[u8]) -> Result<Vec<u8>> {
        let mut shape = Geometry::from_wkb(wkb).map_err(|e| self.damaged(row, e))?;
        shape.flatten_to_2d();
        if let Some(transform) = &self.transform {
            shape
                .transform_inplace(transform)
                .map_err(|e| self.damaged(row, e))?;
        }
        shape.wkb().map_err(|e| self.damaged(row, e))
    }

    fn damaged(&self, row: u64, why: impl std::fmt::Display) -> Error {
        Error::input(
            format!("{}, row {row}", self.place),
            format!("its geometry cannot be read: {why}"),
            "mend or remove the row; check the CRS of the file",
        )
    }

    fn null(&mut self, row: u64) {
        self.repairs.null_geometries += 1;
        if self.repairs.null_geometry_rows.len() < LISTED {
            self.repairs.null_geometry_rows.push(row);
        }
    }

    /// The distinct points of a ring, without the closing one, and its area in m² before rounding.
    fn take_ring(&mut self, ring: Ring) -> Option<(Vec<Point>, f64)> {
        let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = ring.into_iter().unzip();
        if !xs.iter().chain(&ys).all(|v| v.is_finite()) {
            return None;
        }
        if let Some(transform) = &self.transform {
            let mut zs = vec![0.0; xs.len()];
            transform.transform_coords(&mut xs, &mut ys, &mut zs).ok()?;
        }
        let area = area(&xs, &ys);
        let mut points = Vec::with_capacity(xs.len());
        for (x, y) in xs.into_iter().zip(ys) {
            self.looks_geographic &= x.abs() <= 180.0 && y.abs() <= 90.0;
            points.push(Point::from_metres(x, y)?);
        }
        points.dedup();
        while points.len() > 1 && points.first() == points.last() {
            points.pop();
        }
        Some((points, area))
    }

    /// Whether every coordinate could be a longitude and a latitude; false without any.
    pub fn looks_like_degrees(&self) -> bool {
        self.builder.item_count() > 0 && self.looks_geographic
    }

    /// Ends the intake: refuses a layer without polygons, or whose metres are degrees.
    pub fn finish(self) -> Result<Self> {
        if self.builder.item_count() == 0 {
            return Err(Error::input(
                self.place,
                "holds no polygon",
                "check that it is the right layer, and that the file is complete",
            ));
        }
        if self.looks_like_degrees() {
            return Err(Error::input(
                self.place,
                "says that its coordinates are metres, but they look like degrees",
                "give its true CRS with `crs = \"EPSG:4326\"`, or mend the file",
            ));
        }
        Ok(self)
    }
}

/// The area within a ring.
fn area(xs: &[f64], ys: &[f64]) -> f64 {
    let (Some(x0), Some(y0)) = (xs.first(), ys.first()) else {
        return 0.0;
    };
    let doubled: f64 = (1..xs.len())
        .map(|n| (xs[n - 1] - x0) * (ys[n] - y0) - (xs[n] - x0) * (ys[n - 1] - y0))
        .sum();
    doubled.abs() / 2.0
}

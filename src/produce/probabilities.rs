//! How sure the classification is: of what pixels may be instead, and of whole faces.

use std::collections::BTreeMap;
use std::ops::Range;

use gdal::raster::GdalDataType;
use rayon::prelude::*;

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::STEPS_PER_METRE;
use crate::partition::{FaceId, OUTSIDE, Partition};
use crate::raster::{Image, Mosaic, PixelGrid, Placing, Window};
use crate::territory;
use crate::vectorise::Second;

/// Bands of the compact form of probabilities: the probability of the first class,
const FIRST_PROBABILITY: usize = 1;
/// the second class, and its probability.
const SECOND: [usize; 2] = [2, 3];
/// The number of its bands.
const BANDS: usize = 5;
/// Rows looked at together.
const ROWS: usize = 512;

/// Probabilities on the pixels of a class raster.
pub(super) struct Probabilities {
    image: Image,
    /// The first pixel of the raster.
    column: i64,
    row: i64,
    width: usize,
    height: usize,
    placing: Placing,
}

impl Probabilities {
    /// Opens the probabilities of a vintage, where it has any.
    pub(super) fn open(
        vintage: &territory::Vintage,
        mosaic: &Mosaic,
        crs: &Crs,
    ) -> Result<Option<Self>> {
        let Some(path) = &vintage.probabilities else {
            return Ok(None);
        };
        let pattern = glob::Pattern::escape(&path.to_string_lossy());
        let image = Image::open(&[pattern], vintage.crs.as_deref(), "probabilities")?;
        let bad = |what: String, advice: &str| Err(Error::input(path.display(), what, advice));
        if image.bands() != BANDS {
            return bad(
                format!(
                    "has {} bands; the compact form of probabilities has {BANDS}",
                    image.bands()
                ),
                "give what `millesime predict` writes without --all-classes",
            );
        }
        if image.kind() != GdalDataType::UInt8 {
            return bad(
                format!(
                    "holds {} numbers; probabilities are bytes, 255 is sure",
                    image.kind()
                ),
                "give what `millesime predict` writes",
            );
        }
        let placing = mosaic.placing();
        let (grid, column, row) = PixelGrid::of(placing.origin.0, placing.origin.1, placing.pixel);
        if !image.crs().is_same(crs) || !image.grid().is_same(&grid) {
            return bad(
                "is not on the pixel grid of the classes".to_owned(),
                "give the probabilities that the classes were made with",
            );
        }
        let wanted = Window {
            column,
            row,
            width: mosaic.width(),
            height: mosaic.height(),
        };
        if image.window().intersection(&wanted) != wanted {
            return bad(
                "does not reach all pixels of the classes".to_owned(),
                "give the probabilities that the classes were made with",
            );
        }
        Ok(Some(Self {
            image,
            column,
            row,
            width: mosaic.width(),
            height: mosaic.height(),
            placing,
        }))
    }

    fn read(&self, rows: &Range<usize>, bands: &[usize]) -> Result<Vec<f32>> {
        let window = Window {
            column: self.column,
            row: self.row + rows.start as i64,
            width: self.width,
            height: rows.len(),
        };
        let pixels = window.width * window.height;
        let (mut values, mut valid) = (vec![0.0; bands.len() * pixels], vec![false; pixels]);
        self.image.read(&window, bands, &mut values, &mut valid)?;
        Ok(values)
    }

    /// What the pixels of rows may be instead; `labels` are the labels of classes.
    pub(super) fn second(
        &self,
        rows: Range<usize>,
        labels: &BTreeMap<i64, u16>,
    ) -> Result<Vec<Second>> {
        let values = self.read(&rows, &SECOND)?;
        let (classes, likely) = values.split_at(values.len() / 2);
        let label = |class: f32| labels.get(&(class as i64)).copied().unwrap_or(0);
        let both = classes.iter().zip(likely);
        Ok(both.map(|(&class, &p)| (label(class), p as u8)).collect())
    }

    /// The mean probability of the first class on each face, from 0 to 1, over the pixels whose centres
    /// lie in it; none where none does.
    pub(super) fn of_faces(&self, partition: &Partition) -> Result<Vec<Option<f32>>> {
        let count = partition.face_count();
        let (mut sums, mut pixels) = (vec![0u64; count], vec![0u64; count]);
        let strips = self.height.div_ceil(ROWS);
        let mut edges: Vec<Vec<u32>> = vec![Vec::new(); strips];
        for e in 0..partition.edge_count() {
            let rows = self.rows(partition, e);
            if !rows.is_empty() {
                let strips = &mut edges[rows.start / ROWS..=(rows.end - 1) / ROWS];
                strips.iter_mut().for_each(|strip| strip.push(e as u32));
            }
        }
        for (strip, edges) in edges.iter().enumerate() {
            let rows = strip * ROWS..((strip + 1) * ROWS).min(self.height);
            let values = self.read(&rows, &[FIRST_PROBABILITY])?;
            let mut crossings: Vec<(u32, f64, FaceId)> = edges
                .par_iter()
                .flat_map_iter(|&e| self.crossings(partition, e as usize, &rows))
                .collect();
            crossings.par_sort_unstable_by(|a, b| {
                a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
            });
            for pair in 0..crossings.len() {
                let (row, x, face) = crossings[pair];
                let next = crossings.get(pair + 1).filter(|next| next.0 == row);
                let end = next.map_or(self.width as f64, |next| next.1);
                if face == OUTSIDE {
                    continue;
                }
                // Pixels whose centres lie from here to the next outline.
                let column = |x: f64| (x - 0.5).ceil().clamp(0.0, self.width as f64) as usize;
                let line = (row as usize - rows.start) * self.width;
                let run = column(x)..column(end).max(column(x));
                pixels[face as usize] += run.len() as u64;
                let run = &values[line + run.start..line + run.end];
                sums[face as usize] += run.iter().map(|&v| v as u64).sum::<u64>();
            }
        }
        let mean = |(&sum, &pixels): (&u64, &u64)| {
            (pixels > 0).then(|| (sum as f64 / pixels as f64 / 255.0) as f32)
        };
        Ok(sums.iter().zip(&pixels).map(mean).collect())
    }

    /// A place of the grid in pixels from the upper left corner.
    fn place(&self, point: crate::grid::Point) -> (f64, f64) {
        let (x, y) = (f64::from(point.x), f64::from(point.y));
        let pixel = self.placing.pixel * STEPS_PER_METRE;
        let (left, top) = self.placing.origin;
        (
            (x - left * STEPS_PER_METRE) / pixel,
            (top * STEPS_PER_METRE - y) / pixel,
        )
    }

    /// The rows whose centres an edge crosses.
    fn rows(&self, partition: &Partition, e: usize) -> Range<usize> {
        let (a, b) = partition.edge(e);
        let ((_, p), (_, q)) = (self.place(a), self.place(b));
        let row = |y: f64| (y - 0.5).ceil().clamp(0.0, self.height as f64) as usize;
        row(p.min(q))..row(p.max(q))
    }

    /// Where an edge crosses the middles of rows, and the face east of it.
    fn crossings<'a>(
        &'a self,
        partition: &'a Partition,
        e: usize,
        within: &Range<usize>,
    ) -> impl Iterator<Item = (u32, f64, FaceId)> + use<'a> {
        let (a, b) = partition.edge(e);
        let (left, right) = partition.sides(e);
        let east = if b.y > a.y { right } else { left };
        let ((ax, ay), (bx, by)) = (self.place(a), self.place(b));
        let rows = self.rows(partition, e);
        let rows = rows.start.max(within.start)..rows.end.min(within.end);
        rows.map(move |row| {
            let along = (row as f64 + 0.5 - ay) / (by - ay);
            (row as u32, ax + along * (bx - ax), east)
        })
    }
}

//! How sure the classification is: of what pixels may be instead, and of whole faces.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::partition::Partition;
use crate::predict::{Compact, CompactBand, SeenCovers};
use crate::raster::{Mosaic, PixelGrid, Window};
use crate::reference::Reference;
use crate::territory;
use crate::vectorise::Second;
use crate::zonal::Frame;

/// The covers that a model saw at the date of a vintage, where its probabilities are given.
pub fn seen_covers(
    vintage: &territory::Vintage,
    crs: &Crs,
    reference: &Reference,
) -> Result<Option<SeenCovers>> {
    let Some(path) = &vintage.probabilities else {
        return Ok(None);
    };
    let nomenclature = vintage.nomenclature.as_deref().unwrap_or_default();
    SeenCovers::open(path, nomenclature, vintage.crs.as_deref(), crs, reference).map(Some)
}

/// Probabilities on the pixels of a class raster.
pub(super) struct Probabilities {
    compact: Compact,
    /// The first pixel of the raster.
    column: i64,
    row: i64,
    frame: Frame,
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
        let compact = Compact::open(path, vintage.crs.as_deref(), crs)?;
        let refuse = |what: &str| {
            let advice = "give the probabilities that the classes were made with";
            Err(Error::input(path.display(), what, advice))
        };
        let placing = mosaic.placing();
        let (grid, column, row) = PixelGrid::of(placing.origin.0, placing.origin.1, placing.pixel);
        if !compact.grid().is_same(&grid) {
            return refuse("is not on the pixel grid of the classes");
        }
        let (width, height) = (mosaic.width(), mosaic.height());
        let wanted = Window {
            column,
            row,
            width,
            height,
        };
        if compact.window().intersection(&wanted) != wanted {
            return refuse("does not reach all pixels of the classes");
        }
        Ok(Some(Self {
            compact,
            column,
            row,
            frame: Frame {
                placing,
                width,
                height,
            },
        }))
    }

    fn read(&self, rows: &Range<usize>, bands: &[CompactBand]) -> Result<Vec<f32>> {
        let window = Window {
            column: self.column,
            row: self.row + rows.start as i64,
            width: self.frame.width,
            height: rows.len(),
        };
        Ok(self.compact.read(&window, bands)?.0)
    }

    /// What the pixels of rows may be instead; `labels` are the labels of classes.
    pub(super) fn second(
        &self,
        rows: Range<usize>,
        labels: &BTreeMap<i64, u16>,
    ) -> Result<Vec<Second>> {
        let values = self.read(
            &rows,
            &[CompactBand::Second, CompactBand::SecondProbability],
        )?;
        let (classes, likely) = values.split_at(values.len() / 2);
        let label = |class: f32| labels.get(&(class as i64)).copied().unwrap_or(0);
        let both = classes.iter().zip(likely);
        Ok(both.map(|(&class, &p)| (label(class), p as u8)).collect())
    }

    /// The mean probability of the first class on each face, from 0 to 1, over the pixels whose centres
    /// lie in it; none where none does.
    pub(super) fn of_faces(&self, partition: &Partition) -> Result<Vec<Option<f32>>> {
        let first = |rows: Range<usize>| {
            let values = self.read(&rows, &[CompactBand::FirstProbability])?;
            Ok(values.into_iter().map(|p| Some([p as u8])).collect())
        };
        let tallies = self.frame.tallies(partition, first)?;
        let share = |[mean]: [f64; 1]| (mean / 255.0) as f32;
        Ok(tallies.into_iter().map(|t| t.means().map(share)).collect())
    }
}

//! What was decided of every pixel of the classes before the vintage was generalised, as a raster.

use std::collections::BTreeSet;
use std::path::Path;

use super::fused::Fused;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::fuse::Decision;
use crate::raster::{PixelGrid, Tiff, Window};
use crate::reference::{Code, Reference};
use crate::zonal::Frame;

/// What tells, in the raster, cover and use of values from 1 on: `CS2.2.1 US1.1;…`.
pub const DECIDED_KEY: &str = "millesime_decided";

/// The file, in the folder of a vintage.
pub(super) const DECIDED: &str = "decided.tif";

/// Writes cover and use of each pixel; the file says which value stands for which.
pub(super) fn write(
    path: &Path,
    fused: &Fused,
    decisions: &[Option<Decision>],
    crs: &Crs,
    reference: &Reference,
) -> Result<()> {
    let codes: BTreeSet<(Code, Code)> = decisions
        .iter()
        .flatten()
        .map(|d| (d.cover, d.usage))
        .collect();
    let codes: Vec<(Code, Code)> = codes.into_iter().collect();
    if codes.len() >= usize::from(u16::MAX) {
        return Err(Error::Internal(format!("{} kinds of ground", codes.len())));
    }
    // Decided codes are among those that were just gathered.
    let number = |d: &Decision| {
        codes
            .binary_search(&(d.cover, d.usage))
            .map_or(0, |n| n as u16 + 1)
    };
    let values: Vec<u16> = decisions
        .iter()
        .map(|d| d.as_ref().map_or(0, number))
        .collect();
    let Frame {
        placing,
        width,
        height,
    } = fused.frame;
    let (grid, column, row) = PixelGrid::of(placing.origin.0, placing.origin.1, placing.pixel);
    let window = Window {
        column,
        row,
        width,
        height,
    };
    let mut file = Tiff::create::<u16>(path, (crs, &grid, window), 1, Some(0.0))?;
    let name = |&(cover, usage): &(Code, Code)| {
        format!(
            "{} {}",
            reference.cover.text(cover),
            reference.usage.text(usage)
        )
    };
    let list: Vec<String> = codes.iter().map(name).collect();
    file.tell(DECIDED_KEY, &list.join(";"))?;
    fused
        .frame
        .labels(&fused.partition, &values, |rows, values| {
            let part = Window {
                row: row + rows.start as i64,
                height: rows.len(),
                ..window
            };
            file.write(0, &part, values)
        })?;
    file.finish()
}

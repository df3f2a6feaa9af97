//! What was decided of a pixel before the vintage was generalised: whether sources say that it changed.

use gdal::raster::GdalDataType;
use rayon::prelude::*;

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::partition::Partition;
use crate::produce::DECIDED_KEY;
use crate::raster::{self, Beneath, Image, Window};
use crate::reference::{Code, Reference};
use crate::territory;
use crate::zonal;

/// What is to be done about a file that is none.
const ADVICE: &str = "give the decided.tif that `millesime produce` writes beside a vintage";
/// Kinds of numbers that the values may be.
const WHOLE: [GdalDataType; 5] = [
    GdalDataType::UInt8,
    GdalDataType::UInt16,
    GdalDataType::Int16,
    GdalDataType::UInt32,
    GdalDataType::Int32,
];

/// What sources decided at the date of a vintage.
pub(super) struct Decided {
    image: Image,
    /// Cover and use by the value of a pixel.
    codes: Vec<Option<(Code, Code)>>,
}

impl Decided {
    /// Opens the decisions of a vintage, where it has any.
    pub(super) fn open(
        vintage: &territory::Vintage,
        crs: &Crs,
        reference: &Reference,
    ) -> Result<Option<Self>> {
        let Some(path) = &vintage.decided else {
            return Ok(None);
        };
        let image = Image::open_one(path, vintage.crs.as_deref(), crs, "decided")?;
        let refuse = |what: String| Err(Error::input(path.display(), what, ADVICE));
        if image.bands() != 1 || !WHOLE.contains(&image.kind()) {
            return refuse(format!(
                "has {} bands of {} numbers",
                image.bands(),
                image.kind()
            ));
        }
        let Some(list) = raster::metadata(path, DECIDED_KEY)? else {
            return refuse(format!("does not say what its values are ({DECIDED_KEY})"));
        };
        let mut codes = vec![None];
        for pair in list.split(';').filter(|pair| !pair.is_empty()) {
            let known = pair.split_once(' ').and_then(|(cover, usage)| {
                Some((reference.cover.code(cover)?, reference.usage.code(usage)?))
            });
            match known {
                Some(known) => codes.push(Some(known)),
                None => return refuse(format!("`{pair}` is not in the nomenclature")),
            }
        }
        Ok(Some(Self { image, codes }))
    }

    /// The shares of each face whose cover, whose use, and of which either, differ from here to `after`;
    /// `None` where nothing was decided at one of the dates.
    pub(super) fn changes(
        &self,
        after: &Self,
        partition: &Partition,
    ) -> Result<Vec<Option<[f32; 3]>>> {
        let (grid, window) = (after.image.grid(), after.image.window());
        let read = |window: &Window| self.changes_within(after, window);
        zonal::shares(partition, grid, window, read)
    }

    /// Whether cover, use, and either of them, differ from here to `after`, 255 being yes, on the pixels
    /// of a window of `after`.
    fn changes_within(&self, after: &Self, window: &Window) -> Result<Vec<Option<[u8; 3]>>> {
        let beneath = Beneath::new(self.image.grid(), after.image.grid(), window);
        let (earlier, later) = (self.read(&beneath.window)?, after.read(window)?);
        let pixels = later.into_par_iter().enumerate();
        let change = |(n, later): (usize, Option<(Code, Code)>)| {
            let ((cover, usage), later) = (earlier[beneath.number(n)]?, later?);
            let (cover, usage) = (cover != later.0, usage != later.1);
            Some([cover, usage, cover || usage].map(|differs| if differs { 255 } else { 0 }))
        };
        Ok(pixels.map(change).collect())
    }

    fn read(&self, window: &Window) -> Result<Vec<Option<(Code, Code)>>> {
        let pixels = window.width * window.height;
        let (mut values, mut valid) = (vec![0.0; pixels], vec![false; pixels]);
        self.image.read(window, &[0], &mut values, &mut valid)?;
        let is_unknown = |(value, valid): &(&f32, &bool)| {
            **valid && (**value < 0.0 || **value as usize >= self.codes.len())
        };
        if let Some((value, _)) = values.iter().zip(&valid).find(is_unknown) {
            return Err(Error::input(
                self.image.file(),
                format!("holds the value {value}, which its list ({DECIDED_KEY}) does not have"),
                ADVICE,
            ));
        }
        let code = |value: f32| self.codes.get(value as usize).copied().flatten();
        let both = values.into_par_iter().zip(valid);
        Ok(both
            .map(|(value, valid)| code(value).filter(|_| valid))
            .collect())
    }
}

//! Images brought to pixels of another size, on the grid of the origin of the CRS.

use std::path::PathBuf;
use std::ptr;

use gdal::cpl::CslStringList;
use gdal::programs::raster::build_vrt;
use gdal::{Dataset, errors::GdalError};

use super::open;
use crate::error::{Error, Result};

/// The images of `paths` as one, in pixels of side `pixel` whose corners are multiples of it. Nothing
/// is written: pixels are worked out as they are read. Finer ones are averaged, coarser ones passed
/// smoothly from one to the next. Gives the new raster, and what it reads from: the latter must be
/// there for as long as the former.
pub(super) fn resampled(
    paths: &[PathBuf],
    from: f64,
    pixel: f64,
) -> Result<(Dataset, Vec<Dataset>)> {
    let place = paths
        .first()
        .map_or(String::new(), |p| p.display().to_string());
    let failed = |e: GdalError| {
        let advice = "resample it beforehand (gdalwarp -tap -tr …)";
        Error::input(&place, format!("cannot be resampled: {e}"), advice)
    };
    let mut datasets: Vec<Dataset> = paths.iter().map(|path| open(path)).collect::<Result<_>>()?;
    let mosaic = build_vrt(None, &datasets, None).map_err(failed)?;
    let method = if pixel > from { "average" } else { "bilinear" };
    let side = pixel.to_string();
    let mut options = CslStringList::new();
    for option in [
        "-of", "VRT", "-tap", "-et", "0", "-tr", &side, &side, "-r", method,
    ] {
        options.add_string(option).map_err(failed)?;
    }
    let made = warp(&mosaic, options).map_err(failed)?;
    datasets.insert(0, mosaic);
    Ok((made, datasets))
}

/// What `gdalwarp` does, into a raster that is worked out as it is read.
fn warp(source: &Dataset, options: CslStringList) -> std::result::Result<Dataset, GdalError> {
    // SAFETY: the options are a list of C strings that outlives the call, the source is an open
    // dataset that the caller keeps for as long as the new one; the new one is handed to `Dataset`,
    // which closes it, and what was made of the options is freed here.
    unsafe {
        let parsed = gdal_sys::GDALWarpAppOptionsNew(options.as_ptr(), ptr::null_mut());
        let mut sources = [source.c_dataset()];
        let made = gdal_sys::GDALWarp(
            c"".as_ptr(),
            ptr::null_mut(),
            1,
            sources.as_mut_ptr(),
            parsed,
            ptr::null_mut(),
        );
        gdal_sys::GDALWarpAppOptionsFree(parsed);
        if made.is_null() {
            return Err(GdalError::NullPointer {
                method_name: "GDALWarp",
                msg: String::new(),
            });
        }
        Ok(Dataset::from_c_dataset(made))
    }
}

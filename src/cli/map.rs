//! `millesime map`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use millesime::align::PUBLISHED;
use millesime::error::{Error, Result};
use millesime::map::{self, Ground, Request, What};

use super::Outcome;

#[derive(Clone, Copy, ValueEnum)]
enum WhatFlag {
    /// Cover and use of one date side by side.
    CoverAndUse,
    /// Cover, before and after.
    Cover,
    /// Use, before and after.
    Use,
    /// What became of the status.
    Changes,
    /// Cover before, cover after, changes.
    Pair,
    /// Photograph, photograph and prediction, photograph and OCS GE, OCS GE.
    Global,
}

/// A map for a document, SVG or PNG, by the name of the file; or all vintages and changes of the run as
/// PMTiles.
#[derive(Args)]
pub struct Flags {
    /// Folder of the outputs of a run.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// INSEE code or name of a commune.
    #[arg(long)]
    commune: Vec<String>,
    /// A territory of any level, such as epci:200044048.
    #[arg(long, value_name = "LEVEL:TERRITORY")]
    territory: Option<String>,
    /// west,south,east,north: in degrees, or in the CRS of the run.
    #[arg(long, allow_hyphen_values = true, conflicts_with_all = ["commune", "territory"])]
    bbox: Option<String>,
    /// What it shows.
    #[arg(long, value_enum, default_value = "pair")]
    what: WhatFlag,
    /// Period, such as 2019-2022; the last, when not given.
    #[arg(long)]
    period: Option<String>,
    /// The earlier date of the period, where one date is shown.
    #[arg(long)]
    before: bool,
    /// Series: published, revised or aligned, where the run made it.
    #[arg(long, default_value = PUBLISHED)]
    series: String,
    /// A photograph to lie below: a file that GDAL reads, in the CRS of the run.
    #[arg(long, value_name = "FILE")]
    ortho: Option<PathBuf>,
    /// A raster of classes, for the global view.
    #[arg(long, value_name = "FILE")]
    prediction: Option<PathBuf>,
    /// How much of the photograph is hidden by what lies on it, from 0 to 1.
    #[arg(long, default_value_t = 0.6)]
    opacity: f64,
    /// A title.
    #[arg(long)]
    title: Option<String>,
    /// Pixels across.
    #[arg(long, default_value_t = 1200)]
    width: u32,
    /// First and last zoom of PMTiles.
    #[arg(long, default_value = "11-15")]
    zooms: String,
    /// File to write: .svg, .png or .pmtiles.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Folder of tables that take the place of those of the program, as the run was given.
    #[arg(long, value_name = "FOLDER")]
    reference: Option<PathBuf>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    super::require_apart(&flags.to, &flags.out)?;
    if flags.to.extension().is_some_and(|e| e == "pmtiles") {
        return tiles(&flags);
    }
    let reference = super::reference_of(&flags.out, flags.reference.as_deref())?;
    let ground = match (&flags.bbox, &flags.territory) {
        (Some(bbox), _) => Ground::Rectangle(bbox.clone()),
        (_, Some(territory)) => Ground::Territory(territory.clone()),
        _ if flags.commune.is_empty() => Ground::All,
        _ => Ground::Communes(flags.commune),
    };
    let request = Request {
        out: &flags.out,
        ground,
        what: match flags.what {
            WhatFlag::CoverAndUse => What::CoverAndUse,
            WhatFlag::Cover => What::Cover,
            WhatFlag::Use => What::Use,
            WhatFlag::Changes => What::Changes,
            WhatFlag::Pair => What::Pair,
            WhatFlag::Global => What::Global,
        },
        period: flags.period.as_deref(),
        is_after: !flags.before,
        series: &flags.series,
        ortho: flags.ortho.as_deref(),
        prediction: flags.prediction.as_deref(),
        opacity: flags.opacity,
        title: flags.title.as_deref(),
        width: flags.width,
    };
    map::write(&request, &flags.to, &reference)?;
    Ok(Outcome::Done)
}

fn tiles(flags: &Flags) -> Result<Outcome> {
    if !flags.commune.is_empty() || flags.territory.is_some() || flags.bbox.is_some() {
        return Err(Error::input(
            flags.to.display(),
            "tiles are of all ground of a run",
            "leave out --commune, --territory and --bbox",
        ));
    }
    let zooms = flags
        .zooms
        .split_once('-')
        .and_then(|(first, last)| Some((first.trim().parse().ok()?, last.trim().parse().ok()?)));
    let zooms = zooms.ok_or_else(|| {
        Error::input(
            "--zooms",
            format!("`{}` is no range of zooms", flags.zooms),
            "give two, such as 8-15",
        )
    })?;
    let count = map::tiles(&flags.out, &flags.series, zooms, &flags.to)?;
    println!("{count} tiles in {}", flags.to.display());
    Ok(Outcome::Done)
}

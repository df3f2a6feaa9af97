//! `millesime twin`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use millesime::error::Result;
use millesime::twin::{Landscape, Twin};

use super::Outcome;
use super::progress::Bar;

#[derive(Clone, Copy, ValueEnum)]
enum LandscapeFlag {
    Inland,
    Shore,
    Mountain,
}

#[derive(Args)]
pub struct Flags {
    /// Folder of the twin; new or empty.
    dir: PathBuf,
    /// Size of the territory, from 1 to 10 000 km².
    #[arg(long, default_value_t = 25)]
    km2: u32,
    /// What all chance follows from: the same seed gives the same territory, byte for byte.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Years of the vintages.
    #[arg(long, value_delimiter = ',', default_value = "2018,2021")]
    years: Vec<u16>,
    /// Kind of country: plain and hills, sea along the south, or summits in the north.
    #[arg(long, value_enum, default_value = "inland")]
    landscape: LandscapeFlag,
    /// Also give the vintages as production would make them, with the errors of real ones, and a
    /// territory file of these, OBSERVED.toml.
    #[arg(long)]
    observed: bool,
    /// Also paint aerial imagery of each date, in pixels of so many metres (0.2 to 1): red, green, blue;
    /// infrared; heights of surface and ground; and annotations, what is truly there.
    #[arg(long, value_name = "METRES")]
    imagery: Option<f64>,
    /// Also give the reference layers that production starts from, with the columns and the faults
    /// of real ones: BD TOPO, BD Forêt, RPG and Fichiers fonciers of each date, in `sources`.
    #[arg(long)]
    sources: bool,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let twin = Twin {
        km2: flags.km2,
        seed: flags.seed,
        years: flags.years,
        landscape: match flags.landscape {
            LandscapeFlag::Inland => Landscape::Inland,
            LandscapeFlag::Shore => Landscape::Shore,
            LandscapeFlag::Mountain => Landscape::Mountain,
        },
        is_observed: flags.observed,
        imagery: flags.imagery,
        has_sources: flags.sources,
    };
    let start = Instant::now();
    let summary = twin.write(&flags.dir, &Bar::new())?;
    let mut out = std::io::stdout().lock();
    let vintages = twin.years.iter().zip(&summary.objects);
    let vintages: Vec<String> = vintages
        .map(|(y, n)| format!("{n} objects in {y}"))
        .collect();
    let observed = summary.right_share.map_or(String::new(), |share| {
        format!(
            "; observed, {:.1} % of the ground bears its true class",
            100.0 * share
        )
    });
    super::printed(writeln!(
        out,
        "{} communes; {}{observed}; {:.1} s; in {}",
        summary.communes,
        vintages.join(", "),
        start.elapsed().as_secs_f64(),
        flags.dir.display(),
    ))?;
    Ok(Outcome::Done)
}

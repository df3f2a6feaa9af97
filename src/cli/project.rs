//! `millesime project`.

use std::path::PathBuf;

use clap::Args;
use millesime::align::PUBLISHED;
use millesime::error::Result;
use millesime::map;

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    /// Folder of the outputs of a run.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// Series of the changes: published, revised or aligned, where the run made it.
    #[arg(long, default_value = PUBLISHED)]
    series: String,
    /// Folder of a vintage that `millesime produce --keep-stages` wrote: its stages are shown too.
    #[arg(long, value_name = "FOLDER")]
    stages: Vec<PathBuf>,
    /// New folder to write into.
    #[arg(long, default_value = "projet")]
    into: PathBuf,
    /// Folder of tables that take the place of those of the program, as the run was given.
    #[arg(long, value_name = "FOLDER")]
    reference: Option<PathBuf>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let reference = super::reference_of(&flags.out, flags.reference.as_deref())?;
    map::project(
        &flags.out,
        &flags.stages,
        &flags.series,
        &flags.into,
        &reference,
    )?;
    println!("{}", flags.into.join("projet.qgs").display());
    Ok(Outcome::Done)
}

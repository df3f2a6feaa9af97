//! `millesime query`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use millesime::align::PUBLISHED;
use millesime::error::Result;
use millesime::query::{self, Format, Kind, Question};

use super::Outcome;

#[derive(Clone, Copy, ValueEnum)]
enum KindFlag {
    Artificialisation,
    Desartificialisation,
    All,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatFlag {
    Geojson,
    Csv,
    Table,
}

#[derive(Args)]
pub struct Flags {
    /// Folder of the outputs of a run.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// INSEE code of the commune.
    #[arg(long)]
    commune: String,
    /// Series: published, or aligned where the run made it.
    #[arg(long, default_value = PUBLISHED)]
    series: String,
    /// Period, such as 2015-2018; all when not given.
    #[arg(long)]
    period: Option<String>,
    /// Which changes: of status one way or the other, or all changes of code or status.
    #[arg(long, value_enum, default_value = "all")]
    kind: KindFlag,
    /// GeoJSON (WGS 84), CSV, or a table to read.
    #[arg(long, value_enum, default_value = "table")]
    format: FormatFlag,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let question = Question {
        out: flags.out,
        commune: flags.commune,
        series: flags.series,
        period: flags.period,
        kind: match flags.kind {
            KindFlag::Artificialisation => Kind::Artificialisation,
            KindFlag::Desartificialisation => Kind::Desartificialisation,
            KindFlag::All => Kind::All,
        },
    };
    let format = match flags.format {
        FormatFlag::Geojson => Format::GeoJson,
        FormatFlag::Csv => Format::Csv,
        FormatFlag::Table => Format::Table,
    };
    let text = query::answer(&question, format)?;
    super::printed(std::io::stdout().write_all(text.as_bytes()))?;
    Ok(Outcome::Done)
}

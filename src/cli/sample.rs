//! `millesime sample`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use millesime::error::Result;
use millesime::grid::HALF_CM2_PER_M2;
use millesime::sample::{Plan, draw};

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    /// The file of points to write (GeoPackage); it must not be there yet.
    file: PathBuf,
    /// Folder of the outputs of a run.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// Period, such as 2018-2021; needed where the run has several.
    #[arg(long)]
    period: Option<String>,
    /// Series; the aligned one where the run made it, when not given.
    #[arg(long)]
    series: Option<String>,
    /// Number of points, about.
    #[arg(long, default_value_t = 600)]
    count: usize,
    /// What chance follows from: the same seed draws the same points.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let plan = Plan {
        out: flags.out,
        period: flags.period,
        series: flags.series,
        count: flags.count,
        seed: flags.seed,
    };
    let drawn = draw(&plan, &flags.file)?;
    let mut out = std::io::stdout().lock();
    let hectares = |area: i64| area as f64 / HALF_CM2_PER_M2 as f64 / 10_000.0;
    let mut text = format!(
        "{}, {}: half of the points are shared equally among the strata, half by their areas\n",
        drawn.period, drawn.series
    );
    for (kind, (area, count)) in &drawn.strata {
        text += &format!(
            "  {:<18} {:>12.2} ha {count:>6} points\n",
            kind.name(),
            hectares(*area)
        );
    }
    if drawn.unknown > 0 {
        text += &format!(
            "  {:.2} ha of unknown status: no point is drawn there\n",
            hectares(drawn.unknown)
        );
    }
    text += &format!(
        "Write 1 (artificialised) or 0 in the columns seen_before and seen_after of {}, then: \
         millesime evaluate --sample {}\n",
        flags.file.display(),
        flags.file.display()
    );
    super::printed(out.write_all(text.as_bytes()))?;
    Ok(Outcome::Done)
}

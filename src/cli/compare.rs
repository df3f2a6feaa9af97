//! `millesime compare`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use millesime::compare::{Change, Comparison, compare};
use millesime::error::{Error, Result};

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    /// Folder of the outputs of the first run.
    first: PathBuf,
    /// Folder of the outputs of the second.
    second: PathBuf,
    /// Write every figure that moved to this CSV file.
    #[arg(long)]
    csv: Option<PathBuf>,
    /// How many of the largest differences of each table are told.
    #[arg(long, default_value_t = 3)]
    largest: usize,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let found = compare(&flags.first, &flags.second)?;
    if let Some(path) = &flags.csv {
        let failed = |e: csv::Error| Error::unwritable(path, e);
        let mut writer = csv::Writer::from_path(path).map_err(failed)?;
        let header = ["table", "row", "column", "before", "after", "difference"];
        writer.write_record(header).map_err(failed)?;
        for c in &found.changes {
            let record = [
                &c.table,
                &c.row,
                &c.column,
                &c.before,
                &c.after,
                &c.difference,
            ];
            writer.write_record(record).map_err(failed)?;
        }
        writer.flush().map_err(|e| Error::unwritable(path, e))?;
    }
    super::printed(print(&found, flags.largest))?;
    Ok(Outcome::Done)
}

fn print(found: &Comparison, largest: usize) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match found.reasons.as_slice() {
        [] => writeln!(out, "the runs have the same inputs, rules and version")?,
        reasons => {
            writeln!(out, "what the runs do not have in common:")?;
            for reason in reasons {
                writeln!(out, "  {reason}")?;
            }
        }
    }
    for alone in &found.alone {
        writeln!(out, "{alone}")?;
    }
    writeln!(
        out,
        "{} of {} figures moved",
        found.changes.len(),
        found.compared
    )?;
    for changes in found.changes.chunk_by(|a, b| a.table == b.table) {
        writeln!(out, "{}: {}", changes[0].table, changes.len())?;
        let mut sorted: Vec<&Change> = changes.iter().collect();
        let size = |c: &Change| c.difference.parse::<f64>().unwrap_or(0.0).abs();
        sorted.sort_by(|a, b| size(b).total_cmp(&size(a)));
        for c in sorted.into_iter().take(largest) {
            let shown = |text: &str| match text {
                "" => "nothing".to_owned(),
                text => text.to_owned(),
            };
            writeln!(
                out,
                "  {} {}: {} → {} ({})",
                c.row,
                c.column,
                shown(&c.before),
                shown(&c.after),
                c.difference
            )?;
        }
    }
    Ok(())
}

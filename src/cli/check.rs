//! `millesime check`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use millesime::check::{Report, check};
use millesime::error::Result;
use millesime::grid::HALF_CM2_PER_M2;
use millesime::reference::Reference;

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    /// Vintages: OCCUPATION_SOL as GeoPackage, Shapefile or GeoParquet, in any published variant.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Polygons of the ground that each vintage must cover; without it, only enclosed gaps show.
    #[arg(long)]
    frame: Option<PathBuf>,
    /// The layer, when a file has several and none has a usual name.
    #[arg(long)]
    layer: Option<String>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let reference = Reference::load(None)?;
    let mut outcome = Outcome::Done;
    for file in &flags.files {
        let report = check(
            file,
            flags.layer.as_deref(),
            flags.frame.as_deref(),
            &reference,
        )?;
        super::printed(print(&report))?;
        if !report.is_valid() {
            outcome = Outcome::NotValid;
        }
    }
    Ok(outcome)
}

fn print(report: &Report) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let hectares = |area: i64| area as f64 / HALF_CM2_PER_M2 as f64 / 10_000.0;
    writeln!(
        out,
        "{}: {} rows, {} polygons, {:.2} ha covered",
        report.place,
        report.rows,
        report.polygons,
        hectares(report.covered)
    )?;
    for finding in &report.findings {
        let sign = if finding.is_fault { "fault" } else { "note " };
        let area = finding
            .area
            .map_or(String::new(), |a| format!(", {:.2} ha", hectares(a)));
        writeln!(out, "  {sign}  {}: {}{area}", finding.what, finding.count)?;
        for place in &finding.places {
            writeln!(out, "           {place}")?;
        }
        let more = finding.count - (finding.places.len() as u64).min(finding.count);
        if more > 0 && !finding.places.is_empty() {
            writeln!(out, "           … and {more} more")?;
        }
    }
    let verdict = if report.is_valid() {
        "valid"
    } else {
        "not valid"
    };
    writeln!(out, "  → {verdict}")
}

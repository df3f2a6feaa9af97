//! `millesime check`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use millesime::check::{Border, Finding, Report, border, check};
use millesime::error::{Error, Result};
use millesime::grid::HALF_CM2_PER_M2;
use millesime::reference::Reference;

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    /// Vintages: OCCUPATION_SOL as GeoPackage, Shapefile or GeoParquet, in any published variant.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Polygons of the ground that each vintage must cover; without it, only enclosed gaps show.
    #[arg(long, conflicts_with = "border")]
    frame: Option<PathBuf>,
    /// Two vintages that meet, such as those of two départements: is their border the same from both sides, and
    /// do they say the same along it?
    #[arg(long)]
    border: bool,
    /// The layer, when a file has several and none has a usual name.
    #[arg(long)]
    layer: Option<String>,
    /// Folder of tables that take the place of those of the program, for codes of your own.
    #[arg(long, value_name = "FOLDER")]
    reference: Option<PathBuf>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let reference = Reference::load(flags.reference.as_deref())?;
    if flags.border {
        let [first, second] = flags.files.as_slice() else {
            return Err(Error::input(
                "--border",
                format!("{} files", flags.files.len()),
                "give two vintages of one date that meet",
            ));
        };
        let found = border([first, second], flags.layer.as_deref(), &reference)?;
        super::printed(print_border(&found))?;
        return Ok(match found.is_valid() {
            true => Outcome::Done,
            false => Outcome::NotValid,
        });
    }
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

fn hectares(area: i64) -> f64 {
    area as f64 / HALF_CM2_PER_M2 as f64 / 10_000.0
}

fn print_border(border: &Border) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let [first, second] = &border.places;
    if border.length == 0.0 {
        writeln!(out, "{first} and {second} have no border in common")?;
    } else {
        let share = |metres: f64| 100.0 * metres / border.length;
        writeln!(
            out,
            "{first} and {second}: {:.1} km of border; the same cover along {:.1} %, the same use along {:.1} %",
            border.length / 1000.0,
            share(border.same[0]),
            share(border.same[1]),
        )?;
        for (what, metres) in &border.differences {
            writeln!(out, "  {what}: {metres:.0} m")?;
        }
    }
    print_findings(&mut out, &border.findings)?;
    let verdict = match border.is_valid() {
        true => "one border",
        false => "not one border",
    };
    writeln!(out, "  → {verdict}")
}

fn print_findings(out: &mut impl Write, findings: &[Finding]) -> std::io::Result<()> {
    for finding in findings {
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
    Ok(())
}

fn print(report: &Report) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{}: {} rows, {} polygons, {:.2} ha covered",
        report.place,
        report.rows,
        report.polygons,
        hectares(report.covered)
    )?;
    print_findings(&mut out, &report.findings)?;
    let verdict = if report.is_valid() {
        "valid"
    } else {
        "not valid"
    };
    writeln!(out, "  → {verdict}")
}

//! `millesime produce`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use millesime::crs::Crs;
use millesime::error::{Error, Result, suggest};
use millesime::grid::{HALF_CM2_PER_M2, format_m2};
use millesime::produce::{Production, Summary};
use millesime::reference::Reference;
use millesime::territory::Territory;

use super::Outcome;
use super::progress::Bar;

#[derive(Args)]
pub struct Flags {
    /// The territory file.
    territory: PathBuf,
    /// Year of the vintage; all that can be produced when not given.
    #[arg(long)]
    vintage: Option<u16>,
    /// Folder of the vintages, each in a folder of its own.
    #[arg(long, default_value = "produced")]
    out: PathBuf,
    /// Also write every stage: the classification, what each source makes of it, the generalised
    /// vintage.
    #[arg(long)]
    keep_stages: bool,
    /// Number of threads; all cores when not given. The outputs do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    if let Some(threads) = flags.threads {
        super::run::set_threads(threads)?;
    }
    let territory = Territory::read(&flags.territory)?;
    let place = flags.territory.display().to_string();
    let reference = Reference::load(territory.run.reference.as_deref())?;
    let crs = Crs::parse(&territory.crs, &place)?;
    let wanted = territory.vintages.iter().filter(|v| {
        let is_wanted = flags.vintage.is_none_or(|year| year == v.year);
        is_wanted && !v.classes.is_empty()
    });
    let mut is_any = false;
    for vintage in wanted {
        is_any = true;
        let production = Production {
            territory: &territory,
            vintage,
            sources: territory.production_of(vintage).unwrap_or_default(),
            keeps_stages: flags.keep_stages,
        };
        let start = Instant::now();
        std::fs::create_dir_all(&flags.out).map_err(|e| Error::unwritable(&flags.out, e))?;
        let out = flags.out.join(production.folder());
        let summary = production.produce(&out, &crs, &reference, &Bar::new())?;
        super::printed(print(&summary, vintage.year, start.elapsed().as_secs_f64()))?;
    }
    if !is_any {
        let years: Vec<String> = territory
            .vintages
            .iter()
            .map(|v| v.year.to_string())
            .collect();
        let asked = flags
            .vintage
            .map_or(String::new(), |year| format!(" {year}"));
        return Err(Error::input(
            place,
            format!("has no vintage{asked} given by `classes`"),
            suggest(&asked, years.iter().map(String::as_str)),
        ));
    }
    Ok(Outcome::Done)
}

fn print(summary: &Summary, year: u16, seconds: f64) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let quality = &summary.quality;
    let memory = millesime::memory::peak();
    let memory = memory.map_or(String::new(), |mib| format!(", {mib} MiB at most"));
    writeln!(
        out,
        "{year}: {} objects, {:.2} ha; {seconds:.1} s{memory}; in {}",
        quality.objects,
        quality.area as f64 / HALF_CM2_PER_M2 as f64 / 10_000.0,
        summary.out.display(),
    )?;
    let phases = summary.seconds.iter();
    let phases: Vec<String> = phases.map(|(name, s)| format!("{name} {s:.1} s")).collect();
    writeln!(
        out,
        "  {} faces before generalisation; {}",
        summary.faces,
        phases.join(", ")
    )?;
    if let Some(defect) = &quality.defect {
        writeln!(out, "  the partition is not valid: {defect}")?;
    }
    if quality.too_small() > 0 {
        let count = quality.too_small();
        writeln!(
            out,
            "  {count} objects are below their minimum unit without a reason"
        )?;
    }
    if quality.gap() > 0 {
        writeln!(
            out,
            "  {} m² of its communes are not told of, or beyond the imagery",
            format_m2(quality.gap())
        )?;
    }
    for report in &summary.sources {
        let taken: u64 = report.taken.values().sum();
        write!(
            out,
            "  {}: {taken} of {} objects taken",
            report.place, report.rows
        )?;
        if report.elsewhere > 0 {
            write!(out, ", {} elsewhere", report.elsewhere)?;
        }
        if report.left_out > 0 {
            write!(out, ", {} left out by rule", report.left_out)?;
        }
        if report.without_width > 0 {
            write!(out, ", {} without width", report.without_width)?;
        }
        if report.duplicates > 0 {
            write!(out, ", {} given twice", report.duplicates)?;
        }
        if report.repairs.null_geometries > 0 {
            let count = report.repairs.null_geometries;
            write!(out, ", {count} without geometry")?;
        }
        if report.points > 0 {
            write!(out, ", {} points", report.points)?;
        }
        if !report.missing_columns.is_empty() {
            write!(
                out,
                ", without the columns {}",
                report.missing_columns.join(", ")
            )?;
        }
        if !report.unknown.is_empty() {
            let unknown: u64 = report.unknown.values().sum();
            let first = report.unknown.keys().next().map_or("", String::as_str);
            let first = if first.is_empty() {
                "nothing told"
            } else {
                first
            };
            write!(out, ", {unknown} that no rule knows ({first}…)")?;
        }
        writeln!(out)?;
    }
    if !summary.missing.is_empty() {
        writeln!(
            out,
            "  without {}: what it would tell comes from what is seen, or is unknown",
            summary.missing.join(", ")
        )?;
    }
    Ok(())
}

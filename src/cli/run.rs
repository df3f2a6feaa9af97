//! `millesime run`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use millesime::error::{Error, Result};
use millesime::grid::{HALF_CM2_PER_M2, format_m2};
use millesime::run::{Summary, run};
use millesime::territory::EXAMPLE;

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    /// The territory file.
    #[arg(required_unless_present = "example")]
    territory: Option<PathBuf>,
    /// Folder of the outputs; made, or replaced if it is that of an earlier run.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// Number of threads; all cores when not given. The outputs do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Print a commented territory file, and do nothing else.
    #[arg(long)]
    example: bool,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let Some(territory) = flags.territory.filter(|_| !flags.example) else {
        return std::io::stdout()
            .write_all(EXAMPLE.as_bytes())
            .map(|()| Outcome::Done)
            .map_err(super::unprintable);
    };
    if let Some(threads) = flags.threads {
        set_threads(threads)?;
    }
    let start = Instant::now();
    let is_terminal = std::io::stderr().is_terminal();
    let progress = |phase: &str| {
        if is_terminal {
            eprintln!("[{:7.1} s] {phase}", start.elapsed().as_secs_f64());
        }
    };
    let summary = run(&territory, &flags.out, &progress)?;
    print_summary(&summary, start.elapsed().as_secs_f64()).map_err(super::unprintable)?;
    Ok(Outcome::Done)
}

/// Our threads and those of Polars, which reads its number once, from the environment.
fn set_threads(threads: u16) -> Result<()> {
    // SAFETY: this is the main thread, before any other is started.
    unsafe { std::env::set_var("POLARS_MAX_THREADS", threads.to_string()) };
    rayon::ThreadPoolBuilder::new()
        .num_threads(usize::from(threads))
        .build_global()
        .map_err(|e| Error::Internal(format!("threads: {e}")))
}

fn print_summary(summary: &Summary, seconds: f64) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let ground = &summary.ground;
    let hectares = |half_cm2: i64| half_cm2 as f64 / HALF_CM2_PER_M2 as f64 / 10_000.0;
    writeln!(
        out,
        "{} communes, {} faces",
        ground.communes.len(),
        ground.report.faces
    )?;
    for vintage in &ground.vintages {
        let laid = &vintage.laid;
        let where_ = vintage
            .departement
            .as_deref()
            .map_or(String::new(), |d| format!(" ({d})"));
        writeln!(
            out,
            "{}{where_}: {} m² covered; overlaps {} m², gaps {} m²; {} rows, {} without geometry, {} without a code",
            vintage.year,
            laid.covered_m2,
            laid.overlaps_m2,
            laid.gaps_m2,
            vintage.report.rows,
            vintage.report.repairs.null_geometries,
            vintage.report.null_codes,
        )?;
    }
    for ledger in &summary.ledgers {
        let sum = |before: Option<bool>, after: Option<bool>| -> i64 {
            let keep = |r: &&millesime::ledger::Row| {
                r.key.before.last == before && r.key.after.last == after
            };
            ledger.rows.iter().filter(keep).map(|r| r.area).sum()
        };
        let (gained, lost) = (sum(Some(false), Some(true)), sum(Some(true), Some(false)));
        writeln!(
            out,
            "{}-{}, département {}: artificialised {:.2} ha, désartificialised {:.2} ha, net {:.2} ha ({} m²)",
            ledger.years.0,
            ledger.years.1,
            ledger.departement,
            hectares(gained),
            hectares(lost),
            hectares(gained - lost),
            format_m2(gained - lost),
        )?;
    }
    let memory = peak_memory().map_or(String::new(), |mib| format!(", {mib} MiB at most"));
    writeln!(
        out,
        "{seconds:.1} s{memory}; results in {}",
        summary.out.display()
    )
}

/// Most memory held so far, in MiB, where the system tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

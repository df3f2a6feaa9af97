//! `millesime dataset`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use millesime::dataset::{self, EXAMPLE, Summary};
use millesime::error::{Error, Result};
use millesime::reference::Reference;

use super::Outcome;
use super::progress::Bar;

#[derive(Args)]
pub struct Flags {
    /// The file that says what the dataset is made from.
    #[arg(required_unless_present = "example")]
    description: Option<PathBuf>,
    /// Folder of the dataset; new or empty.
    #[arg(long, required_unless_present = "example")]
    out: Option<PathBuf>,
    /// Print a commented file.
    #[arg(long)]
    example: bool,
    /// Folder of tables that replace those of `reference/`.
    #[arg(long)]
    reference: Option<PathBuf>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let mut stdout = std::io::stdout().lock();
    if flags.example {
        super::printed(write!(stdout, "{EXAMPLE}"))?;
        return Ok(Outcome::Done);
    }
    let (Some(description), Some(out)) = (flags.description, flags.out) else {
        return Err(Error::Internal("clap asks for both".to_owned()));
    };
    let reference = Reference::load(flags.reference.as_deref())?;
    let summary = dataset::make(&description, &out, &reference, &Bar::new())?;
    super::printed(print(&mut stdout, &summary))?;
    Ok(Outcome::Done)
}

fn print(out: &mut impl Write, summary: &Summary) -> std::io::Result<()> {
    let patches = summary
        .patches
        .map(|(name, count)| format!("{count} {name}"));
    writeln!(
        out,
        "patches: {}; {} squares left out; {} zones",
        patches.join(", "),
        summary.left_out,
        summary.zones
    )?;
    for (domain, drawn) in &summary.drawn {
        let read = &drawn.read;
        let nothing = read.null_geometries + read.not_polygons + read.collapsed_rings;
        if nothing > 0 {
            writeln!(
                out,
                "{domain}: {nothing} rows or parts have no ground (no geometry, points, lines, collapsed rings)"
            )?;
        }
        if let Some(disputed) = &drawn.disputed {
            let (x, y) = disputed.largest_at;
            writeln!(
                out,
                "{domain}: {} m² lie under polygons of several classes, and count as not annotated (the largest piece \
                 at {x:.2},{y:.2})",
                disputed.area_m2
            )?;
        }
    }
    let totals: [u64; 3] =
        std::array::from_fn(|n| summary.classes.iter().map(|(_, _, pixels)| pixels[n]).sum());
    writeln!(
        out,
        "{:>4} {:<24} {:>8} {:>8} {:>8}",
        "", "", "train %", "val %", "test %"
    )?;
    for (code, label, pixels) in &summary.classes {
        let share = |n: usize| 100.0 * pixels[n] as f64 / totals[n].max(1) as f64;
        writeln!(
            out,
            "{code:>4} {label:<24} {:>8.2} {:>8.2} {:>8.2}",
            share(0),
            share(1),
            share(2)
        )?;
    }
    Ok(())
}

//! `millesime model`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use millesime::error::Result;
use millesime::predict::{Device, Found, Graph, Model, Port};
use millesime::reference::Reference;

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What a model expects, what it gives, and what is missing from its card.
    Inspect(Inspect),
}

#[derive(Args)]
struct Inspect {
    /// The model, an ONNX file.
    model: PathBuf,
    /// Its card; else the TOML file beside it, or what the model says itself.
    #[arg(long)]
    card: Option<PathBuf>,
    /// Folder of tables that replace those of `reference/`.
    #[arg(long)]
    reference: Option<PathBuf>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let Command::Inspect(flags) = flags.command;
    let reference = Reference::load(flags.reference.as_deref())?;
    let graph = Graph::load(&flags.model, Device::Cpu, 1)?;
    let found = Found::read(&flags.model, flags.card.as_deref(), |key| {
        graph.metadata(key)
    })?;
    let missing = found.missing();
    let about = |title: &str, ports: &[Port]| -> String {
        let shown = ports.iter().map(|port| {
            let side = |side: &Option<usize>| side.map_or("any".to_owned(), |n| n.to_string());
            let shape: Vec<String> = port.shape.iter().map(side).collect();
            format!(
                "{title} {}: {} [{}]\n",
                port.name,
                port.kind,
                shape.join(", ")
            )
        });
        shown.collect()
    };
    let graph_text = about("takes", &graph.inputs()) + &about("gives", &graph.outputs());
    let mut out = std::io::stdout().lock();
    super::printed(write!(
        out,
        "{graph_text}\ncard ({}):\n{}\n",
        found.place,
        found.text()
    ))?;
    if !missing.is_empty() {
        super::printed(writeln!(
            out,
            "missing from the card: {}\n  → add them to {}; docs/models.md explains each key",
            missing.join(", "),
            flags.model.with_extension("toml").display()
        ))?;
        return Ok(Outcome::NotValid);
    }
    // A trial on nothing shows whether graph and card agree.
    let card = flags.card.as_deref();
    let model = Model::load(&flags.model, card, None, &reference, (Device::Cpu, 1))?;
    let classes = model.card.classes(&reference, &found.place)?;
    let active = model.card.active();
    for (&code, is_active) in model.card.output.channels.iter().zip(active) {
        let label = classes
            .get(code)
            .map_or("", |class| class.label_fr.as_str());
        let note = if is_active { "" } else { " (never found)" };
        super::printed(writeln!(out, "class {code:>3}  {label}{note}"))?;
    }
    super::printed(writeln!(
        out,
        "windows of {} pixels give {}; graph and card agree",
        model.side, model.side_out
    ))?;
    Ok(Outcome::Done)
}

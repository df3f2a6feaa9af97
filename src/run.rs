//! The whole job: a territory in; ledger, tables and layers out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::align::{self, ExemptedLayer, Ground};
use crate::communes;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::indicators::{self, Table};
use crate::ledger::{self, Ledger, PeriodFaces, Stock};
use crate::progress::Progress;
use crate::publish::{self, Staging};
use crate::reference::Reference;
use crate::territory::{self, Territory};
use crate::vector::{Layer, Opening};
use crate::vintage::{self, Intake, Vintage, read_changes, read_classes, read_product};

/// What a run did, for people.
pub struct Summary {
    /// Where the outputs are.
    pub out: PathBuf,
    /// The ground.
    pub ground: Ground,
    /// The stock of every vintage.
    pub stocks: Vec<Stock>,
    /// The accounts.
    pub ledgers: Vec<Ledger>,
    /// The tables.
    pub tables: Vec<Table>,
    /// Seconds of each phase.
    pub timings: Vec<(&'static str, f64)>,
}

/// Runs the territory file at `path` and writes the folder `out`.
pub fn run(path: &Path, out: &Path, progress: &dyn Progress) -> Result<Summary> {
    let territory = Territory::read(path)?;
    let reference = Reference::load(territory.run.reference.as_deref())?;
    let crs = Crs::parse(&territory.crs, &path.display().to_string())?;
    let rows = check_files(&territory, &reference)?;
    let staging = Staging::new(out)?;
    let mut clock = Clock::new(progress);

    clock.phase("reading", Some(rows));
    let communes = territory
        .communes
        .as_ref()
        .map(|c| communes::read(c, &crs))
        .transpose()?;
    let commune_repairs = communes.as_ref().map(|c| c.repairs.clone());
    let vintages = read_vintages(&territory, &crs, &reference, progress)?;
    let exempted = read_exemptions(&territory, &crs)?;

    clock.phase("one partition", None);
    let overlap = reference.parameter("commune_overlap_maximum")?;
    let ground = align::lay(communes, vintages, exempted, overlap)?;

    clock.phase("status", None);
    let decided = ledger::decide(&ground, &reference, territory.decree.forcing)?;

    clock.phase("account", None);
    let stocks = ledger::stocks(&ground, &decided);
    let mut ledgers = Vec::new();
    for period in ledger::periods(&ground, &territory.run.periods) {
        let faces = PeriodFaces::new(&ground, &decided, &reference, period);
        let ledger = ledger::account(&ground, &faces);
        let (before, after) = faces.years;
        let folder = format!("period={before}-{after}/departement={}", faces.departement);
        let path = staging.path(format!("faces/{folder}/faces.parquet"))?;
        publish::faces(&path, &ground, &faces, &reference, &crs)?;
        let path = staging.path(format!("ledger/{folder}/ledger.parquet"))?;
        publish::ledger(&path, &ledger, &reference)?;
        ledgers.push(ledger);
    }

    clock.phase("tables", None);
    let tables = indicators::compute(&ledgers, &stocks, &ground.communes, &reference)?;
    for table in &tables {
        let csv = staging.path(format!("tables/{}.csv", table.name))?;
        let parquet = staging.path(format!("tables/{}.parquet", table.name))?;
        publish::table(&csv, &parquet, &table.frame)?;
    }

    clock.phase("vintages", None);
    for (d, departement) in ground.departements.iter().enumerate() {
        for (v, vintage) in ground.vintages.iter().enumerate() {
            if vintage
                .departement
                .as_deref()
                .is_some_and(|own| own != &**departement)
            {
                continue;
            }
            let folder = format!(
                "vintages/vintage={}/departement={departement}",
                vintage.year
            );
            let path = staging.path(format!("{folder}/occupation_sol.parquet"))?;
            publish::vintage(&path, &ground, (v, d), &decided[v], &reference, &crs)?;
            if vintage.zone.is_some() {
                let path = staging.path(format!("{folder}/zone_construite.parquet"))?;
                publish::zone_construite(&path, &ground, vintage, d, &crs)?;
            }
        }
    }

    clock.phase("manifest", None);
    let inputs = inputs(path, &territory)?;
    let timings = clock.finish();
    let manifest = json!({
        "program": "millesime",
        "version": env!("CARGO_PKG_VERSION"),
        "territory": territory.name,
        "crs": { "given": territory.crs, "name": crs.name() },
        "series": [ledger::PUBLISHED],
        "align": "none",
        "forcing": territory.decree.forcing,
        "inputs": inputs,
        "parameters": parameters(&reference),
        "reference_folder": territory.run.reference,
        "communes": {
            "count": ground.communes.len(),
            "cog": territory.communes.as_ref().and_then(|c| c.cog),
            "repairs": commune_repairs,
        },
        "vintages": ground.vintages.iter().map(|v| json!({
            "year": v.year,
            "departement": v.departement,
            "generation": generation(&territory, v.year),
            "is_state": v.is_state,
            "read": v.report,
            "laid": v.laid,
        })).collect::<Vec<_>>(),
        "partition": ground.report,
        "threads": rayon::current_num_threads(),
        "seconds": timings.iter().cloned().collect::<BTreeMap<_, _>>(),
    });
    let path = staging.path("manifest.json")?;
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|e| Error::Internal(format!("manifest: {e}")))?;
    std::fs::write(&path, text + "\n").map_err(|e| Error::unwritable(&path, e))?;
    staging.finish()?;
    Ok(Summary {
        out: out.to_owned(),
        ground,
        stocks,
        ledgers,
        tables,
        timings,
    })
}

/// Seconds of each phase.
struct Clock<'a> {
    progress: &'a dyn Progress,
    phases: Vec<(&'static str, Instant)>,
}

impl<'a> Clock<'a> {
    fn new(progress: &'a dyn Progress) -> Self {
        Self {
            progress,
            phases: Vec::new(),
        }
    }

    fn phase(&mut self, name: &'static str, steps: Option<u64>) {
        self.progress.phase(name, steps);
        self.phases.push((name, Instant::now()));
    }

    fn finish(self) -> Vec<(&'static str, f64)> {
        let ends = self
            .phases
            .iter()
            .skip(1)
            .map(|(_, at)| *at)
            .chain([Instant::now()]);
        self.phases
            .iter()
            .zip(ends)
            .map(|((name, start), end)| (*name, (end - *start).as_secs_f64()))
            .collect()
    }
}

/// Reads all vintages, each on a thread and with a GDAL dataset of its own.
fn read_vintages(
    territory: &Territory,
    crs: &Crs,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<Vec<Vintage>> {
    let mut vintages: Vec<Vintage> = territory
        .vintages
        .par_iter()
        .map(|vintage| match vintage.product {
            Some(_) => read_product(vintage, crs, reference, progress),
            None => read_classes(vintage, crs, reference),
        })
        .collect::<Result<_>>()?;
    // Layers between the same years are two halves of one comparison.
    let mut groups: BTreeMap<(u16, u16, Option<&str>), Vec<&territory::Changes>> = BTreeMap::new();
    for changes in &territory.changes {
        let key = (changes.from, changes.to, changes.departement.as_deref());
        groups.entry(key).or_default().push(changes);
    }
    for layers in groups.into_values() {
        vintages.extend(read_changes(&layers, crs, reference, progress)?);
    }
    Ok(vintages)
}

fn read_exemptions(territory: &Territory, crs: &Crs) -> Result<Vec<ExemptedLayer>> {
    territory
        .exemptions
        .iter()
        .map(|exemption| {
            let opening = Opening {
                layer: exemption.layer.as_deref(),
                ..Opening::default()
            };
            let mut layer = Layer::open(&exemption.path, opening)?;
            let mut intake = Intake::new(&layer, exemption.crs.as_deref(), crs)?;
            layer.scan(&[], |row| intake.add(row.number, row.geometry).map(drop))?;
            Ok(ExemptedLayer {
                from: exemption.from.unwrap_or(0),
                builder: intake.finish()?.builder,
            })
        })
        .collect()
}

/// Refuses missing files, layers and columns before any work starts; the number of rows to read.
fn check_files(territory: &Territory, reference: &Reference) -> Result<u64> {
    let mut rows = 0;
    if let Some(communes) = &territory.communes {
        communes::require(communes)?;
    }
    for vintage in &territory.vintages {
        rows += vintage::require(vintage, reference)?;
    }
    for changes in &territory.changes {
        rows += vintage::require_changes(changes)?;
    }
    for exemption in &territory.exemptions {
        let opening = Opening {
            layer: exemption.layer.as_deref(),
            ..Opening::default()
        };
        Layer::open(&exemption.path, opening)?;
    }
    Ok(rows)
}

#[derive(Serialize)]
struct Input {
    path: String,
    bytes: u64,
    sha256: String,
}

/// Every input file with its hash.
fn inputs(path: &Path, territory: &Territory) -> Result<Vec<Input>> {
    let mut paths = vec![path.to_owned()];
    paths.extend(territory.communes.iter().map(|c| c.path.clone()));
    paths.extend(territory.changes.iter().map(|c| c.path.clone()));
    paths.extend(territory.exemptions.iter().map(|e| e.path.clone()));
    for vintage in &territory.vintages {
        paths.extend(vintage.product.clone());
        paths.extend(vintage.zone_construite.clone());
        for pattern in &vintage.classes {
            let found = glob::glob(pattern).map_err(|e| Error::input(pattern, e, "mend it"))?;
            paths.extend(found.filter_map(std::result::Result::ok));
        }
    }
    // A Shapefile is several files.
    let is_shapefile = |p: &&PathBuf| p.extension().is_some_and(|e| e.eq_ignore_ascii_case("shp"));
    let others: Vec<PathBuf> = paths
        .iter()
        .filter(is_shapefile)
        .flat_map(|p| ["shx", "dbf", "prj", "cpg"].map(|e| p.with_extension(e)))
        .collect();
    paths.extend(others);
    paths.retain(|p| p.is_file());
    paths.sort();
    paths.dedup();
    paths
        .par_iter()
        .map(|path| {
            let mut file = std::fs::File::open(path).map_err(|e| Error::unreadable(path, e))?;
            let mut hash = Sha256::new();
            let bytes =
                std::io::copy(&mut file, &mut hash).map_err(|e| Error::unreadable(path, e))?;
            let sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
            Ok(Input {
                path: path.display().to_string(),
                bytes,
                sha256,
            })
        })
        .collect()
}

fn parameters(reference: &Reference) -> Vec<serde_json::Value> {
    let parameter = |p: &crate::reference::Parameter| {
        json!({
            "name": p.name, "value": p.value, "unit": p.unit, "meaning": p.meaning,
            "source": p.source, "tag": p.tag,
        })
    };
    reference.parameters().iter().map(parameter).collect()
}

fn generation(territory: &Territory, year: u16) -> Option<&str> {
    let vintage = territory.vintages.iter().find(|v| v.year == year)?;
    vintage.generation.as_deref()
}

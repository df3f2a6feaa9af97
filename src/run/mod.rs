//! The whole job: a territory in; ledger, tables and layers out.

mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;

use crate::align::{self, Beside, Evidence, ExemptedLayer, Ground, RevisionReport, Series};
use crate::archive;
use crate::communes::{self, Commune};
use crate::corrections::{self, Corrections};
use crate::crossings;
use crate::crs::Crs;
use crate::enaf;
use crate::error::{Error, Result};
use crate::grid::{HALF_CM2_PER_M2, format_m2};
use crate::indicators::Parts;
use crate::ledger::{self, Ledger, PeriodFaces, Stock, VintageStatus};
use crate::levels;
use crate::predict::{self, Prediction};
use crate::produce::{self, Production};
use crate::progress::{Clock, Progress};
use crate::publish::{self, Staging};
use crate::reference::Reference;
use crate::territory::{self, AlignMode, ExemptionKind, Territory};
use crate::vector::{Layer, Opening};
use crate::vintage::{self, Intake};

/// What a run did, for people.
pub struct Summary {
    /// Where the outputs are.
    pub out: PathBuf,
    /// The ground, where the territory file says anything of it.
    pub ground: Option<Ground>,
    /// The stock of every vintage.
    pub stocks: Vec<Stock>,
    /// The years of states, and whether their status is their producer's.
    pub own_status: Vec<(u16, bool)>,
    /// The accounts.
    pub ledgers: Vec<Ledger>,
    /// What corrections did, where there are any.
    pub revision: Option<RevisionReport>,
    /// What was read of the consumption of ENAF, where there is a table of it.
    pub enaf: Option<enaf::Report>,
}

/// Runs the territory file at `path` and writes the folder `out`.
pub fn run(path: &Path, out: &Path, progress: &dyn Progress) -> Result<Summary> {
    run_with(path, out, None, progress)
}

/// The same, with the indicators of a folder instead of those that the territory file names.
pub fn run_with(
    path: &Path,
    out: &Path,
    indicators: Option<&Path>,
    progress: &dyn Progress,
) -> Result<Summary> {
    let mut territory = Territory::read(path)?;
    if let Some(folder) = indicators {
        territory.run.indicators = Some(folder.to_owned());
    }
    let reference = Reference::load(territory.run.reference.as_deref())?;
    let crs = Crs::parse(&territory.crs, &path.display().to_string())?;
    tables::require_tables(&territory, &reference)?;
    if !territory.has_ground() {
        return tables::tables_alone(path, &territory, &crs, out, &reference, progress);
    }
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    archive::unpack_all(
        &mut territory,
        &out.with_file_name(format!("{name}.archives")),
    )?;
    let predictions = predictions(&territory, out);
    let rows = check_files(&territory, &predictions, &crs, &reference)?;
    let staging = Staging::new(out)?.separated_by(territory.run.separator.sign());
    let align_mode = territory.align_mode();
    let has_product = territory.vintages.iter().any(|v| v.product.is_some());
    let predicted = predict_all(&mut territory, &predictions, &reference, progress)?;
    let produced = produce_all(&mut territory, out, &crs, &reference, progress)?;
    let clock = Clock::new(progress);

    clock.phase("reading", Some(rows));
    let communes = territory
        .communes
        .as_ref()
        .map(|c| communes::read(c, &crs))
        .transpose()?;
    let commune_repairs = communes.as_ref().map(|c| c.repairs.clone());
    let mut vintages = vintage::read_all(&territory, &crs, &reference, progress)?;
    align::order(&mut vintages);
    let (exempted, exemptions) = read_exemptions(&territory, &crs, &reference)?;
    let mut corrections = Corrections::default();
    for file in &territory.corrections {
        let is_of_run = |year| territory.vintages.iter().any(|v| v.year == year);
        corrections.read(file, &crs, &reference, &is_of_run)?;
    }

    let overlap = reference.parameter("commune_overlap_maximum")?;
    let zones = territory.crossings.iter();
    let zones = zones.map(|from| crossings::read(from, &crs));
    let official = territory.official.iter();
    let official = official.map(|from| crossings::read_official(from, &crs, &reference));
    let crossings = zones.chain(official).collect::<Result<Vec<_>>>()?;
    let mut crossing_reports: Vec<crossings::Report> =
        crossings.iter().map(|layer| layer.report.clone()).collect();
    let beside = Beside {
        exempted,
        crossings,
        corrections: std::mem::take(&mut corrections.builder),
    };
    let is_aligned = align_mode == AlignMode::ChangeFirst;
    let mut shifts = Vec::new();
    if is_aligned {
        clock.phase("displacement", None);
        shifts = align::shifts(&vintages, &reference)?;
    }
    clock.phase("one partition", None);
    let (mut ground, mut base, mut placed) =
        align::lay(communes, vintages, &shifts, beside, overlap)?;

    clock.phase("evidence", None);
    let evidence = Evidence::read(&ground, &base, &territory.vintages, &crs, &reference)?;
    ground.evidence = evidence;

    let mut series = Vec::new();
    let mut revision = None;
    if !territory.corrections.is_empty() {
        clock.phase("corrections", None);
        let (revised, report) = align::revise(&mut ground, &base, &corrections);
        series.push(std::mem::replace(&mut base, revised));
        if is_aligned {
            (placed, _) = align::revise(&mut ground, &placed, &corrections);
        }
        revision = Some(report);
    }
    let mut steps = Vec::new();
    let mut aligned = None;
    if is_aligned {
        clock.phase("alignment", None);
        let (found, reports) = align::change_first(&ground, &base, &placed, &reference)?;
        (aligned, steps) = (Some(found), reports);
    }
    series.push(base);
    series.extend(aligned);

    clock.phase("status", None);
    let decide = |series: Series| {
        let decided = ledger::decide(&ground, &series, &reference, territory.decree)?;
        Ok((series, decided))
    };
    let series = series
        .into_iter()
        .map(decide)
        .collect::<Result<Vec<Decided>>>()?;

    let writer = Writer {
        staging: &staging,
        ground: &ground,
        series: &series,
        reference: &reference,
        crs: &crs,
        has_layers: !territory.run.tables_alone,
    };
    clock.phase("account and layers", None);
    let stocks: Vec<Stock> = series
        .iter()
        .flat_map(|(series, decided)| ledger::stocks(&ground, series, decided))
        .collect();
    let periods = ledger::periods(&ground, &territory.run.periods);
    require_periods(&territory, &ground, &periods)?;
    require_official(&territory, &ground, &periods)?;
    let (mut crossed_stocks, mut crossed_ledger) = (Vec::new(), Vec::new());
    for (series, decided) in &series {
        let of = (&ground, series, &decided[..]);
        crossed_stocks.extend(ledger::crossed_stocks(of, &reference)?);
        crossed_ledger.extend(ledger::crossed_periods(of, &reference, &periods)?);
    }
    for (n, report) in crossing_reports.iter_mut().enumerate() {
        if ground.crossings[n].period.is_some() {
            report.in_no_account_m2 = Some(format_m2(ledger::in_no_account(
                &ground,
                n,
                &crossed_ledger,
            )));
        }
    }
    let alone = ledger::alone(&ground);
    // Files of faces are few and long: vintages are written beside them.
    let (accounts, layers) = rayon::join(
        || {
            let accounts = periods.into_par_iter().map(|period| writer.period(period));
            accounts.collect::<Result<Vec<Vec<Ledger>>>>()
        },
        || {
            if !writer.has_layers {
                return Ok(());
            }
            let faces = alone.par_iter();
            faces.try_for_each(|&place| writer.faces(place).map(drop))?;
            let places = ledger::places(&ground).into_par_iter();
            places.try_for_each(|place| writer.vintage(place))
        },
    );
    layers?;
    let ledgers: Vec<Ledger> = accounts?.into_iter().flatten().collect();
    let named = |name| series.iter().find(|(s, _): &&Decided| s.name == name);
    let judged = match series.as_slice() {
        [.., (base, decided), (aligned, _)] if aligned.name == align::ALIGNED => {
            ledger::judged(&ground, (base, decided), aligned, &reference)
        }
        _ => Vec::new(),
    };
    let revised = match (named(align::PUBLISHED), named(align::REVISED)) {
        (Some((published, before)), Some((revised, after))) => {
            ledger::revised(&ground, (published, before), (revised, after))
        }
        _ => Vec::new(),
    };

    let returned = named(align::ALIGNED)
        .map(|(aligned, _)| ledger::returned(&ground, aligned, &reference))
        .unwrap_or_default();

    // The first series is that of the vintages as they are published.
    let canopy = match series.first() {
        Some((published, _)) => {
            ledger::canopy(&ground, published, &territory.vintages, &crs, &reference)?
        }
        None => Vec::new(),
    };

    clock.phase("tables", None);
    let areas = ledger::commune_areas(&ground);
    let known: &[Commune] = match &territory.communes {
        Some(_) => &ground.communes,
        None => &[],
    };
    let consumption = tables::consumption(&territory, known, &areas)?;
    let levels = levels::read(&territory, &ground.communes, &reference)?;
    let parts = Parts {
        ledgers: &ledgers,
        stocks: &stocks,
        judged: &judged,
        revised: &revised,
        returned: &returned,
        crossed_stocks: &crossed_stocks,
        crossed_ledger: &crossed_ledger,
        ground: Some(&ground),
        canopy: &canopy,
        ..Parts::of(&ground.communes, &areas, &levels)
    };
    let told = tables::write_tables(&staging, &territory, parts, consumption, &crs, &reference)?;

    clock.phase("manifest", None);
    let licence = territory.licence.as_deref();
    publish::collection(&staging, &territory.name, licence, &ground, &crs)?;
    let inputs = inputs(path, &territory)?;
    let timings = clock.finish();
    let manifest = json!({
        "program": publish::PROGRAM,
        "version": env!("CARGO_PKG_VERSION"),
        "territory": territory.name,
        "crs": { "given": territory.crs, "name": crs.name() },
        "series": series.iter().map(|(s, _)| json!({
            "name": s.name, "label": label(has_product, s),
        })).collect::<Vec<_>>(),
        "corrections": revision.as_ref().map(|report| json!({
            "read": corrections.reports, "applied": report,
        })),
        "align": {
            "mode": align_mode, "shifts": shifts, "steps": steps, "evidence": ground.evidence.report,
        },
        "forcing": territory.decree.forcing,
        "status": territory.decree.status,
        "licence": territory.licence,
        "inputs": inputs,
        "parameters": parameters(&reference),
        "reference_folder": territory.run.reference,
        "exemptions": exemptions,
        "crossings": crossing_reports,
        "communes": {
            "count": ground.communes.len(),
            "cog": territory.communes.as_ref().and_then(|c| c.cog),
            "repairs": commune_repairs,
        },
        "levels": { "names": levels.names(), "communes_without": levels.missing },
        "enaf": told.enaf,
        "population": told.population,
        "ministry": told.ministry,
        "vintages": ground.vintages.iter().map(|v| json!({
            "year": v.year,
            "departement": v.departement,
            "generation": generation(&territory, v.year, v.departement.as_deref()),
            "is_state": v.is_state,
            "read": v.report,
            "laid": v.laid,
        })).collect::<Vec<_>>(),
        "faces": ledgers
            .iter()
            .filter(|_| writer.has_layers)
            .map(|l| (l.years, l.departement.to_string()))
            .chain(alone.iter().filter(|_| writer.has_layers).map(|&(d, v, _)| {
                let year = ground.vintages[v].year;
                ((year, year), ground.departements[d].to_string())
            }))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|((before, after), departement)| json!({
                "period": format!("{before}-{after}"), "departement": departement,
            }))
            .collect::<Vec<_>>(),
        "predictions": predicted,
        "productions": produced,
        "accuracy": crate::sample::NOT_MEASURED,
        "partition": ground.report,
        "threads": rayon::current_num_threads(),
        "seconds": timings,
    });
    write_manifest(&staging, &manifest)?;
    staging.finish()?;
    let is_followed = territory.decree.status == territory::StatusFrom::Official;
    let own_status = own_status(&stocks, is_followed);
    Ok(Summary {
        out: out.to_owned(),
        revision,
        own_status,
        ground: Some(ground),
        stocks,
        ledgers,
        enaf: told.enaf,
    })
}

/// The years of the published stocks, and whether their status is their producer's; none, where it is not
/// followed.
fn own_status(stocks: &[Stock], is_followed: bool) -> Vec<(u16, bool)> {
    let mut own: BTreeMap<u16, bool> = BTreeMap::new();
    let published = stocks
        .iter()
        .filter(|s| s.series == align::PUBLISHED && is_followed);
    for stock in published {
        let has = stock.rows.iter().any(|row| row.1.official.is_some());
        *own.entry(stock.year).or_default() |= has;
    }
    own.into_iter().collect()
}

fn write_manifest(staging: &Staging, manifest: &serde_json::Value) -> Result<()> {
    let mut manifest = manifest.clone();
    manifest["files"] = json!(staging.files()?);
    let path = staging.path("manifest.json")?;
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|e| Error::Internal(format!("manifest: {e}")))?;
    std::fs::write(&path, text + "\n").map_err(|e| Error::unwritable(&path, e))
}

/// Refuses a period that was asked for and that no département has.
fn require_periods(
    territory: &Territory,
    ground: &Ground,
    periods: &[(usize, usize, usize)],
) -> Result<()> {
    let year = |vintage: usize| ground.vintages[vintage].year;
    let is_missing = |asked: &&[u16; 2]| {
        let found = |&(_, before, after): &(usize, usize, usize)| [year(before), year(after)];
        periods.iter().all(|period| found(period) != **asked)
    };
    match territory.run.periods.iter().find(is_missing) {
        Some([from, to]) => Err(Error::input(
            "[run] periods",
            format!("no département has vintages of both {from} and {to}"),
            "ask for two years of one département",
        )),
        None => Ok(()),
    }
}

/// Refuses a producer's layer of changes whose period is none of the account's.
fn require_official(
    territory: &Territory,
    ground: &Ground,
    periods: &[(usize, usize, usize)],
) -> Result<()> {
    let year = |vintage: usize| ground.vintages[vintage].year;
    let is_missing = |official: &&territory::Changes| {
        let own = (official.from, official.to);
        let mut known = periods
            .iter()
            .map(|&(_, before, after)| (year(before), year(after)));
        known.all(|period| period != own)
    };
    match territory.official.iter().find(is_missing) {
        Some(official) => Err(Error::input(
            official.path.display(),
            format!(
                "no département has the period {}-{}",
                official.from, official.to
            ),
            "give the vintages of both years; ask for the period in [run] periods where they are not \
             consecutive",
        )),
        None => Ok(()),
    }
}

/// A series, and the status of its vintages.
type Decided = (Series, Vec<VintageStatus>);

/// What is to be said of the figures of a series.
fn label(has_product: bool, series: &Series) -> &'static str {
    match series.name {
        align::ALIGNED if has_product => "chiffre recalé, non officiel",
        align::ALIGNED => "chiffre recalé",
        _ => "",
    }
}

/// Writes the layers; each file on a thread of its own.
struct Writer<'a> {
    staging: &'a Staging,
    ground: &'a Ground,
    series: &'a [Decided],
    reference: &'a Reference,
    crs: &'a Crs,
    /// Whether they are asked for: else there is the account alone.
    has_layers: bool,
}

impl Writer<'_> {
    /// The folder of a period.
    fn folder(&self, (d, before, after): (usize, usize, usize)) -> String {
        let [before, after] = [before, after].map(|v| self.ground.vintages[v].year);
        let departement = &self.ground.departements[d];
        format!("period={before}-{after}/departement={departement}")
    }

    /// Writes the faces of a period, in each series.
    fn faces(&self, period: (usize, usize, usize)) -> Result<Vec<PeriodFaces>> {
        let faces: Vec<PeriodFaces> = self
            .series
            .iter()
            .map(|(s, decided)| PeriodFaces::new(self.ground, s, decided, self.reference, period))
            .collect();
        if !self.has_layers {
            return Ok(faces);
        }
        let folder = self.folder(period);
        let path = self.staging.path(format!("faces/{folder}/faces.parquet"))?;
        publish::faces(&path, self.ground, &faces, self.reference, self.crs)?;
        self.style(&path, "cs_after")?;
        Ok(faces)
    }

    /// Writes the style that QGIS takes for a layer: a file of its name beside it.
    fn style(&self, layer: &Path, column: &str) -> Result<()> {
        let path = layer.with_extension("qml");
        let text = publish::qml(column, &self.reference.cover);
        std::fs::write(&path, text).map_err(|e| Error::unwritable(&path, e))
    }

    /// Accounts for a period, and writes its faces and its ledger.
    fn period(&self, period: (usize, usize, usize)) -> Result<Vec<Ledger>> {
        let faces = self.faces(period)?;
        let account = |faces| ledger::account(self.ground, faces);
        let ledgers: Vec<Ledger> = faces.iter().map(account).collect();
        let folder = self.folder(period);
        let path = self
            .staging
            .path(format!("ledger/{folder}/ledger.parquet"))?;
        publish::ledger(&path, &ledgers, self.reference)?;
        Ok(ledgers)
    }

    /// Writes a vintage in a département, in each series.
    fn vintage(&self, (v, d): (usize, usize)) -> Result<()> {
        let (vintage, departement) = (&self.ground.vintages[v], &self.ground.departements[d]);
        let place = format!("vintage={}/departement={departement}", vintage.year);
        for (series, decided) in self.series {
            let folder = match series.name {
                align::PUBLISHED => "vintages",
                amended => amended,
            };
            let path = self
                .staging
                .path(format!("{folder}/{place}/occupation_sol.parquet"))?;
            let (decided, reference) = (&decided[v], self.reference);
            publish::vintage(
                &path,
                self.ground,
                series,
                (v, d),
                decided,
                reference,
                self.crs,
            )?;
            self.style(&path, "code_cs")?;
        }
        let folder = format!("vintages/{place}");
        if vintage.zone.is_some() {
            let path = self
                .staging
                .path(format!("{folder}/zone_construite.parquet"))?;
            publish::zone_construite(&path, self.ground, vintage, d, self.crs)?;
        }
        Ok(())
    }
}

fn read_exemptions(
    territory: &Territory,
    crs: &Crs,
    reference: &Reference,
) -> Result<(Vec<ExemptedLayer>, Vec<serde_json::Value>)> {
    let mut layers = Vec::new();
    let mut reports = Vec::new();
    for exemption in &territory.exemptions {
        let opening = Opening {
            layer: exemption.layer.as_deref(),
            ..Opening::default()
        };
        let mut layer = Layer::open(&exemption.path, opening)?;
        let mut intake = Intake::new(&layer, exemption.crs.as_deref(), crs)?;
        layer.scan(&[], |row| intake.add(row.number, row.geometry).map(drop))?;
        let intake = intake.finish()?;
        let minimum = match exemption.kind {
            ExemptionKind::Park => reference.parameter("park_minimum")?,
            ExemptionKind::Photovoltaic => 0.0,
        };
        reports.push(json!({
            "kind": exemption.kind,
            "from": exemption.from,
            "source": layer.place(),
            "smallest_m2": minimum,
            "read": intake.repairs,
        }));
        layers.push(ExemptedLayer {
            from: exemption.from.unwrap_or(0),
            builder: intake.builder,
            minimum: (minimum * HALF_CM2_PER_M2 as f64) as i64,
        });
    }
    Ok((layers, reports))
}

/// Refuses missing files, layers and columns before any work starts; the number of rows to read.
fn check_files(
    territory: &Territory,
    predictions: &[Option<Prediction>],
    crs: &Crs,
    reference: &Reference,
) -> Result<u64> {
    let mut rows = 0;
    for (vintage, prediction) in territory.vintages.iter().zip(predictions) {
        if let Some(prediction) = prediction {
            predict::require(prediction, crs, reference)
                .map_err(|e| e.within(format!("vintage {}", vintage.year)))?;
        }
    }
    if let Some(communes) = &territory.communes {
        communes::require(communes)?;
    }
    for vintage in &territory.vintages {
        if let Some(sources) = territory.production_of(vintage) {
            let production = Production {
                territory,
                vintage,
                sources,
                keeps_stages: false,
            };
            production.require(reference)?;
        } else {
            rows += vintage::require(vintage, reference)?;
        }
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
    for file in &territory.corrections {
        corrections::require(file)?;
    }
    territory
        .crossings
        .iter()
        .try_for_each(crossings::require)?;
    for official in &territory.official {
        vintage::require_changes(official)?;
    }
    Ok(rows)
}

/// The predictions of vintages from imagery, by vintage. They stay in a folder beside the outputs, and
/// are made once.
fn predictions(territory: &Territory, out: &Path) -> Vec<Option<Prediction>> {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let folder = out.with_file_name(format!("{name}.predictions"));
    let of = |vintage: &territory::Vintage| {
        let from = vintage.predict.as_ref()?;
        let place = match &vintage.departement {
            Some(departement) => format!("{}-{departement}", vintage.year),
            None => vintage.year.to_string(),
        };
        let mut imagery = from.imagery.clone();
        imagery.crs = imagery.crs.or_else(|| vintage.crs.clone());
        let probabilities = folder.join(format!("{place}/probabilities.tif"));
        let mut prediction = Prediction::new(from.model.clone(), imagery, probabilities);
        prediction.card.clone_from(&from.card);
        prediction.engine.threads = rayon::current_num_threads();
        let beside = |name| Some(prediction.probabilities.with_file_name(name));
        (prediction.classes, prediction.quick_look) =
            (beside("classes.tif"), beside("classes.png"));
        Some(prediction)
    };
    territory.vintages.iter().map(of).collect()
}

/// Makes what is to be predicted; the vintages are then given by classes. Says what each follows from.
fn predict_all(
    territory: &mut Territory,
    predictions: &[Option<Prediction>],
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<Vec<serde_json::Value>> {
    let mut predicted = Vec::new();
    for (vintage, prediction) in territory.vintages.iter_mut().zip(predictions) {
        let (Some(prediction), Some(classes)) = (
            prediction,
            prediction.as_ref().and_then(|p| p.classes.as_ref()),
        ) else {
            continue;
        };
        if let Some(folder) = classes.parent() {
            std::fs::create_dir_all(folder).map_err(|e| Error::unwritable(folder, e))?;
        }
        let what = predict::predict_once(prediction, reference, progress)?;
        vintage.nomenclature = what["card"]["output"]["nomenclature"]
            .as_str()
            .map(str::to_owned);
        vintage.classes = vec![glob::Pattern::escape(&classes.to_string_lossy())];
        vintage.probabilities = Some(prediction.probabilities.clone());
        predicted.push(json!({ "year": vintage.year, "of": what }));
    }
    Ok(predicted)
}

/// Makes the vintages that are to be produced; they are then given by what was made. Says what each
/// follows from.
fn produce_all(
    territory: &mut Territory,
    out: &Path,
    crs: &Crs,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<Vec<serde_json::Value>> {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let folder = out.with_file_name(format!("{name}.produced"));
    let mut produced = Vec::new();
    for n in 0..territory.vintages.len() {
        let vintage = &territory.vintages[n];
        let Some(sources) = territory.production_of(vintage) else {
            continue;
        };
        let production = Production {
            territory,
            vintage,
            sources,
            keeps_stages: false,
        };
        std::fs::create_dir_all(&folder).map_err(|e| Error::unwritable(&folder, e))?;
        let place = folder.join(production.folder());
        let what = production
            .produce_once(&place, crs, reference, progress)
            .map_err(|e| {
                // Nothing is left of what was not made: a folder with anything in it stays.
                let _ = std::fs::remove_dir(&folder);
                e.within(format!("vintage {}", vintage.year))
            })?;
        produced.push(json!({ "year": vintage.year, "of": what }));
        let results = produce::results(&place);
        let vintage = &mut territory.vintages[n];
        vintage.product = Some(results.objects);
        vintage.zone_construite = Some(results.zones);
        vintage.decided = Some(results.decided);
    }
    Ok(produced)
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
    paths.extend(territory.population.iter().map(|p| p.path.clone()));
    paths.extend(territory.run.classes.iter().cloned());
    paths.extend(territory.ministry.iter().map(|m| m.path.clone()));
    paths.extend(territory.enaf.iter().map(|e| e.path.clone()));
    paths.extend(territory.cog.iter().map(|c| c.movements.clone()));
    let trajectory = territory.trajectory.iter();
    paths.extend(trajectory.flat_map(|t| t.objectives.iter().chain(&t.apart).cloned()));
    paths.extend(territory.levels.iter().map(|l| l.path.clone()));
    paths.extend(territory.changes.iter().map(|c| c.path.clone()));
    paths.extend(territory.exemptions.iter().map(|e| e.path.clone()));
    paths.extend(territory.archives.iter().cloned());
    paths.extend(territory.official.iter().map(|o| o.path.clone()));
    paths.extend(territory.crossings.iter().map(|c| c.path.clone()));
    paths.extend(territory.corrections.iter().map(|c| c.path.clone()));
    for vintage in &territory.vintages {
        paths.extend(vintage.product.clone());
        paths.extend(vintage.crosswalk.iter().map(PathBuf::from));
        paths.extend(vintage.zone_construite.clone());
        paths.extend(vintage.probabilities.clone());
        paths.extend(vintage.decided.clone());
        paths.extend(vintage.predict.iter().map(|p| p.model.clone()));
        for pattern in &vintage.classes {
            let found = glob::glob(pattern).map_err(|e| Error::input(pattern, e, "mend it"))?;
            paths.extend(found.filter_map(std::result::Result::ok));
        }
    }
    if let Some(folder) = &territory.run.reference {
        paths.extend(crate::reference::tables(folder)?);
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
            let about = path.metadata().map_err(|e| Error::unreadable(path, e))?;
            Ok(Input {
                path: path.display().to_string(),
                bytes: about.len(),
                sha256: predict::digest(path)?,
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

fn generation<'a>(
    territory: &'a Territory,
    year: u16,
    departement: Option<&str>,
) -> Option<&'a str> {
    let is_it = |v: &&territory::Vintage| v.year == year && v.departement.as_deref() == departement;
    let vintage = territory.vintages.iter().find(is_it)?;
    vintage.generation.as_deref()
}

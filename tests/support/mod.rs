//! What several test files share: the real data, runs in temporary folders, tables read back.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod drawn;
pub mod layers;
pub mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

/// The folder of real data: `MILLESIME_DATA`, or where the project keeps it. Without it, a test
/// tells its name and is skipped; under continuous integration (`CI=true`) it fails.
pub fn real_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("MILLESIME_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    let is_ci = std::env::var("CI").is_ok_and(|v| v == "true");
    assert!(!is_ci, "{test}: no real data at {}", folder.display());
    eprintln!("skipped, for want of real data: {test}");
    None
}

/// One row of a table, by the names of its columns.
pub type Record = BTreeMap<String, String>;

/// The outputs of a run, in a folder that goes when this does.
pub struct Outputs {
    /// Keeps the folder.
    pub folder: TempDir,
    /// The summary of the run.
    pub summary: millesime::run::Summary,
}

impl Outputs {
    /// Runs a territory file.
    pub fn of(territory: &Path) -> Self {
        let folder = TempDir::new().unwrap();
        let out = folder.path().join("out");
        let summary = millesime::run::run(territory, &out, &millesime::progress::Quiet).unwrap();
        Self { folder, summary }
    }

    /// Runs a committed territory of `tests/territories`, whose paths start at `data/`.
    pub fn of_real(name: &str, data: &Path) -> Self {
        let folder = TempDir::new().unwrap();
        std::os::unix::fs::symlink(data, folder.path().join("data")).unwrap();
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/territories");
        let file = folder.path().join("TERRITORY.toml");
        std::fs::copy(committed.join(format!("{name}.toml")), &file).unwrap();
        let out = folder.path().join("out");
        let summary = millesime::run::run(&file, &out, &millesime::progress::Quiet).unwrap();
        Self { folder, summary }
    }

    /// The folder of outputs.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// The rows of a table: those of the published series, or all of a table of no series.
    pub fn table(&self, name: &str) -> Vec<Record> {
        self.table_of("published", name)
    }

    /// The series that the run wrote.
    pub fn series(&self) -> std::collections::BTreeSet<String> {
        let stock = self.rows("stock");
        stock.into_iter().map(|row| row["series"].clone()).collect()
    }

    /// The rows of a table: those of one series, or all of a table of no series.
    pub fn table_of(&self, series: &str, name: &str) -> Vec<Record> {
        let mut rows = self.rows(name);
        rows.retain(|row| row.get("series").is_none_or(|own| own == series));
        rows
    }

    fn rows(&self, name: &str) -> Vec<Record> {
        let path = self.path().join(format!("tables/{name}.csv"));
        csv::Reader::from_path(path)
            .unwrap()
            .deserialize()
            .map(Result::unwrap)
            .collect()
    }

    /// The batches of a Parquet file, given by its path in the folder.
    pub fn parquet(&self, path: &str) -> Vec<RecordBatch> {
        let file = std::fs::File::open(self.path().join(path)).unwrap();
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        builder.build().unwrap().map(Result::unwrap).collect()
    }

    /// The manifest.
    pub fn manifest(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.path().join("manifest.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// An area of a table, in half square centimetres: exact.
pub fn exact(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap();
    assert_eq!(fraction.len(), 5, "{text}");
    let digits: i64 = format!("{}{fraction}", whole.trim_start_matches('-'))
        .parse()
        .unwrap();
    assert_eq!(digits % 5, 0, "{text}");
    if whole.starts_with('-') {
        -digits / 5
    } else {
        digits / 5
    }
}

/// Square metres of a number of half square centimetres.
pub fn square_metres(half_cm2: i64) -> f64 {
    half_cm2 as f64 / 20_000.0
}

/// Asserts, in integers, that the account closes: the stocks at the dates of every period differ
/// by its fluxes, in all and by class; the classes sum to the commune; the ledger is its frame.
pub fn assert_closed(outputs: &Outputs) {
    for series in outputs.series() {
        let tables = Tables { outputs, series };
        assert_fluxes_close(&tables);
        assert_classes_close(&tables, "cover", "cs");
        assert_classes_close(&tables, "use", "us");
        assert_codes_close(&tables);
    }
}

/// The tables of one series.
struct Tables<'a> {
    outputs: &'a Outputs,
    series: String,
}

impl Tables<'_> {
    fn table(&self, name: &str) -> Vec<Record> {
        self.outputs.table_of(&self.series, name)
    }
}

/// Sums of a column by some others.
pub fn sums(rows: &[Record], keys: &[&str], column: &str) -> BTreeMap<Vec<String>, i64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let key = keys.iter().map(|k| row[*k].clone()).collect();
        *sums.entry(key).or_insert(0) += exact(&row[column]);
    }
    sums
}

/// Stocks of both kinds of ground against their fluxes.
fn assert_fluxes_close(outputs: &Tables) {
    let stock = outputs.table("stock");
    let flux = outputs.table("flux");
    assert!(!stock.is_empty());
    for [column, net, revealed] in [
        ["artificial_m2", "net_m2", "revealed_m2"],
        [
            "impermeable_m2",
            "net_impermeable_m2",
            "impermeable_revealed_m2",
        ],
    ] {
        let stocks = sums(&stock, &["departement", "commune", "year"], column);
        for row in &flux {
            let at = |year: &str| {
                stocks[&vec![
                    row["departement"].clone(),
                    row["commune"].clone(),
                    row[year].clone(),
                ]]
            };
            let moved = exact(&row[net]) + exact(&row[revealed]);
            assert_eq!(at("year_after") - at("year_before"), moved, "{row:?}");
        }
    }
    for row in &flux {
        let gross = exact(&row["artificialised_m2"]) - exact(&row["desartificialised_m2"]);
        assert_eq!(gross, exact(&row["net_m2"]), "{row:?}");
    }
}

/// Fluxes by class against stocks by class, for every class, and both against the whole.
fn assert_classes_close(outputs: &Tables, axis: &str, code: &str) {
    for [flux, whole, column, net, all_net] in [
        ["flux", "stock", "artificial_m2", "net_m2", "net_m2"],
        [
            "impermeable_flux",
            "stock",
            "impermeable_m2",
            "net_m2",
            "net_impermeable_m2",
        ],
    ] {
        let stocks = outputs.table(&format!("stock_by_{axis}"));
        let fluxes = outputs.table(&format!("{flux}_by_{axis}"));
        let whole = sums(&outputs.table(whole), &["commune", "year"], column);
        for (key, area) in sums(&stocks, &["commune", "year"], column) {
            assert_eq!(area, whole[&key], "{key:?}");
        }
        let periods = ["commune", "year_before", "year_after"];
        let all = sums(&outputs.table("flux"), &periods, all_net);
        for (key, net) in sums(&fluxes, &periods, net) {
            assert_eq!(net, all[&key], "{key:?}");
        }
        for balance in sums(&fluxes, &periods, "reclassified_m2").values() {
            assert_eq!(*balance, 0);
        }
        // stock(after) − stock(before) = net + revealed + reclassified, class by class.
        let stocks = sums(&stocks, &["commune", "year", code], column);
        let classes: std::collections::BTreeSet<&String> = stocks.keys().map(|k| &k[2]).collect();
        let keys = ["commune", "year_before", "year_after", code];
        let parts = [net, "revealed_m2", "reclassified_m2"].map(|part| sums(&fluxes, &keys, part));
        for period in all.keys() {
            for class in &classes {
                let at = |year: &String| {
                    let key = vec![period[0].clone(), year.clone(), (*class).clone()];
                    stocks.get(&key).copied().unwrap_or(0)
                };
                let key: Vec<String> = period.iter().chain([*class]).cloned().collect();
                let moved: i64 = parts
                    .iter()
                    .map(|p| p.get(&key).copied().unwrap_or(0))
                    .sum();
                assert_eq!(at(&period[2]) - at(&period[1]), moved, "{flux}, {key:?}");
            }
        }
    }
}

/// Transitions against the composition at each date: the classes of every commune close, with
/// *uncovered* a class like another.
fn assert_codes_close(outputs: &Tables) {
    let transitions = outputs.table("transitions");
    let composition = outputs.table("composition");
    let keys = ["departement", "commune", "year", "cs", "us", "artificial"];
    let stocks = sums(&composition, &keys, "area_m2");
    let places = ["departement", "commune", "year"];
    let grounds = sums(&outputs.table("stock"), &places, "area_m2");
    for (key, area) in sums(&composition, &places, "area_m2") {
        assert_eq!(area, grounds[&key], "{key:?}");
    }
    for side in ["before", "after"] {
        let columns = ["year_", "cs_", "us_", "artificial_"].map(|c| format!("{c}{side}"));
        let mut by_period: BTreeMap<(String, String), BTreeMap<Vec<String>, i64>> = BTreeMap::new();
        for row in &transitions {
            let period = (row["year_before"].clone(), row["year_after"].clone());
            let mut key = vec![row["departement"].clone(), row["commune"].clone()];
            key.extend(columns.iter().map(|c| row[c].clone()));
            *by_period.entry(period).or_default().entry(key).or_default() += exact(&row["area_m2"]);
        }
        for classes in by_period.values() {
            for (key, area) in classes {
                assert_eq!(*area, stocks[key], "{key:?}");
            }
            // Every class of the stock at that date is in the transitions.
            let years: std::collections::BTreeSet<&str> =
                classes.keys().map(|k| k[2].as_str()).collect();
            for (key, area) in &stocks {
                let concerns = |k: &Vec<String>| k[0] == key[0] && k[2] == key[2];
                if years.contains(key[2].as_str()) && classes.keys().any(concerns) {
                    assert_eq!(classes.get(key), Some(area), "{key:?}");
                }
            }
        }
    }
}

//! The layers that web maps and GIS show of a run: every vintage, and what changed over every period.

use std::path::{Path, PathBuf};

use gdal::errors::GdalError;
use gdal::vector::{Feature, Geometry, LayerAccess};

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::query;
use crate::vector::{Layer, Opening};

/// A layer: its file in the outputs of the run, and what it is shown as.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The file.
    pub(super) path: PathBuf,
    /// The name of the layer.
    pub(super) name: String,
    /// Its title, as the public reads it.
    pub(super) title: String,
    /// Whether it is what changed, and not a vintage.
    pub(super) is_changes: bool,
    /// Whether it is a stage on the way to a vintage.
    pub(super) is_stage: bool,
}

/// A row of a layer.
pub(super) struct Shown<'a> {
    /// Its polygons, as WKB.
    pub(super) geometry: &'a [u8],
    /// The values of the columns.
    pub(super) values: Vec<(&'static str, String)>,
}

/// Columns of a vintage, and what they are shown as.
const VINTAGE: [(&str, &str); 3] = [
    ("code_cs", "cs"),
    ("code_us", "us"),
    ("artif", "artificialise"),
];
/// Columns of what changed.
const CHANGES: [(&str, &str); 8] = [
    ("commune", "commune"),
    ("cs_before", "cs_avant"),
    ("us_before", "us_avant"),
    ("cs_after", "cs_apres"),
    ("us_after", "us_apres"),
    ("cause", "cause"),
    ("area_m2", "surface_m2"),
    ("series", "serie"),
];
/// What became of the status, in the column `changement`.
pub(super) const KINDS: [(&str, &str, &str); 3] = [
    ("artificialisation", "Artificialisation", "#d1351b"),
    ("desartificialisation", "Désartificialisation", "#1f6fb4"),
    ("autre", "Autre changement, statut inchangé", "#b79ccf"),
];

/// The layers of a run: vintages first, by year and département, then changes.
pub(super) fn sources(out: &Path) -> Result<Vec<Source>> {
    let list = |pattern: &str| -> Result<Vec<PathBuf>> {
        let pattern = out.join(pattern);
        let paths = glob::glob(&pattern.to_string_lossy())
            .map_err(|e| Error::input(out.display(), e, "give a folder of a plain name"))?;
        let mut paths: Vec<PathBuf> = paths.filter_map(std::result::Result::ok).collect();
        paths.sort();
        Ok(paths)
    };
    let key = |path: &Path, key: &str| -> String {
        let parts = path
            .components()
            .map(|c| c.as_os_str().to_string_lossy().into_owned());
        let mut own = parts.filter_map(|part| part.strip_prefix(key).map(str::to_owned));
        own.next().unwrap_or_default()
    };
    let mut all = Vec::new();
    for path in list("vintages/vintage=*/departement=*/occupation_sol.parquet")? {
        let (year, departement) = (key(&path, "vintage="), key(&path, "departement="));
        all.push(Source {
            name: format!("occupation_sol_{year}_{departement}"),
            title: format!("Occupation du sol {year} ({departement})"),
            is_changes: false,
            is_stage: false,
            path,
        });
    }
    for path in list("faces/period=*/departement=*/faces.parquet")? {
        let (period, departement) = (key(&path, "period="), key(&path, "departement="));
        if query::is_one_date(&period) {
            continue;
        }
        all.push(Source {
            name: format!("changements_{}_{departement}", period.replace('-', "_")),
            title: format!("Changements {} ({departement})", period.replace('-', "–")),
            is_changes: true,
            is_stage: false,
            path,
        });
    }
    if all.is_empty() {
        return Err(Error::input(
            out.display(),
            "holds no layers of a run",
            "give the folder that `millesime run` wrote, with --out, and without `tables_alone`",
        ));
    }
    Ok(all)
}

/// The stages that a production kept in its folder, the first first.
pub(super) fn stages(folder: &Path) -> Result<Vec<Source>> {
    let entries = folder.join("stages").read_dir();
    let mut paths: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "gpkg"))
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(Error::input(
            folder.display(),
            "holds no stages of a vintage",
            "give a folder that `millesime produce --keep-stages` wrote, such as out/2021",
        ));
    }
    let name = |path: &Path| path.file_stem().map(|n| n.to_string_lossy().into_owned());
    let of = folder.file_name().map(|n| n.to_string_lossy().into_owned());
    let of = of.unwrap_or_default();
    let plain = |text: String| -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        text.chars().map(plain).collect()
    };
    let stage = |path: PathBuf| {
        let own = name(&path).unwrap_or_default();
        Source {
            name: plain(format!("etape_{of}_{own}")),
            title: format!("Étape {own} ({of})"),
            is_changes: false,
            is_stage: true,
            path,
        }
    };
    Ok(paths.into_iter().map(stage).collect())
}

impl Source {
    /// Names of the columns that are shown.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        match self.is_changes {
            false => VINTAGE.iter().map(|c| c.1).collect(),
            true => ["changement"]
                .into_iter()
                .chain(CHANGES.iter().map(|c| c.1))
                .collect(),
        }
    }

    /// Visits every row that is shown; of changes, those of one series.
    pub(super) fn scan(
        &self,
        series: &str,
        mut visit: impl FnMut(Shown) -> Result<()>,
    ) -> Result<Option<Crs>> {
        let mut layer = Layer::open(&self.path, Opening::default())?;
        let crs = layer.crs().cloned();
        let columns: &[(&str, &'static str)] = if self.is_changes { &CHANGES } else { &VINTAGE };
        // A stage has no status.
        let mut asked: Vec<Option<String>> = columns
            .iter()
            .map(|(name, _)| layer.find_column(&[name]))
            .collect();
        if self.is_changes {
            asked.extend(["final_before", "final_after"].map(|name| Some(name.to_owned())));
        }
        layer.scan(&asked, |row| {
            let value = |n: usize| {
                row.values
                    .get(n)
                    .and_then(Option::as_deref)
                    .unwrap_or_default()
            };
            let Some(geometry) = row.geometry else {
                return Ok(());
            };
            let mut values = Vec::new();
            if self.is_changes {
                if value(5) == "unchanged" || value(7) != series {
                    return Ok(());
                }
                let (before, after) = (value(CHANGES.len()), value(CHANGES.len() + 1));
                let kind = match (before, after) {
                    ("false", "true") => KINDS[0].0,
                    ("true", "false") => KINDS[1].0,
                    _ => KINDS[2].0,
                };
                values.push(("changement", kind.to_owned()));
            }
            values.extend(
                columns
                    .iter()
                    .enumerate()
                    .map(|(n, (_, shown))| (*shown, value(n).to_owned())),
            );
            visit(Shown { geometry, values })
        })?;
        Ok(crs)
    }
}

/// Adds a row to a layer that has its columns.
pub(super) fn add(
    layer: &gdal::vector::Layer,
    geometry: Geometry,
    row: &Shown,
) -> std::result::Result<(), GdalError> {
    let mut feature = Feature::new(layer.defn())?;
    feature.set_geometry(geometry)?;
    for (n, (_, value)) in row.values.iter().enumerate() {
        if !value.is_empty() {
            feature.set_field_string(n, value)?;
        }
    }
    feature.create(layer)
}

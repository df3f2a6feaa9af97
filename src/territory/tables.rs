//! Tables of communes, and of groups of them, that stand beside what vintages say.

use std::path::PathBuf;

use serde::Deserialize;

/// A table that groups communes.
#[derive(Clone, Debug, Deserialize)]
pub struct LevelTable {
    /// The name of the level: that of the folder of its tables.
    pub level: String,
    /// The file: CSV, XLSX, or whatever else GDAL reads.
    pub path: PathBuf,
    /// Its layer or sheet.
    pub layer: Option<String>,
    /// Column of the code of the commune.
    pub commune: String,
    /// Column of the code of the territory that the commune is in.
    pub code: String,
    /// Column of the name of that territory; else its code.
    pub name: Option<String>,
    /// Encoding of its text.
    pub encoding: Option<String>,
}

/// A table of the population of communes in one year.
#[derive(Clone, Debug, Deserialize)]
pub struct Population {
    /// The year.
    pub year: u16,
    /// The file: CSV, XLSX, or whatever else GDAL reads.
    pub path: PathBuf,
    /// Its layer or sheet.
    pub layer: Option<String>,
    /// Column of the code of the commune.
    pub commune: String,
    /// Column of inhabitants,
    pub inhabitants: Option<String>,
    /// of households,
    pub households: Option<String>,
    /// and of jobs.
    pub jobs: Option<String>,
    /// Year of the code officiel géographique of its communes.
    pub cog: Option<u16>,
    /// Encoding of its text.
    pub encoding: Option<String>,
}

/// A table of consumption of ENAF: Cerema's, from the Fichiers fonciers.
#[derive(Clone, Debug, Deserialize)]
pub struct Enaf {
    /// The file: CSV, XLSX, or whatever else GDAL reads.
    pub path: PathBuf,
    /// Its layer or sheet.
    pub layer: Option<String>,
    /// Column of the code of the commune, where it is not `idcom`.
    pub commune: Option<String>,
    /// Year of the code officiel géographique of its communes; else that of its column `surfcomYYYY`.
    pub cog: Option<u16>,
    /// Unit of its areas.
    #[serde(default)]
    pub unit: AreaUnit,
    /// Periods to add up, beside the whole, the reference decade and what came since: first and last
    /// year, both included.
    #[serde(default)]
    pub periods: Vec<[u16; 2]>,
    /// Encoding of its text.
    pub encoding: Option<String>,
}

/// Units of areas.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum AreaUnit {
    /// Square metres.
    #[default]
    M2,
    /// Hectares.
    Ha,
}

impl AreaUnit {
    /// Half square centimetres in one.
    pub fn half_cm2(self) -> f64 {
        let square_metres = match self {
            Self::M2 => 1.0,
            Self::Ha => 1e4,
        };
        square_metres * crate::grid::HALF_CM2_PER_M2 as f64
    }
}

/// What consumption is to be held against, beside the national objective.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Trajectory {
    /// Table of the objectives of planning documents.
    pub objectives: Option<PathBuf>,
    /// Table of what is counted apart.
    pub apart: Option<PathBuf>,
}

/// History of the communes.
#[derive(Clone, Debug, Deserialize)]
pub struct Cog {
    /// INSEE's file of movements of communes.
    pub movements: PathBuf,
}

/// A table of communes as the ministry publishes it.
#[derive(Clone, Debug, Deserialize)]
pub struct Ministry {
    /// The file.
    pub path: PathBuf,
    /// Its layer.
    pub layer: Option<String>,
    /// Column of the commune, where it has not its usual name.
    pub commune: Option<String>,
    /// Encoding of its text.
    pub encoding: Option<String>,
}

//! What a run leaves behind: GeoParquet, tables, manifest. Outputs appear whole: they are written
//! aside, then renamed.

mod account;
mod dictionary;
mod geopackage;
mod geoparquet;
mod layers;
mod ledger;
mod publisher;
mod stac;
mod staging;
mod style;
mod tables;
mod text;
mod wide;
mod workbook;

pub use account::{read as read_account, write as account};
pub use dictionary::Package;
pub(crate) use geopackage::fix_settings;
pub use geopackage::{ColumnType, GeoPackage, LayerKind, Place, Row, Value};
pub(crate) use geoparquet::compression;
pub use geoparquet::{GeoParquet, Shape, hilbert_order};
pub use layers::{INDEX, Index, faces, vintage, zone_construite};
pub use ledger::write as ledger;
pub use stac::write as collection;
pub use staging::{MANIFEST, PROGRAM, Staging, require_new};
pub use style::{Class, classes, qml, renderer, xml};
pub use tables::{Cell, cells, csv, reader};

pub use publisher::Publisher;
pub use wide::{Outlines, write as wide};

//! Maps of a run: cover, use, status and changes of some ground, as SVG or PNG; vintages and changes as
//! PMTiles for web maps, and as a project of QGIS.

mod backdrop;
mod furniture;
mod layers;
mod outline;
mod picture;
mod png;
mod project;
mod request;
mod scene;
mod tiles;

use crate::french;

pub(crate) use picture::safe;
pub use picture::{Panel, Sheet, Subject, View, ground, sheet};
pub use png::png;
pub(crate) use png::{FONTS, is_png, is_svg};
pub use project::project;
pub use request::{Ground, Request, What, draw, write};
pub use scene::{Scene, Shown};
pub use tiles::tiles;

/// What is said below a map of where its ground comes from.
pub(crate) fn sources(before: &str, after: &str) -> String {
    let vintages = match before == after {
        true => format!("millésime {after}"),
        false => format!("millésimes {before} et {after}"),
    };
    let version = env!("CARGO_PKG_VERSION");
    french::text(&format!(
        "Source : OCS GE, {vintages} ; Millésime {version}"
    ))
}

//! Maps of a run: cover, use, status and changes of some ground, as SVG or PNG.

mod backdrop;
mod furniture;
mod outline;
mod picture;
mod png;
mod request;
mod scene;

pub(crate) use picture::safe;
pub use picture::{Panel, Sheet, Subject, View, ground, sheet};
pub(crate) use png::FONTS;
pub use png::png;
pub use request::{Ground, Request, What, draw, write};
pub use scene::{Scene, Shown};

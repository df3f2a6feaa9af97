//! SVG to PNG.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::error::{Error, Result};

/// The fonts that pictures and reports are set in: embedded, so that they look the same everywhere.
pub(crate) const FONTS: [&[u8]; 3] = [
    include_bytes!("../../reports/fonts/OpenSans-Regular.ttf"),
    include_bytes!("../../reports/fonts/OpenSans-Bold.ttf"),
    include_bytes!("../../reports/fonts/OpenSans-Italic.ttf"),
];
/// Their family.
pub(crate) const FAMILY: &str = "Open Sans";

static KNOWN: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut known = fontdb::Database::new();
    for font in FONTS {
        known.load_font_data(font.to_vec());
    }
    known.set_sans_serif_family(FAMILY);
    Arc::new(known)
});

/// Whether bytes are an SVG that can be drawn.
pub(crate) fn is_svg(bytes: &[u8]) -> bool {
    Tree::from_data(bytes, &Options::default()).is_ok()
}

/// Whether bytes are a whole PNG.
pub(crate) fn is_png(bytes: &[u8]) -> bool {
    Pixmap::decode_png(bytes).is_ok()
}

/// Draws SVG as PNG, `zoom` pixels to the unit.
pub fn png(svg: &str, zoom: f32) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::Internal(format!("SVG to PNG: {e}"));
    let options = Options {
        fontdb: Arc::clone(&KNOWN),
        font_family: FAMILY.to_owned(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|e| failed(&e))?;
    let size = tree.size();
    let pixels = |v: f32| (v * zoom).ceil() as u32;
    let mut picture = Pixmap::new(pixels(size.width()), pixels(size.height()))
        .ok_or_else(|| failed(&"a picture of no size"))?;
    resvg::render(
        &tree,
        Transform::from_scale(zoom, zoom),
        &mut picture.as_mut(),
    );
    picture.encode_png().map_err(|e| failed(&e))
}

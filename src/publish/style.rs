//! Styles of QGIS, with the official colours.

use crate::reference::Nomenclature;

/// Text that is safe in XML.
pub fn xml(text: &str) -> String {
    // It has no way to write most signs of control.
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// A class of a layer: its value, its label, its colour.
pub struct Class {
    /// The value.
    pub value: String,
    /// What it is.
    pub label: String,
    /// `#rrggbb`.
    pub colour: String,
}

/// The classes of the leaves of a nomenclature.
pub fn classes(nomenclature: &Nomenclature) -> Vec<Class> {
    let leaves = nomenclature.codes().filter(|&code| {
        let leaves = nomenclature.leaves(code);
        leaves.count() == 1 && !nomenclature.labels(code).colour.is_empty()
    });
    leaves
        .map(|code| {
            let (labels, text) = (nomenclature.labels(code), nomenclature.text(code));
            Class {
                value: text.to_owned(),
                label: format!("{text} {}", labels.label_fr),
                colour: labels.colour.clone(),
            }
        })
        .collect()
}

/// How QGIS is to draw the classes of a column.
pub fn renderer(column: &str, classes: &[Class]) -> String {
    let (mut categories, mut symbols) = (String::new(), String::new());
    for (n, class) in classes.iter().enumerate() {
        categories += &format!(
            "      <category render=\"true\" value=\"{}\" symbol=\"{n}\" label=\"{}\"/>\n",
            xml(&class.value),
            xml(&class.label)
        );
        symbols += &format!(
            "      <symbol type=\"fill\" name=\"{n}\" alpha=\"1\"><layer class=\"SimpleFill\" \
             enabled=\"1\"><Option type=\"Map\"><Option type=\"QString\" name=\"color\" \
             value=\"{}\"/><Option type=\"QString\" name=\"outline_style\" \
             value=\"no\"/></Option></layer></symbol>\n",
            class.colour
        );
    }
    format!(
        "  <renderer-v2 type=\"categorizedSymbol\" attr=\"{column}\">\n    \
         <categories>\n{categories}    </categories>\n    \
         <symbols>\n{symbols}    </symbols>\n  </renderer-v2>\n"
    )
}

/// A style file for a column of codes.
pub fn qml(column: &str, nomenclature: &Nomenclature) -> String {
    format!(
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n<qgis version=\"3.22\" \
         styleCategories=\"Symbology\">\n{}</qgis>\n",
        renderer(column, &classes(nomenclature))
    )
}

//! BD Forêt V2, of IGN: woods and heath as they were at the first date, however old that is.

use super::{
    Field, Layer, Product, Record, Shape, Survey, first, identifier, side, square_metres, width,
};
use crate::publish::{ColumnType, LayerKind};
use crate::twin::chance::{Draw, Subject};
use crate::twin::palette::{Ground, cover, usage};
use crate::twin::scene::Object;

/// What IGN tells of woods.
pub(super) const PRODUCT: Product = Product {
    name: "bd_foret",
    layers: &[Layer {
        name: "FORMATION_VEGETALE",
        kind: LayerKind::Polygon,
        columns: &[
            ("ID", ColumnType::Text),
            ("CODE_TFV", ColumnType::Text),
            ("TFV", ColumnType::Text),
            ("TFV_G11", ColumnType::Text),
            ("ESSENCE", ColumnType::Text),
        ],
    }],
    survey: |survey| {
        let objects = survey.picture.objects[0].iter();
        vec![objects.filter_map(|object| stand(survey, object)).collect()]
    },
};

/// Least area, m²,
const LEAST_AREA: f64 = 5_000.0;
/// and width of a stand, m.
const LEAST_WIDTH: f64 = 20.0;

/// A type of vegetation: its code, its name, the name of its group, its species.
type Vegetation = [&'static str; 4];

const BROADLEAF: [Vegetation; 3] = [
    [
        "FF1-00",
        "Forêt fermée de feuillus purs en îlots",
        "Forêt fermée feuillus",
        "Feuillus",
    ],
    [
        "FF1G01-01",
        "Forêt fermée de chênes décidus purs",
        "Forêt fermée feuillus",
        "Chênes décidus",
    ],
    [
        "FF1-00-00",
        "Forêt fermée à mélange de feuillus",
        "Forêt fermée feuillus",
        "Feuillus",
    ],
];
const CONIFER: [Vegetation; 3] = [
    [
        "FF2-00",
        "Forêt fermée de conifères purs en îlots",
        "Forêt fermée conifères",
        "Conifères",
    ],
    [
        "FF2-52-52",
        "Forêt fermée de pin sylvestre pur",
        "Forêt fermée conifères",
        "Pin sylvestre",
    ],
    [
        "FF2-64-64",
        "Forêt fermée de douglas pur",
        "Forêt fermée conifères",
        "Douglas",
    ],
];
const MIXED: [Vegetation; 2] = [
    [
        "FF31",
        "Forêt fermée à mélange de feuillus prépondérants et conifères",
        "Forêt fermée mixte",
        "Mixte",
    ],
    [
        "FF32",
        "Forêt fermée à mélange de conifères prépondérants et feuillus",
        "Forêt fermée mixte",
        "Mixte",
    ],
];
const HEATH: [Vegetation; 1] = [["LA4", "Lande", "Lande", "NC"]];
const MEADOW: [Vegetation; 1] = [["LA6", "Formation herbacée", "Formation herbacée", "NC"]];

/// A stand, unless it is too small or too narrow.
fn stand(survey: &Survey, object: &Object) -> Option<Record> {
    let types = types(object.ground)?;
    let polygon = &object.polygon;
    if square_metres(polygon) < LEAST_AREA || width(polygon) < LEAST_WIDTH {
        return None;
    }
    let mut chance = survey.chance(Subject::Stand, first(polygon));
    let vegetation = types[chance.below(types.len())];
    let mut fields = vec![identifier("FORMVEGE", side(polygon))];
    fields.extend(vegetation.map(Field::Term));
    Some(Record {
        shape: Shape::Area(polygon.clone()),
        fields,
    })
}

/// The types of vegetation that ground may be of; none when it is of no interest to foresters.
fn types(ground: Ground) -> Option<&'static [Vegetation]> {
    match (ground.cover, ground.usage) {
        (cover::BROADLEAF, usage::FORESTRY | usage::NONE) => Some(&BROADLEAF),
        (cover::CONIFER, usage::FORESTRY | usage::NONE) => Some(&CONIFER),
        (cover::MIXED, usage::FORESTRY | usage::NONE) => Some(&MIXED),
        (cover::SHRUB, usage::NONE) => Some(&HEATH),
        (cover::GRASS, usage::NONE) => Some(&MEADOW),
        _ => None,
    }
}

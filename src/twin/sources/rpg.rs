//! The RPG, of IGN and ASP: the parcels that farmers declare, with the crop of the year. Not all
//! farmland is declared.

use super::{Field, Layer, Product, Record, Shape, Survey, square_metres};
use crate::partition::{Builder, FaceId};
use crate::publish::{ColumnType, LayerKind};
use crate::twin::chance::{Draw, Subject, chance};
use crate::twin::palette::{Ground, cover, usage};
use crate::twin::shapes::to_grid;

/// What farmers declare.
pub(super) const PRODUCT: Product = Product {
    name: "rpg",
    layers: &[Layer {
        name: "PARCELLES_GRAPHIQUES",
        kind: LayerKind::Polygon,
        columns: &[
            ("ID_PARCEL", ColumnType::Text),
            ("SURF_PARC", ColumnType::Real),
            ("CODE_CULTU", ColumnType::Text),
            ("CODE_GROUP", ColumnType::Text),
            ("CULTURE_D1", ColumnType::Text),
            ("CULTURE_D2", ColumnType::Text),
        ],
    }],
    survey: |survey| vec![parcels(survey)],
};

/// Least area that is declared, m².
const LEAST_AREA: f64 = 500.0;
/// Share of the parcels that are declared: fields,
const DECLARED: f64 = 0.94;
/// and vines and orchards, for which less is paid.
const DECLARED_VINES: f64 = 0.85;
/// Share of the fields that are always grass.
const MEADOWS: f64 = 0.25;

/// The code of a crop, and that of its group.
type Crop = [&'static str; 2];

const MEADOW: Crop = ["PPH", "18"];
const VINES: Crop = ["VRC", "21"];
const ORCHARD: Crop = ["VRG", "20"];
/// What is grown in turn, each as often as it is met.
const ROTATION: [Crop; 16] = [
    ["BTH", "1"],
    ["BTH", "1"],
    ["BTH", "1"],
    ["BTH", "1"],
    ["MIS", "2"],
    ["MIS", "2"],
    ["MIS", "2"],
    ["ORH", "3"],
    ["CZH", "5"],
    ["TRN", "6"],
    ["TRN", "6"],
    ["SOJ", "7"],
    ["J6S", "11"],
    ["LUZ", "16"],
    ["PTR", "19"],
    ["PTR", "19"],
];

/// What grows on farmland; the number of each is its place in `GROWTHS`.
#[derive(Clone, Copy)]
enum Growth {
    Field,
    Vines,
    Orchard,
}

const GROWTHS: [Growth; 3] = [Growth::Field, Growth::Vines, Growth::Orchard];

/// What grows on ground; nothing where no farmer grows anything. The hedges of a field are declared
/// with it.
fn growth(ground: Ground) -> Option<Growth> {
    match (ground.cover, ground.usage) {
        (cover::GRASS | cover::BROADLEAF, usage::FARMING) => Some(Growth::Field),
        (cover::VINE, usage::FARMING) => Some(Growth::Vines),
        (cover::SHRUB, usage::FARMING) => Some(Growth::Orchard),
        _ => None,
    }
}

/// The declared parcels: farmland, cut at the limits of parcels and where another crop begins.
fn parcels(survey: &Survey) -> Vec<Record> {
    let limits = &survey.picture.register.parcels;
    let count = limits.len() as u32;
    let mut builder = Builder::new();
    for limit in limits {
        let item = builder.item();
        builder.ring(item, &to_grid(limit));
    }
    let mut growths = Vec::new();
    for object in survey.objects() {
        if let Some(growth) = growth(object.ground) {
            growths.push(growth);
            let item = builder.item();
            for ring in object.polygon.rings() {
                builder.ring(item, ring);
            }
        }
    }
    let overlay = builder.build();
    let kinds = GROWTHS.len() as u32;
    // The number of the parcel and of what grows there, from 1 on; 0 elsewhere.
    let key = |face: FaceId| match (overlay.items(face).first(), overlay.items(face).last()) {
        (Some(&parcel), Some(&object)) if parcel < count && object >= count => {
            1 + parcel * kinds + growths[(object - count) as usize] as u32
        }
        _ => 0,
    };
    let faces = 0..overlay.partition.face_count() as FaceId;
    let keys: Vec<u32> = faces.map(key).collect();
    let merged = overlay.partition.dissolve(&keys);
    let mut told = Vec::new();
    for face in 0..merged.partition.face_count() as FaceId {
        let Some(key) = keys[merged.members[face as usize] as usize].checked_sub(1) else {
            continue;
        };
        let Some(polygon) = merged.partition.polygon(face) else {
            continue;
        };
        let (parcel, growth) = (key / kinds, GROWTHS[(key % kinds) as usize]);
        let area = square_metres(&polygon);
        if area < LEAST_AREA {
            continue;
        }
        let Some([crop, group]) = declared(survey, parcel as usize, growth) else {
            continue;
        };
        let (column, row) = survey.cell;
        told.push(Record {
            shape: Shape::Area(polygon),
            fields: vec![
                Field::Text(format!("{column:03}{row:03}{:04}", told.len() + 1)),
                Field::Real((area / 100.0).round() / 100.0),
                Field::Term(crop),
                Field::Term(group),
                Field::Empty,
                Field::Empty,
            ],
        });
    }
    told
}

/// The crop of the year on a parcel; none when it is not declared.
fn declared(survey: &Survey, parcel: usize, growth: Growth) -> Option<Crop> {
    let (seed, (column, row)) = (survey.layout.seed, survey.cell);
    let mut lasting = chance(seed, Subject::Parcel, &[column, row, parcel]);
    let (draw, is_meadow) = (lasting.between(0.0, 1.0), lasting.happens(MEADOWS));
    let (share, crop) = match growth {
        Growth::Vines => (DECLARED_VINES, VINES),
        Growth::Orchard => (DECLARED_VINES, ORCHARD),
        Growth::Field if is_meadow => (DECLARED, MEADOW),
        Growth::Field => {
            let numbers = [column, row, parcel, survey.date];
            let mut of_year = chance(seed, Subject::Parcel, &numbers);
            (DECLARED, ROTATION[of_year.below(ROTATION.len())])
        }
    };
    (draw < share).then_some(crop)
}

//! BD TOPO V3, of IGN: buildings, roads, railways, water, and the grounds of what serves everyone.
//! New buildings are late, some are never seen, all lie a little aside; the use of many is not told.

use std::collections::HashSet;
use std::f64::consts::TAU;

use super::fichiers_fonciers::premises;
use super::{
    Field, Layer, Product, Record, Shape, Survey, first, identifier, perimeter, polygon, side,
    square_metres,
};
use crate::grid::Point;
use crate::partition::Polygon;
use crate::publish::{ColumnType, LayerKind};
use crate::twin::chance::{Chance, Draw, Subject};
use crate::twin::layout::Seam;
use crate::twin::palette::{ROAD, cover, usage};
use crate::twin::register::{Class, Holder, Holding};
use crate::twin::scene::Object;
use crate::twin::shapes::{Vector, centre, contains, to_grid};
use crate::twin::sites::{CAR_PARK, Corners, PITCH, RUNWAY, SERVICES, Site, WHOLE};

/// What IGN tells of the ground.
pub(super) const PRODUCT: Product = Product {
    name: "bd_topo",
    layers: &[
        Layer {
            name: "batiment",
            kind: LayerKind::Polygon,
            columns: &[
                ("ID", ColumnType::Text),
                ("NATURE", ColumnType::Text),
                ("USAGE1", ColumnType::Text),
                ("USAGE2", ColumnType::Text),
                ("LEGER", ColumnType::Text),
                ("ETAT", ColumnType::Text),
                ("NB_LOGTS", ColumnType::Integer),
                ("HAUTEUR", ColumnType::Real),
            ],
        },
        Layer {
            name: "troncon_de_route",
            kind: LayerKind::LineString,
            columns: &[
                ("ID", ColumnType::Text),
                ("NATURE", ColumnType::Text),
                ("IMPORTANCE", ColumnType::Text),
                ("FICTIF", ColumnType::Text),
                ("POS_SOL", ColumnType::Text),
                ("ETAT", ColumnType::Text),
                ("NB_VOIES", ColumnType::Integer),
                ("LARGEUR", ColumnType::Real),
            ],
        },
        Layer {
            name: "troncon_de_voie_ferree",
            kind: LayerKind::LineString,
            columns: &[
                ("ID", ColumnType::Text),
                ("NATURE", ColumnType::Text),
                ("POS_SOL", ColumnType::Text),
                ("ETAT", ColumnType::Text),
                ("NB_VOIES", ColumnType::Integer),
                ("LARGEUR", ColumnType::Text),
            ],
        },
        Layer {
            name: "surface_hydrographique",
            kind: LayerKind::Polygon,
            columns: &[
                ("ID", ColumnType::Text),
                ("NATURE", ColumnType::Text),
                ("POS_SOL", ColumnType::Text),
                ("PERSISTANC", ColumnType::Text),
            ],
        },
        Layer {
            name: "zone_d_activite_ou_d_interet",
            kind: LayerKind::Polygon,
            columns: &[
                ("ID", ColumnType::Text),
                ("CATEGORIE", ColumnType::Text),
                ("NATURE", ColumnType::Text),
                ("NAT_DETAIL", ColumnType::Text),
                ("FICTIF", ColumnType::Text),
                ("ETAT", ColumnType::Text),
            ],
        },
        grounds("cimetiere"),
        grounds("terrain_de_sport"),
        grounds("equipement_de_transport"),
        grounds("aerodrome"),
        grounds("piste_d_aerodrome"),
    ],
    survey: |survey| {
        vec![
            buildings(survey),
            roads(survey),
            railways(survey),
            waters(survey),
            zones(survey),
            grounds_of(survey, "CIMETIER", &CEMETERIES),
            grounds_of(survey, "TERRSPOR", &SPORTS_GROUNDS),
            grounds_of(survey, "EQUITRAN", &EQUIPMENT),
            grounds_of(survey, "AERODROM", &AERODROMES),
            grounds_of(survey, "PISTAERO", &RUNWAYS),
        ]
    },
};

/// A layer of grounds of which only the nature is told.
const fn grounds(name: &'static str) -> Layer {
    Layer {
        name,
        kind: LayerKind::Polygon,
        columns: &[("ID", ColumnType::Text), ("NATURE", ColumnType::Text)],
    }
}

/// Share of the buildings that were never seen,
const MISSED: f64 = 0.03;
/// and of those of the last period that are not told yet.
const LATE: f64 = 0.3;
/// Farthest that an outline lies aside, m.
const ASIDE: f64 = 0.5;
/// Share of the buildings whose use is not told.
const UNDIFFERENTIATED: f64 = 0.4;
/// Share of the dwellings that are told to be outbuildings.
const OUTBUILDINGS: f64 = 0.07;
/// Share of the buildings whose height is not told,
const NO_HEIGHT: f64 = 0.02;
/// and of those of which it is not told how many homes they have.
const NO_HOMES: f64 = 0.3;
/// Share of the roads whose width is not told.
const NO_WIDTH: f64 = 0.02;
/// What a road has on each side of its carriageway, m.
const SHOULDER: f64 = 1.0;
/// Narrowest carriageway that is told, m.
const NARROWEST: f64 = 3.0;
/// Carriageway from which a road has two lanes, m.
const TWO_LANES: f64 = 5.0;
/// Half width of a main road, m.
const MAIN_ROAD: f64 = 5.0;
/// Spacing of the places at which a track is asked whether it is in the cell, m.
const STEP: f64 = 2.0;
/// Roundness, 1 for a circle, below which water flows.
const FLOWING: f64 = 0.15;
/// Area below which still water is a pond, m².
const POND: f64 = 5_000.0;
/// Share of the ponds that were not seen.
const MISSED_PONDS: f64 = 0.1;
/// Share of the zones of activity that are not told.
const MISSED_ZONES: f64 = 0.05;

const IN_SERVICE: Field = Field::Term("En service");
const ON_THE_GROUND: Field = Field::Term("0");
const NOT_FICTIVE: Field = Field::Term("Non");

/// Buildings.
fn buildings(survey: &Survey) -> Vec<Record> {
    let built = |date: usize| {
        let objects = survey.picture.objects[date].iter();
        objects.filter(|object| object.ground.cover == cover::BUILT)
    };
    let earlier: Option<HashSet<&[Point]>> = survey.date.checked_sub(1).map(|before| {
        built(before)
            .map(|object| object.polygon.exterior.as_slice())
            .collect()
    });
    built(survey.date)
        .filter_map(|object| {
            let outline = object.polygon.exterior.as_slice();
            let is_new = earlier.as_ref().is_some_and(|e| !e.contains(outline));
            building(survey, object, is_new)
        })
        .collect()
}

fn building(survey: &Survey, object: &Object, is_new: bool) -> Option<Record> {
    let place = first(&object.polygon);
    let mut chance = survey.chance(Subject::Building, place);
    let (is_missed, is_late) = (chance.happens(MISSED), chance.happens(LATE));
    if is_missed || is_new && is_late {
        return None;
    }
    let aside = Vector::towards(chance.between(0.0, TAU), chance.between(0.0, ASIDE));
    let holding = middle(&object.polygon)
        .and_then(|place| survey.picture.register.holding_at(place, survey.date));
    let (uses, nature) = uses(survey, object, holding, &mut chance);
    let is_light = uses[0] == "Annexe" || chance.happens(0.05);
    let [first_use, second_use] = match chance.happens(UNDIFFERENTIATED) {
        true => ["Indifférencié", ""],
        false => uses,
    };
    let homes = holding
        .and_then(|holding| premises(survey, holding))
        .map(|premises| premises.houses + premises.flats)
        .filter(|&homes| homes > 0 && !chance.happens(NO_HOMES));
    let height = match object.ground.usage {
        usage::RESIDENTIAL | usage::MIXED | usage::TERTIARY => chance.between(3.5, 8.5),
        _ => chance.between(5.0, 11.0),
    };
    Some(Record {
        shape: Shape::Area(moved(&object.polygon, aside)),
        fields: vec![
            identifier("BATIMENT", side(&object.polygon)),
            Field::Term(nature),
            Field::Term(first_use),
            match second_use {
                "" => Field::Empty,
                second_use => Field::Term(second_use),
            },
            Field::Term(if is_light { "Oui" } else { "Non" }),
            IN_SERVICE,
            homes.map_or(Field::Empty, Field::Integer),
            match chance.happens(NO_HEIGHT) {
                true => Field::Empty,
                false => Field::Real((height * 10.0).round() / 10.0),
            },
        ],
    })
}

/// The uses of a building, the second one empty as a rule, and its nature.
fn uses(
    survey: &Survey,
    object: &Object,
    holding: Option<&Holding>,
    chance: &mut Chance,
) -> ([&'static str; 2], &'static str) {
    const PLAIN: &str = "Indifférenciée";
    const HALL: &str = "Industriel, agricole ou commercial";
    const SHOPS: &str = "Commercial et services";
    let holder = holding.map(|holding| holding.holder);
    let is_church = holding
        .filter(|holding| holding.holder == Holder::PublicBuilding)
        .is_some_and(|holding| service(survey, holding).category == RELIGION);
    match object.ground.usage {
        usage::RESIDENTIAL if chance.happens(OUTBUILDINGS) => (["Annexe", ""], PLAIN),
        usage::RESIDENTIAL => (["Résidentiel", ""], PLAIN),
        usage::MIXED if chance.happens(0.5) => (["Résidentiel", SHOPS], PLAIN),
        usage::MIXED => ([SHOPS, "Résidentiel"], PLAIN),
        usage::TERTIARY if is_church => (["Religieux", ""], "Eglise"),
        usage::TERTIARY if holder == Some(Holder::Site(Site::SportsGround)) => {
            (["Sportif", ""], PLAIN)
        }
        usage::FARMING => (["Agricole", ""], HALL),
        usage::OTHER_PRIMARY => (["Agricole", ""], "Serre"),
        usage::FISHING => (["Agricole", ""], PLAIN),
        usage::SECONDARY | usage::EXTRACTION | usage::LOGISTICS | usage::UTILITY => {
            (["Industriel", ""], HALL)
        }
        usage::ABANDONED | usage::UNKNOWN => (["Indifférencié", ""], HALL),
        _ => ([SHOPS, ""], PLAIN),
    }
}

/// The middle of the outline of a polygon.
fn middle(polygon: &Polygon) -> Option<Vector> {
    let corners = polygon.exterior.split_last()?.1;
    let corners: Vec<Vector> = corners.iter().map(|&corner| vector(corner)).collect();
    Some(centre(&corners))
}

fn vector(point: Point) -> Vector {
    let (x, y) = point.metres();
    Vector::new(x, y)
}

/// A polygon moved as a whole.
fn moved(polygon: &Polygon, aside: Vector) -> Polygon {
    let (east, north) = (
        (aside.x * 100.0).round() as i32,
        (aside.y * 100.0).round() as i32,
    );
    let ring = |ring: &Vec<Point>| -> Vec<Point> {
        let points = ring.iter();
        points
            .map(|point| Point::new(point.x + east, point.y + north))
            .collect()
    };
    Polygon {
        exterior: ring(&polygon.exterior),
        holes: polygon.holes.iter().map(ring).collect(),
    }
}

/// Roads, streets and tracks: those of the cell, and those on its west and south.
fn roads(survey: &Survey) -> Vec<Record> {
    let mut told = Vec::new();
    let (layout, (column, row)) = (survey.layout, survey.cell);
    for seam in [Seam::East(column, row), Seam::North(column, row)] {
        let ribbon = layout.ribbon(seam).filter(|ribbon| ribbon.ground == ROAD);
        if let Some(ribbon) = ribbon {
            let importance = match ribbon.half_width {
                half_width if half_width >= MAIN_ROAD => "3",
                _ if ribbon.ossature => "4",
                _ => "5",
            };
            let axis = layout.seam(seam);
            told.push(road(survey, &axis, ribbon.half_width, importance));
        }
    }
    let outline: Vec<Vector> = survey.picture.outline.iter().map(|&p| vector(p)).collect();
    let ways = survey.picture.register.ways.iter();
    for way in ways.filter(|way| way.since <= survey.date) {
        match way.class {
            Class::Railway => {}
            Class::Track => told.extend(within(&way.line, &outline).map(track)),
            Class::Local | Class::Street | Class::Lane => {
                let stretches = way.stretches(survey.date).into_iter();
                told.extend(stretches.map(|(axis, half)| road(survey, axis, half, "5")));
            }
        }
    }
    told
}

fn road(survey: &Survey, axis: &[Vector], half_width: f64, importance: &'static str) -> Record {
    let axis = to_grid(axis);
    let ends = ends(&axis);
    // Widths are told to half a metre.
    let carriageway = (2.0 * (half_width - SHOULDER) * 2.0).round() / 2.0;
    let carriageway = carriageway.max(NARROWEST);
    let is_untold = survey.chance(Subject::Way, ends[1]).happens(NO_WIDTH);
    let fields = vec![
        identifier("TRONROUT", ends),
        Field::Term("Route à 1 chaussée"),
        Field::Term(importance),
        NOT_FICTIVE,
        ON_THE_GROUND,
        IN_SERVICE,
        Field::Integer(if carriageway < TWO_LANES { 1 } else { 2 }),
        match is_untold {
            true => Field::Empty,
            false => Field::Real(carriageway),
        },
    ];
    Record {
        shape: Shape::Line(axis),
        fields,
    }
}

/// A track, whose width is never told.
fn track(ends: [Vector; 2]) -> Record {
    let axis = to_grid(&ends);
    let fields = vec![
        identifier("TRONROUT", self::ends(&axis)),
        Field::Term("Chemin"),
        Field::Term("6"),
        NOT_FICTIVE,
        ON_THE_GROUND,
        IN_SERVICE,
        Field::Empty,
        Field::Real(0.0),
    ];
    Record {
        shape: Shape::Line(axis),
        fields,
    }
}

/// The part of a straight line that lies in a ring.
fn within(line: &[Vector], ring: &[Vector]) -> Option<[Vector; 2]> {
    let (&start, &end) = (line.first()?, line.last()?);
    let steps = (start.distance(end) / STEP).ceil().max(1.0);
    let places = (0..=steps as usize).map(|n| start.on_the_way(end, n as f64 / steps));
    let mut inside = places.filter(|&place| contains(ring, place));
    let first = inside.next()?;
    Some([first, inside.next_back()?])
}

/// The first and the last point of a line.
fn ends(line: &[Point]) -> [Point; 2] {
    // Lines have points: the fallback is never reached.
    [line.first(), line.last()].map(|end| end.copied().unwrap_or(Point::new(0, 0)))
}

fn railways(survey: &Survey) -> Vec<Record> {
    let ways = survey.picture.register.ways.iter();
    ways.filter(|way| way.class == Class::Railway)
        .map(|way| {
            let axis = to_grid(&way.line);
            let fields = vec![
                identifier("TRONFERR", ends(&axis)),
                Field::Term("Voie ferrée principale"),
                ON_THE_GROUND,
                IN_SERVICE,
                Field::Integer(2),
                Field::Term("Normale"),
            ];
            Record {
                shape: Shape::Line(axis),
                fields,
            }
        })
        .collect()
}

/// Water, but for the sea and the pools of gardens.
fn waters(survey: &Survey) -> Vec<Record> {
    if survey.layout.is_shore(survey.cell.1) {
        return Vec::new();
    }
    let water = |object: &Object| {
        let place = first(&object.polygon);
        let nature = water(object)?;
        let is_pond = nature == "Mare";
        if is_pond && survey.chance(Subject::Pond, place).happens(MISSED_PONDS) {
            return None;
        }
        Some(Record {
            shape: Shape::Area(object.polygon.clone()),
            fields: vec![
                identifier("SURFHYDR", side(&object.polygon)),
                Field::Term(nature),
                ON_THE_GROUND,
                Field::Term("Permanent"),
            ],
        })
    };
    survey.objects().iter().filter_map(water).collect()
}

/// The nature of water; none of what is not told.
fn water(object: &Object) -> Option<&'static str> {
    let area = square_metres(&object.polygon);
    let is_flowing = 2.0 * TAU * area / perimeter(&object.polygon).powi(2) < FLOWING;
    match (object.ground.cover, object.ground.usage) {
        (cover::SNOW, _) => Some("Glacier, névé"),
        (cover::WATER, usage::NONE) if is_flowing => Some("Ecoulement naturel"),
        (cover::WATER, usage::NONE) if area < POND => Some("Mare"),
        (cover::WATER, usage::NONE) => Some("Lac"),
        (cover::WATER, usage::WATERWAY) if is_flowing => Some("Canal"),
        (cover::WATER, usage::WATERWAY) => Some("Retenue-bassin portuaire"),
        (cover::WATER, usage::EXTRACTION) => Some("Plan d'eau de gravière"),
        (cover::WATER, usage::FISHING) => Some("Réservoir-bassin piscicole"),
        (cover::WATER, usage::UTILITY) => Some("Réservoir-bassin"),
        _ => None,
    }
}

/// What a zone of activity or interest is.
#[derive(Clone, Copy)]
struct Activity {
    category: &'static str,
    nature: &'static str,
    detail: &'static str,
}

const RELIGION: &str = "Religieux";
const ADMINISTRATION: &str = "Administratif ou militaire";
const BUSINESS: &str = "Industriel et commercial";

const fn activity(category: &'static str, nature: &'static str, detail: &'static str) -> Activity {
    Activity {
        category,
        nature,
        detail,
    }
}

/// What public buildings other than the town hall are.
const PUBLIC_SERVICES: [Activity; 6] = [
    activity(RELIGION, "Culte chrétien", "Eglise"),
    activity("Science et enseignement", "Enseignement primaire", ""),
    activity("Science et enseignement", "Enseignement primaire", ""),
    activity(ADMINISTRATION, "Poste", ""),
    activity(ADMINISTRATION, "Caserne de pompiers", ""),
    activity("Culture et loisirs", "Salle de spectacle ou conférence", ""),
];

/// What the public building of a holding is.
fn service(survey: &Survey, holding: &Holding) -> Activity {
    let mut chance = survey.chance(Subject::Service, holding.lot.centre().to_grid());
    PUBLIC_SERVICES[chance.below(PUBLIC_SERVICES.len())]
}

/// Zones of activity or interest: whole lots.
fn zones(survey: &Survey) -> Vec<Record> {
    held(survey)
        .filter_map(|holding| {
            let (activity, (low, high)) = zone(survey, holding)?;
            let polygon = polygon(&holding.lot.share(low, high));
            let mut chance = survey.chance(Subject::Zone, first(&polygon));
            let (is_missed, is_late) = (chance.happens(MISSED_ZONES), chance.happens(LATE));
            let is_new = survey.date > 0 && holding.since == survey.date;
            if is_missed || is_new && is_late {
                return None;
            }
            Some(Record {
                fields: vec![
                    identifier("SURFACTI", side(&polygon)),
                    Field::Term(activity.category),
                    Field::Term(activity.nature),
                    match activity.detail {
                        "" => Field::Empty,
                        detail => Field::Term(detail),
                    },
                    NOT_FICTIVE,
                    IN_SERVICE,
                ],
                shape: Shape::Area(polygon),
            })
        })
        .collect()
}

/// The activity of a holding, and the part of its lot; none where there is none to be told.
fn zone(survey: &Survey, holding: &Holding) -> Option<(Activity, Corners)> {
    let activity = match holding.holder {
        Holder::TownHall => activity(ADMINISTRATION, "Mairie", ""),
        Holder::PublicBuilding => service(survey, holding),
        Holder::Park => activity("Culture et loisirs", "Espace public", ""),
        Holder::Site(site) => match site {
            Site::Centre => return Some((activity("Santé", "Hôpital", ""), SERVICES)),
            Site::Quarry => activity(BUSINESS, "Carrière", ""),
            Site::Industry if holding.since == 0 => activity(BUSINESS, "Usine", ""),
            Site::Industry => activity(BUSINESS, "Zone industrielle", "Zone artisanale"),
            Site::Logistics => activity(BUSINESS, "Divers commercial", ""),
            Site::SolarField => {
                activity(BUSINESS, "Centrale électrique", "Centrale photovoltaïque")
            }
            Site::Composting => activity(BUSINESS, "Déchèterie", ""),
            Site::WaterWorks => activity("Gestion des eaux", "Station d'épuration", ""),
            Site::FishPonds => activity(BUSINESS, "Aquaculture", ""),
            Site::ForestNursery => activity(BUSINESS, "Divers agricole", ""),
            Site::SportsGround => activity("Sport", "Stade", ""),
            _ => return None,
        },
        Holder::House | Holder::TownHouse(_) | Holder::Square | Holder::Farmyard => return None,
    };
    Some((activity, WHOLE))
}

/// The holdings at the date.
fn held<'a>(survey: &'a Survey) -> impl Iterator<Item = &'a Holding> {
    let holdings = survey.picture.register.holdings.iter();
    holdings.filter(|holding| holding.is_held(survey.date))
}

/// Grounds of a holder: a part of its lot, and their nature.
type Grounds = (Holder, Corners, &'static str);

const CEMETERIES: [Grounds; 1] = [(Holder::Site(Site::Cemetery), WHOLE, "Civil")];
const SPORTS_GROUNDS: [Grounds; 1] = [(
    Holder::Site(Site::SportsGround),
    PITCH,
    "Grand terrain de sport",
)];
const AERODROMES: [Grounds; 1] = [(Holder::Site(Site::Aerodrome), WHOLE, "Aérodrome")];
const RUNWAYS: [Grounds; 1] = [(Holder::Site(Site::Aerodrome), RUNWAY, "Piste en dur")];
const EQUIPMENT: [Grounds; 5] = [
    (Holder::Square, WHOLE, "Parking"),
    (Holder::Site(Site::SportsGround), CAR_PARK, "Parking"),
    (
        Holder::Site(Site::Station),
        WHOLE,
        "Gare voyageurs uniquement",
    ),
    (Holder::Site(Site::Port), WHOLE, "Port"),
    (Holder::Site(Site::CableStation), WHOLE, "Gare téléphérique"),
];

/// The grounds of these kinds.
fn grounds_of(survey: &Survey, prefix: &str, kinds: &[Grounds]) -> Vec<Record> {
    let ground = |holding: &Holding| {
        let of_holder = |kind: &&Grounds| kind.0 == holding.holder;
        let &(_, (low, high), nature) = kinds.iter().find(of_holder)?;
        let polygon = polygon(&holding.lot.share(low, high));
        Some(Record {
            fields: vec![identifier(prefix, side(&polygon)), Field::Term(nature)],
            shape: Shape::Area(polygon),
        })
    };
    held(survey).filter_map(ground).collect()
}

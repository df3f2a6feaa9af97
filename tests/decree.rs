//! The decree's rule on small drawings: thresholds, forcing, edges (article R.101-1 of the code
//! de l'urbanisme, décret n° 2023-1096; the three cases are those that the ministry illustrates).

mod support;

use support::drawn::{Drawing, Ring, object, rectangle};
use support::{Outputs, exact};

/// Grass of a field, and ground of a road, a building, a garden.
const FIELD: (&str, &str) = ("CS2.2.1", "US1.1");
const ROAD: (&str, &str) = ("CS1.1.1.2", "US4.1.1");
const BUILDING: (&str, &str) = ("CS1.1.1.1", "US5");
const GARDEN: (&str, &str) = ("CS2.2.1", "US5");

/// A square of 400 m of `ground`, with things drawn in it (each cut out of the ground), well
/// inside the data; returns the artificialised area by the published variant and by the other.
fn artificial(ground: (&str, &str), things: &[((&str, &str), Ring)]) -> (i64, i64) {
    let frame = rectangle(0.0, 0.0, 400.0, 400.0);
    let mut rings = vec![&frame];
    rings.extend(things.iter().map(|(_, ring)| ring));
    let mut objects = vec![object(ground.0, ground.1, &rings)];
    objects.extend(
        things
            .iter()
            .map(|((cs, us), ring)| object(cs, us, &[ring])),
    );
    of_objects(objects)
}

fn of_objects(objects: Vec<serde_json::Value>) -> (i64, i64) {
    let folder = tempfile::TempDir::new().unwrap();
    let file = Drawing::default()
        .vintage(2020, objects)
        .write(folder.path());
    let outputs = Outputs::of(&file);
    support::assert_closed(&outputs);
    let variants = outputs.table("variants");
    let area = |column: &str| exact(&variants[0][column]) / 20_000;
    (area("published_m2"), area("other_forcing_m2"))
}

#[test]
fn a_small_natural_patch_within_artificial_ground_is_artificial() {
    let hole = rectangle(100.0, 100.0, 140.0, 150.0); // 2 000 m²
    assert_eq!(artificial(ROAD, &[(FIELD, hole)]), (160_000, 160_000));
    let hole = rectangle(100.0, 100.0, 150.0, 150.0); // 2 500 m²: at the threshold, it stays
    assert_eq!(artificial(ROAD, &[(FIELD, hole)]), (157_500, 157_500));
}

#[test]
fn a_small_artificial_patch_within_natural_ground_is_not() {
    let yard = rectangle(100.0, 100.0, 140.0, 150.0);
    assert_eq!(artificial(FIELD, &[(ROAD, yard)]), (0, 0));
    let yard = rectangle(100.0, 100.0, 150.0, 150.0);
    assert_eq!(artificial(FIELD, &[(ROAD, yard)]), (2_500, 2_500));
}

#[test]
fn a_building_of_fifty_square_metres_is_always_artificial() {
    let house = rectangle(100.0, 100.0, 110.0, 105.0); // 50 m²
    assert_eq!(artificial(FIELD, &[(BUILDING, house)]), (50, 50));
    let shed = rectangle(100.0, 100.0, 107.0, 107.0); // 49 m²
    assert_eq!(artificial(FIELD, &[(BUILDING, shed)]), (0, 0));
    // Two halves of a house are connected: together they reach the threshold.
    let halves = [
        (BUILDING, rectangle(100.0, 100.0, 105.0, 105.0)),
        (("CS1.1.1.1", "US3"), rectangle(105.0, 100.0, 110.0, 105.0)),
    ];
    assert_eq!(artificial(FIELD, &halves), (50, 50));
}

#[test]
fn both_variants_of_the_forcing_are_given() {
    // A house (100 m²) in its garden (900 m² around it), all below 2 500 m².
    let house = rectangle(110.0, 110.0, 120.0, 120.0);
    let garden = rectangle(100.0, 100.0, 120.0, 150.0);
    let frame = rectangle(0.0, 0.0, 400.0, 400.0);
    let objects = |more: Vec<serde_json::Value>| {
        let mut all = vec![
            object(FIELD.0, FIELD.1, &[&frame, &garden]),
            object(BUILDING.0, BUILDING.1, &[&house]),
            object(GARDEN.0, GARDEN.1, &[&garden, &house]),
        ];
        all.extend(more);
        all
    };
    assert_eq!(of_objects(objects(vec![])), (100, 1_000));
}

#[test]
fn patches_that_touch_at_a_point_are_one() {
    // Two yards of 1 600 m² at one corner: 3 200 m² together.
    let yards = [
        (ROAD, rectangle(100.0, 100.0, 140.0, 140.0)),
        (ROAD, rectangle(140.0, 140.0, 180.0, 180.0)),
    ];
    assert_eq!(artificial(FIELD, &yards), (3_200, 3_200));
    // Apart by a centimetre, neither is.
    let yards = [
        (ROAD, rectangle(100.0, 100.0, 140.0, 140.0)),
        (ROAD, rectangle(140.01, 140.0, 180.0, 180.0)),
    ];
    assert_eq!(artificial(FIELD, &yards), (0, 0));
}

#[test]
fn two_small_neighbours_of_opposite_status_both_flip() {
    // In a field: a yard of 2 000 m² around a meadow... each patch flips once, all at once: the
    // road ring (2 000 m²) becomes natural, the field within it (2 000 m²) becomes artificial.
    let outer = rectangle(100.0, 100.0, 150.0, 180.0); // 4 000 m²
    let inner = rectangle(105.0, 120.0, 145.0, 170.0); // 2 000 m²
    let frame = rectangle(0.0, 0.0, 400.0, 400.0);
    let objects = vec![
        object(FIELD.0, FIELD.1, &[&frame, &outer]),
        object(ROAD.0, ROAD.1, &[&outer, &inner]),
        object(FIELD.0, "US6.3", &[&inner]),
    ];
    assert_eq!(of_objects(objects), (2_000, 2_000));
}

#[test]
fn a_patch_at_the_edge_of_the_data_keeps_its_status() {
    let yard = rectangle(0.0, 100.0, 40.0, 140.0); // 1 600 m² at the western edge
    let frame = rectangle(0.0, 0.0, 400.0, 400.0);
    let folder = tempfile::TempDir::new().unwrap();
    let file = Drawing::default()
        .vintage(
            2020,
            vec![
                object(FIELD.0, FIELD.1, &[&frame_without(&frame, &yard)]),
                object(ROAD.0, ROAD.1, &[&yard]),
            ],
        )
        .write(folder.path());
    let outputs = Outputs::of(&file);
    assert_eq!(
        exact(&outputs.table("stock")[0]["artificial_m2"]) / 20_000,
        1_600
    );
    // Both patches touch the edge, and are flagged so.
    assert_eq!(
        exact(&outputs.table("coverage")[0]["edge_m2"]) / 20_000,
        160_000
    );
}

/// The frame less a rectangle at its western edge.
fn frame_without(frame: &Ring, yard: &Ring) -> Ring {
    vec![
        frame[0], frame[1], frame[2], frame[3], yard[3], yard[2], yard[1], yard[0],
    ]
}

#[test]
fn thresholds_see_across_commune_limits() {
    // A yard of 3 200 m², half in each commune: neither half alone would be artificial.
    let yard = rectangle(160.0, 100.0, 240.0, 140.0);
    let frame = rectangle(0.0, 0.0, 400.0, 400.0);
    let folder = tempfile::TempDir::new().unwrap();
    let file = Drawing::default()
        .commune("32001", rectangle(0.0, 0.0, 200.0, 400.0))
        .commune("32002", rectangle(200.0, 0.0, 400.0, 400.0))
        .vintage(
            2020,
            vec![
                object(FIELD.0, FIELD.1, &[&frame, &yard]),
                object(ROAD.0, ROAD.1, &[&yard]),
            ],
        )
        .write(folder.path());
    let outputs = Outputs::of(&file);
    let artificial: Vec<i64> = outputs
        .table("stock")
        .iter()
        .map(|r| exact(&r["artificial_m2"]) / 20_000)
        .collect();
    assert_eq!(artificial, [1_600, 1_600]);
}

#[test]
fn ground_of_unknown_status_joins_no_patch() {
    // A field of 2 000 m² between a road and unknown ground: too small alone, so it flips; the
    // unknown ground stays unknown.
    let frame = rectangle(0.0, 0.0, 400.0, 400.0);
    let field = rectangle(100.0, 100.0, 140.0, 150.0);
    let unknown = rectangle(140.0, 100.0, 180.0, 150.0);
    let objects = vec![
        object(
            ROAD.0,
            ROAD.1,
            &[&frame, &rectangle(100.0, 100.0, 180.0, 150.0)],
        ),
        object(FIELD.0, FIELD.1, &[&field]),
        object("INDETERMINE", "US5", &[&unknown]),
    ];
    assert_eq!(of_objects(objects), (158_000, 158_000));
}

#[test]
fn exempted_parks_are_a_second_series_of_status() {
    let frame = rectangle(0.0, 0.0, 400.0, 400.0);
    let park = rectangle(100.0, 100.0, 200.0, 200.0);
    let wood = rectangle(120.0, 120.0, 140.0, 140.0);
    let path = rectangle(150.0, 100.0, 160.0, 200.0);
    let folder = tempfile::TempDir::new().unwrap();
    let mut drawing = Drawing::default().vintage(
        2020,
        vec![
            object(ROAD.0, ROAD.1, &[&frame, &park]),
            object("CS2.2.1", "US3", &[&park, &wood, &path]),
            object("CS2.1.1.1", "US3", &[&wood]),
            object(ROAD.0, ROAD.1, &[&path]),
        ],
    );
    support::drawn::write_geojson(
        &folder.path().join("parks.geojson"),
        &[object("", "", &[&park])],
    );
    drawing.more =
        "[[exemptions]]\nkind = \"park\"\npath = \"parks.geojson\"\nfrom = 2019\n".into();
    let outputs = Outputs::of(&drawing.write(folder.path()));
    let variants = outputs.table("variants");
    let area = |column: &str| exact(&variants[0][column]) / 20_000;
    // The wood (400 m²) is a small natural patch in artificial ground.
    assert_eq!(area("published_m2"), 160_000);
    // Exempted: the lawn, and the wood with it; the path (1 000 m²) stays, joined to the road.
    assert_eq!(area("with_exemptions_m2"), 160_000 - 9_000);
    // Dated: an exemption from 2021 on does not touch the vintage of 2020.
    drawing.more = drawing.more.replace("2019", "2021");
    let outputs = Outputs::of(&drawing.write(folder.path()));
    assert_eq!(
        exact(&outputs.table("variants")[0]["with_exemptions_m2"]) / 20_000,
        160_000
    );
}

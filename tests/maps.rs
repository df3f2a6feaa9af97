//! Maps, tiles and projects.

mod support;

use std::path::Path;

use millesime::map::{self, Ground, Request, What};
use millesime::reference::Reference;
use support::Outputs;
use support::drawn::{Drawing, object, rectangle};
use tempfile::TempDir;

fn outputs(folder: &Path) -> Outputs {
    let field = rectangle(0.0, 0.0, 300.0, 200.0);
    let house = rectangle(50.0, 50.0, 120.0, 120.0);
    Outputs::of(
        &Drawing::default()
            .commune("32001", rectangle(0.0, 0.0, 150.0, 200.0))
            .commune("32002", rectangle(150.0, 0.0, 300.0, 200.0))
            .vintage(2016, vec![object("CS2.2.1", "US1.1", &[&field])])
            .vintage(
                2019,
                vec![
                    object("CS2.2.1", "US1.1", &[&field, &house]),
                    object("CS1.1.1.1", "US5", &[&house]),
                ],
            )
            .write(folder),
    )
}

fn request(out: &Path, what: What) -> Request<'_> {
    Request {
        out,
        ground: Ground::All,
        what,
        period: None,
        is_after: true,
        series: "published",
        ortho: None,
        prediction: None,
        opacity: 0.6,
        title: None,
        width: 800,
    }
}

#[test]
fn maps_have_official_colours_a_legend_and_words_for_who_does_not_see_them() {
    let folder = TempDir::new().unwrap();
    let outputs = outputs(folder.path());
    let reference = Reference::load(None).unwrap();
    let (out, path) = (outputs.path(), folder.path().join("a.svg"));
    map::write(&request(&out, What::Pair), &path, &reference).unwrap();
    let svg = std::fs::read_to_string(&path).unwrap();
    for part in [
        "#ff377a",
        "Zones bâties",
        "artificialisation",
        "<title>",
        "<desc>",
        ">N<",
        "Source",
    ] {
        assert!(svg.contains(part), "{part}");
    }
    // The house of 70 by 70 metres on ground of 300: its corners, in the pixels of the map.
    let changes = Request {
        width: 932,
        ..request(&out, What::Changes)
    };
    map::write(&changes, &path, &reference).unwrap();
    let path = folder.path().join("a.png");
    map::write(&changes, &path, &reference).unwrap();
    let png = std::fs::read(&path).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    assert_eq!(u32::from_be_bytes(png[16..20].try_into().unwrap()), 932);
}

#[test]
fn maps_that_cannot_be_drawn_are_refused() {
    let folder = TempDir::new().unwrap();
    let outputs = outputs(folder.path());
    let reference = Reference::load(None).unwrap();
    let out = outputs.path();
    let refused = |request: Request, name: &str| {
        let path = folder.path().join(name);
        let message = map::write(&request, &path, &reference)
            .unwrap_err()
            .to_string();
        assert!(!path.exists());
        message
    };
    assert!(refused(request(&out, What::Pair), "a.gif").contains(".svg, .png or .pmtiles"));
    let global = refused(request(&out, What::Global), "a.png");
    assert!(global.contains("--prediction"), "{global}");
    let period = Request {
        period: Some("2016-2020"),
        ..request(&out, What::Pair)
    };
    assert!(refused(period, "a.png").contains("2016-2019"));
    let nowhere = Request {
        ground: Ground::Rectangle("1000000,1000000,1000100,1000100".to_owned()),
        ..request(&out, What::Pair)
    };
    assert!(refused(nowhere, "a.png").contains("has no ground there"));
    let wide = Request {
        width: 1_000_000,
        ..request(&out, What::Pair)
    };
    assert!(refused(wide, "a.png").contains("pixels"));
}

#[test]
fn tiles_are_one_file_the_same_every_time() {
    let folder = TempDir::new().unwrap();
    let outputs = outputs(folder.path());
    let write = |name: &str| {
        let path = folder.path().join(name);
        let count = map::tiles(&outputs.path(), "published", (13, 15), &path).unwrap();
        assert!(count >= 3, "{count}");
        std::fs::read(path).unwrap()
    };
    let bytes = write("a.pmtiles");
    assert!(bytes.starts_with(b"PMTiles\x03"));
    // Zooms, and bounds that hold the ground near Auch.
    assert_eq!((bytes[100], bytes[101]), (13, 15));
    let west = i32::from_le_bytes(bytes[102..106].try_into().unwrap());
    assert!((1_000_000..6_000_000).contains(&west), "{west}");
    assert_eq!(bytes, write("b.pmtiles"));
    let left: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let path = folder.path().join("c.pmtiles");
    assert!(map::tiles(&outputs.path(), "published", (15, 13), &path).is_err());
}

#[test]
fn a_project_has_every_vintage_and_what_changed() {
    let folder = TempDir::new().unwrap();
    let outputs = outputs(folder.path());
    let reference = Reference::load(None).unwrap();
    let into = folder.path().join("projet");
    map::project(&outputs.path(), &[], "published", &into, &reference).unwrap();
    let names = millesime::vector::Layer::names(&into.join("couches.gpkg")).unwrap();
    assert_eq!(
        names,
        [
            "occupation_sol_2016_32",
            "occupation_sol_2019_32",
            "changements_2016_2019_32"
        ]
    );
    let text = std::fs::read_to_string(into.join("projet.qgs")).unwrap();
    for name in &names {
        assert!(
            text.contains(&format!("./couches.gpkg|layername={name}")),
            "{name}"
        );
    }
    // What was there is never replaced.
    assert!(map::project(&outputs.path(), &[], "published", &into, &reference).is_err());
}

#[test]
fn ground_of_one_date_is_drawn_without_what_changed() {
    let folder = TempDir::new().unwrap();
    let field = rectangle(0.0, 0.0, 300.0, 200.0);
    let territory = Drawing::default()
        .commune("32001", field.clone())
        .vintage(2019, vec![object("CS2.2.1", "US1.1", &[&field])])
        .write(folder.path());
    let outputs = Outputs::of(&territory);
    let reference = Reference::load(None).unwrap();
    let out = outputs.path();
    let drawn = map::draw(&request(&out, What::Pair), &reference).unwrap();
    assert!(
        drawn.contains("Couverture, 2019") && !drawn.contains("Changements"),
        "{drawn}"
    );
    assert!(drawn.contains("millésime 2019"));
    let both = map::draw(&request(&out, What::CoverAndUse), &reference).unwrap();
    assert!(both.contains("Couverture, 2019") && both.contains("Usage, 2019"));
    let refused = map::draw(&request(&out, What::Changes), &reference).unwrap_err();
    assert!(refused.to_string().contains("nothing changed"), "{refused}");
    // Neither tiles nor a project show changes that are none.
    let project = folder.path().join("projet");
    map::project(&out, &[], "published", &project, &reference).unwrap();
    let text = std::fs::read_to_string(project.join("projet.qgs")).unwrap();
    assert!(text.contains("occupation_sol_2019_32") && !text.contains("changements_2019"));
    assert!(!text.contains("Étapes"));
    // The stages of a production, where they are given; a folder without any is refused.
    let produced = folder.path().join("2019");
    let message = map::project(
        &out,
        std::slice::from_ref(&produced),
        "published",
        &produced,
        &reference,
    );
    assert!(message.unwrap_err().to_string().contains("--keep-stages"));
    std::fs::create_dir_all(produced.join("stages")).unwrap();
    support::layers::Layer {
        driver: "GPKG",
        name: "OCCUPATION_SOL",
        crs: Some(2154),
        columns: &[("code_cs", false), ("code_us", false)],
        rows: &[(
            Some("POLYGON ((478000 6275000, 478100 6275000, 478100 6275100, 478000 6275000))"),
            &["CS2.2.1", "US1.1"],
        )],
    }
    .write(&produced.join("stages/1-classification.gpkg"));
    let second = folder.path().join("avec-etapes");
    map::project(&out, &[produced], "published", &second, &reference).unwrap();
    let text = std::fs::read_to_string(second.join("projet.qgs")).unwrap();
    assert!(text.contains("Étapes") && text.contains("etape_2019_1_classification_couverture"));
}

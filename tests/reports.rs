//! Reports: their figures are those of the tables, the questions that they give have their figures for an
//! answer, and every commune has a page in words that fit.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use millesime::progress::Quiet;
use millesime::reference::Reference;
use millesime::report::{COMMUNE, Request, report};
use millesime::twin::{Landscape, Twin};
use support::drawn::{Drawing, object, rectangle};
use support::{Outputs, real_data};
use tempfile::TempDir;

fn request<'a>(out: &'a Path, into: &'a Path, territories: &'a [String]) -> Request<'a> {
    Request {
        out,
        level: COMMUNE,
        territories,
        into,
        series: None,
        html: true,
        pdf: true,
        figures: true,
        sample: None,
        templates: None,
        logo: None,
        preface: None,
    }
}

fn write(request: &Request) -> millesime::error::Result<Vec<PathBuf>> {
    let reference = Reference::load(None).unwrap();
    report(request, &reference, &Quiet).map(|summary| summary.files)
}

/// Communes that each have something of their own: a house that is built, nothing that changes, no
/// ground that a vintage covers; names with an apostrophe and accents.
fn communes(folder: &Path) -> PathBuf {
    let field = rectangle(0.0, 0.0, 300.0, 200.0);
    let house = rectangle(50.0, 50.0, 120.0, 120.0);
    Drawing::default()
        .named(
            "32001",
            "L'Isle-Élancée & fils",
            rectangle(0.0, 0.0, 150.0, 200.0),
        )
        .named(
            "32002",
            "Œuvray-le-Bœuf",
            rectangle(150.0, 0.0, 300.0, 200.0),
        )
        .named("32003", "Le Désert", rectangle(300.0, 0.0, 450.0, 200.0))
        .vintage(2016, vec![object("CS2.2.1", "US1.1", &[&field])])
        .vintage(
            2019,
            vec![
                object("CS2.2.1", "US1.1", &[&field, &house]),
                object("CS1.1.1.1", "US5", &[&house]),
            ],
        )
        .write(folder)
}

fn page(files: &[PathBuf], code: &str) -> String {
    let is_it = |path: &&PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(code) && name.ends_with(".html")
    };
    std::fs::read_to_string(files.iter().find(is_it).unwrap()).unwrap()
}

#[test]
fn every_commune_has_its_page_in_words_that_fit() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&communes(folder.path()));
    let into = folder.path().join("reports");
    let files = write(&request(&outputs.path(), &into, &[])).unwrap();
    assert_eq!(files.len(), 12);
    let built = page(&files, "32001");
    assert!(built.contains("L’Isle-Élancée &amp; fils"), "{built}");
    assert!(built.contains("<data value=\"4900.00000\">0,5\u{a0}ha</data>"));
    assert!(built.contains("Entre 2016 et 2019, 0,5\u{a0}ha a été artificialisé et"));
    assert!(built.contains("class=\"changes\""));
    let quiet = page(&files, "32002");
    assert!(quiet.contains("de la commune d’Œuvray-le-Bœuf"));
    assert!(quiet.contains("aucun sol n’a changé de statut"));
    let bare = page(&files, "32003");
    assert!(
        bare.contains("Aucun millésime ne couvre le sol de la commune du Désert"),
        "{bare}"
    );
    assert!(
        !bare.contains("<svg")
            && !bare.contains("n’a changé de statut")
            && !bare.contains("id=\"flux\"")
    );
    for page in [&built, &quiet, &bare] {
        assert!(!page.contains("NaN") && !page.contains("undefined") && !page.contains(">none<"));
        // Nothing is asked of a network.
        let links = ["src=\"http", "href=\"http", "url(http", "@import"];
        assert!(links.iter().all(|link| !page.contains(link)));
    }
    let names: Vec<&str> = files
        .iter()
        .map(|f| f.file_name().unwrap().to_str().unwrap())
        .collect();
    assert!(names.contains(&"32002-Œuvray-le-Bœuf.pdf"), "{names:?}");
}

#[test]
fn a_pdf_is_archival_tagged_and_in_french() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&communes(folder.path()));
    let into = folder.path().join("reports");
    let asked = ["L'isle elancee & fils".to_owned()];
    let files = write(&request(&outputs.path(), &into, &asked)).unwrap();
    let pdf = files
        .iter()
        .find(|f| f.extension().is_some_and(|e| e == "pdf"))
        .unwrap();
    let bytes = std::fs::read(pdf).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    for what in [
        "%PDF-1.7",
        "/MarkInfo",
        "/Lang",
        "pdfaid:part",
        "pdfuaid:part",
        "fr-FR",
        "Outlines",
    ] {
        assert!(text.contains(what), "{what}");
    }
}

#[test]
fn reports_are_the_same_bytes_whenever_and_however_they_are_written() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&communes(folder.path()));
    let run = |name: &str, threads: usize| {
        let into = folder.path().join(name);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let files = pool
            .install(|| write(&request(&outputs.path(), &into, &[])))
            .unwrap();
        files
            .iter()
            .map(|f| std::fs::read(f).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(run("one", 1), run("two", 4));
}

/// Words of a command line, of which one may be in single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (n, part) in line.split('\'').enumerate() {
        match n % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

#[test]
fn every_question_of_a_report_has_its_figure_for_an_answer() {
    let folder = TempDir::new().unwrap();
    let twin = Twin {
        km2: 6,
        seed: 3,
        years: vec![2016, 2019],
        landscape: Landscape::Inland,
        is_observed: false,
        imagery: None,
        has_sources: false,
    };
    let territory = folder.path().join("twin");
    twin.write(&territory, &Quiet).unwrap();
    let outputs = Outputs::of(&territory.join("TERRITORY.toml"));
    let into = folder.path().join("reports");
    let files = write(&Request {
        html: false,
        pdf: false,
        ..request(&outputs.path(), &into, &[])
    })
    .unwrap();
    let mut asked = 0;
    for file in files
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "csv"))
    {
        for row in csv::Reader::from_path(file).unwrap().records() {
            let row = row.unwrap();
            let (exact, question) = (&row[3], &row[6]);
            if question.is_empty() {
                continue;
            }
            let mut arguments = words(question);
            assert_eq!(arguments.remove(0), "millesime");
            arguments.push("--sum".to_owned());
            let answer = Command::new(env!("CARGO_BIN_EXE_millesime"))
                .args(&arguments)
                .current_dir(outputs.folder.path())
                .output()
                .unwrap();
            let answer: f64 = String::from_utf8_lossy(&answer.stdout)
                .trim()
                .parse()
                .unwrap();
            let exact: f64 = exact.parse().unwrap();
            assert!(
                (answer - exact).abs() < 1e-4,
                "{question}: {answer}, not {exact}"
            );
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
}

#[test]
fn levels_have_reports_too() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&communes(folder.path()));
    let into = folder.path().join("reports");
    let out = outputs.path();
    let whole = Request {
        level: "territoire",
        ..request(&out, &into, &[])
    };
    let files = write(&whole).unwrap();
    let page = std::fs::read_to_string(&files[0]).unwrap();
    assert!(
        page.contains("0,5\u{a0}ha a été artificialisé et"),
        "{page}"
    );
    assert!(page.contains("3 communes"));
    let none = Request {
        level: "epsi",
        ..request(&out, &into, &[])
    };
    let message = write(&none).unwrap_err().to_string();
    assert!(message.contains("has no level epsi"), "{message}");
}

#[test]
fn what_is_wrong_is_told() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&communes(folder.path()));
    let (out, into) = (outputs.path(), folder.path().join("reports"));
    let unknown = ["Oeuvray".to_owned()];
    let message = write(&request(&out, &into, &unknown))
        .unwrap_err()
        .to_string();
    assert!(message.contains("did you mean Œuvray-le-Bœuf"), "{message}");
    // A template of the page, and one of the PDF, with an error on a line.
    for (name, text, line) in [
        (
            "rapport.html",
            "<p>\n{% if %}\n</p>",
            "rapport.html, line 2",
        ),
        (
            "rapport.html",
            "<p>\n\n{{ territory.name|unknown }}</p>",
            "rapport.html, line 3",
        ),
        ("rapport.typ", "= Titre\n\n#unknown", "rapport.typ, line 3"),
    ] {
        let templates = TempDir::new().unwrap();
        std::fs::write(templates.path().join(name), text).unwrap();
        let request = Request {
            templates: Some(templates.path()),
            ..request(&out, &into, &[])
        };
        let message = write(&request).unwrap_err().to_string();
        assert!(message.contains(line), "{message}");
    }
    // A loop that goes on, and a picture that is none.
    let templates = TempDir::new().unwrap();
    let endless = "{% for a in range(90000) %}{% for b in range(90000) %}x{% endfor %}{% endfor %}";
    std::fs::write(templates.path().join("rapport.html"), endless).unwrap();
    let request_of_endless = Request {
        templates: Some(templates.path()),
        ..request(&out, &into, &[])
    };
    assert!(write(&request_of_endless).is_err());
    let logo = folder.path().join("logo.png");
    std::fs::write(&logo, "no picture").unwrap();
    let request_of_logo = Request {
        logo: Some(&logo),
        ..request(&out, &into, &[])
    };
    let message = write(&request_of_logo).unwrap_err().to_string();
    assert!(message.contains("logo.png"), "{message}");
    let empty = TempDir::new().unwrap();
    let request = Request {
        templates: Some(empty.path()),
        ..request(&out, &into, &[])
    };
    assert!(
        write(&request)
            .unwrap_err()
            .to_string()
            .contains("has no template")
    );
}

#[test]
fn a_territory_puts_its_own_in_a_report() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&communes(folder.path()));
    let (out, into) = (outputs.path(), folder.path().join("reports"));
    let (logo, preface) = (
        folder.path().join("logo.svg"),
        folder.path().join("preface.txt"),
    );
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"10\" height=\"10\"><rect width=\"10\" height=\"10\"/></svg>";
    std::fs::write(&logo, svg).unwrap();
    std::fs::write(
        &preface,
        "Un mot du maire : bonjour.\n\nUn second <paragraphe>.",
    )
    .unwrap();
    let style = TempDir::new().unwrap();
    std::fs::write(style.path().join("rapport.css"), "body { color: teal }").unwrap();
    let asked = ["32001".to_owned()];
    let request = Request {
        logo: Some(&logo),
        preface: Some(&preface),
        templates: Some(style.path()),
        ..request(&out, &into, &asked)
    };
    let page = page(&write(&request).unwrap(), "32001");
    assert!(page.contains("data:image/svg+xml;base64,"));
    assert!(
        page.contains("<p>Un mot du maire\u{a0}: bonjour.</p>"),
        "{page}"
    );
    assert!(page.contains("Un second &lt;paragraphe&gt;."));
    assert!(page.contains("body { color: teal }"));
}

/// Real changes without any state: no stock is told, and every flux is that of the tables.
#[test]
fn real_changes_have_reports() {
    let Some(data) = real_data("real_changes_have_reports") else {
        return;
    };
    let outputs = Outputs::of_real("sybarval", &data);
    let folder = TempDir::new().unwrap();
    let asked = ["La Teste-de-Buch".to_owned()];
    let files = write(&request(&outputs.path(), folder.path(), &asked)).unwrap();
    let page = page(&files, "33529");
    assert!(page.contains("Seuls les changements sont connus ici"));
    assert!(!page.contains("id=\"stock\""));
    let flux = outputs.table("flux");
    let own = flux.iter().find(|row| row["commune"] == "33529").unwrap();
    assert!(page.contains(&format!("<data value=\"{}\">", own["artificialised_m2"])));
}

#[test]
fn one_vintage_has_a_report_with_maps() {
    let folder = TempDir::new().unwrap();
    let field = rectangle(0.0, 0.0, 300.0, 200.0);
    let house = rectangle(50.0, 50.0, 120.0, 120.0);
    let territory = Drawing::default()
        .named("32001", "Seule", rectangle(0.0, 0.0, 300.0, 200.0))
        .vintage(
            2019,
            vec![
                object("CS2.2.1", "US1.1", &[&field, &house]),
                object("CS1.1.1.1", "US5", &[&house]),
            ],
        )
        .write(folder.path());
    let outputs = Outputs::of(&territory);
    let into = folder.path().join("reports");
    let files = write(&request(&outputs.path(), &into, &[])).unwrap();
    let page = page(&files, "32001");
    assert!(page.contains("Couverture, 2019") && page.contains("Usage, 2019"));
    assert!(!page.contains("id=\"flux\""));
    // The stock can be asked for, and is what is printed.
    let mut asked = page
        .lines()
        .filter(|line| line.contains("<code>millesime query"));
    let stock = asked.find(|line| line.contains("--kind stock")).unwrap();
    let question = stock.split("<code>").nth(1).unwrap();
    let question = words(question.split("</code>").next().unwrap());
    let answer = Command::new(env!("CARGO_BIN_EXE_millesime"))
        .current_dir(outputs.folder.path())
        .args(&question[1..])
        .arg("--sum")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(answer.stdout).unwrap(), "4900.00000\n");
}

/// Draws points, has each say what the map says but for `wrong`, and gives the file.
fn checked(outputs: &Outputs, wrong: &str) -> PathBuf {
    let path = outputs.folder.path().join("points.gpkg");
    let plan = millesime::sample::Plan {
        out: outputs.path(),
        period: None,
        series: None,
        count: 120,
        seed: 1,
    };
    millesime::sample::draw(&plan, &path).unwrap();
    support::layers::update(
        &path,
        "UPDATE points SET seen_before = (stratum = 'artificial'), \
         seen_after = (stratum IN ('artificial', 'artificialised'))",
    );
    support::layers::update(&path, wrong);
    path
}

#[test]
fn checked_points_give_figures_their_interval() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&communes(folder.path()));
    let points = checked(
        &outputs,
        "UPDATE points SET seen_after = 0 WHERE fid IN \
         (SELECT fid FROM points WHERE stratum = 'artificialised' LIMIT 10)",
    );
    let (out, into) = (outputs.path(), folder.path().join("reports"));
    let with_points = |level| Request {
        level,
        sample: Some(&points),
        ..request(&out, &into, &[])
    };
    let files = write(&with_points(millesime::levels::WHOLE)).unwrap();
    let whole = page(&files, "");
    let accuracy = millesime::sample::accuracy(&points).unwrap();
    let gained = accuracy.figures.iter().find(|f| f.name == "artificialised");
    let estimate = gained.unwrap().estimate;
    let (area, half) = [estimate.area, estimate.half_width()]
        .map(millesime::french::hectares)
        .into();
    assert!(
        whole.contains(&format!("estimé {area} ± {half} (95\u{a0}%)")),
        "{whole}"
    );
    assert!(!whole.contains("non mesurée"));
    // A commune is told of what is measured, and that it is not its own.
    let files = write(&with_points(COMMUNE)).unwrap();
    let own = page(&files, "32001");
    assert!(own.contains("dont la précision propre n’est pas mesurée"));
    assert!(own.contains(&format!("± {half}")) && !own.contains("estimé "));
    // Points of another run say nothing of this one.
    let other = TempDir::new().unwrap();
    let quiet = Drawing::default()
        .named("32001", "Autre", rectangle(0.0, 0.0, 300.0, 200.0))
        .vintage(
            2016,
            vec![object(
                "CS2.2.1",
                "US1.1",
                &[&rectangle(0.0, 0.0, 300.0, 200.0)],
            )],
        )
        .vintage(
            2019,
            vec![object(
                "CS2.2.1",
                "US1.1",
                &[&rectangle(0.0, 0.0, 300.0, 200.0)],
            )],
        )
        .write(other.path());
    let quiet = Outputs::of(&quiet);
    let refused = write(&Request {
        sample: Some(&points),
        ..request(&quiet.path(), &into, &[])
    });
    assert!(refused.unwrap_err().to_string().contains("another ground"));
}

#[test]
fn a_commune_of_former_days_has_the_page_of_what_it_became() {
    let folder = TempDir::new().unwrap();
    let territory = communes(folder.path());
    let movements = "MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP\n\
        32,2019-01-01,COM,32002,Œuvray,COM,32002,Œuvray-le-Bœuf\n\
        32,2019-01-01,COM,32099,Le Bœuf,COM,32002,Œuvray-le-Bœuf\n\
        32,1973-01-01,COM,32098,La Vache,COM,32099,Le Bœuf\n\
        32,1973-01-01,COM,32099,Le Bœuf,COM,32099,Le Bœuf\n\
        10,2015-03-01,COM,32001,Lille,COM,32001,L'Isle-Élancée & fils\n";
    std::fs::write(folder.path().join("mouvements.csv"), movements).unwrap();
    let told = std::fs::read_to_string(&territory).unwrap();
    let told = told + "\n[cog]\nmovements = \"mouvements.csv\"\n";
    std::fs::write(&territory, told).unwrap();
    let outputs = Outputs::of(&territory);
    let (out, into) = (outputs.path(), folder.path().join("reports"));
    let files = write(&request(&out, &into, &[])).unwrap();
    let merged = page(&files, "32002");
    assert!(
        merged.contains("Le 1er janvier 2019, Œuvray-le-Bœuf a réuni Œuvray et Le Bœuf."),
        "{merged}"
    );
    assert!(
        merged.contains("commune d’aujourd’hui, à toutes les dates") && !merged.contains("1973")
    );
    assert!(page(&files, "32001").contains("Elle s’appelait Lille jusqu’au 1er mars 2015."));
    // By its code, by its name, and before that.
    for asked in ["32099", "le bœuf", "La Vache"] {
        let territories = [asked.to_owned()];
        let reference = Reference::load(None).unwrap();
        let summary = report(&request(&out, &into, &territories), &reference, &Quiet).unwrap();
        assert_eq!((summary.territories, summary.moved.len()), (1, 1));
        assert!(page(&summary.files, "32002").contains("a réuni"));
    }
    // One that was divided has several.
    let divided = "MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP\n\
        21,2014-01-01,COM,32097,La Grande,COM,32001,L'Isle-Élancée & fils\n\
        21,2014-01-01,COM,32097,La Grande,COM,32002,Œuvray-le-Bœuf\n";
    std::fs::write(folder.path().join("mouvements.csv"), divided).unwrap();
    let again = Outputs::of(&territory);
    let grande = ["La Grande".to_owned()];
    let message = write(&request(&again.path(), &into, &grande))
        .unwrap_err()
        .to_string();
    assert!(message.contains("32001, 32002"), "{message}");
    let refused = millesime::query::commune(&out, "Le Bœuf").unwrap_err();
    assert!(
        refused.to_string().contains("is that of 32002"),
        "{refused}"
    );
}

/// A run of tables alone has reports without maps.
#[test]
fn tables_alone_are_reported_without_maps() {
    let folder = TempDir::new().unwrap();
    let commune = rectangle(0.0, 0.0, 500.0, 300.0);
    let plot = rectangle(100.0, 100.0, 200.0, 200.0);
    let mut drawing = Drawing::default()
        .commune("32001", commune.clone())
        .vintage(2018, vec![object("CS2.2.1", "US1.1", &[&commune])])
        .vintage(
            2021,
            vec![
                object("CS2.2.1", "US1.1", &[&commune, &plot]),
                object("CS1.1.1.1", "US5", &[&plot]),
            ],
        );
    for (more, has_maps) in [("", true), ("[run]\ntables_alone = true\n", false)] {
        drawing.more = more.to_owned();
        let outputs = Outputs::of(&drawing.write(folder.path()));
        let into = folder.path().join(format!("reports-{has_maps}"));
        let files = write(&Request {
            pdf: false,
            ..request(&outputs.path(), &into, &[])
        })
        .unwrap();
        let page = std::fs::read_to_string(&files[0]).unwrap();
        assert!(page.contains("1,0\u{a0}ha a été artificialisé"), "{page}");
        assert_eq!(page.contains("Carte"), has_maps, "{page}");
    }
}

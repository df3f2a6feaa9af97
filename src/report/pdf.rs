//! The report as PDF, set by Typst: tagged, archival (PDF/A), with its fonts in it.

use std::collections::HashMap;
use std::sync::LazyLock;

use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::error::{Error, Result};
use crate::map::FONTS;

/// Fonts of reports: ours, then those of Typst for signs that ours lack.
static KNOWN: LazyLock<(LazyHash<FontBook>, Vec<Font>)> = LazyLock::new(|| {
    let own = FONTS.into_iter().chain(typst_assets::fonts());
    let fonts: Vec<Font> = own.flat_map(|data| Font::iter(Bytes::new(data))).collect();
    (LazyHash::new(FontBook::from_fonts(&fonts)), fonts)
});

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

/// The files that a template may read, all in memory.
struct Files {
    main: FileId,
    source: Source,
    files: HashMap<FileId, Bytes>,
}

fn id(name: &str) -> Result<FileId> {
    let path = VirtualPath::new(name)
        .map_err(|e| Error::Internal(format!("a file of a report: {name}: {e:?}")))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for Files {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &KNOWN.0
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main {
            return Ok(self.source.clone());
        }
        let bytes = self.file(id)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| FileError::InvalidUtf8)?;
        Ok(Source::new(id, text.to_owned()))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let file = self.files.get(&id).cloned();
        file.ok_or_else(|| FileError::NotFound(id.vpath().get_with_slash().into()))
    }

    fn font(&self, index: usize) -> Option<Font> {
        KNOWN.1.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        // A report says the dates of its data: two of the same data are the same bytes.
        None
    }
}

/// Sets a template (`name`, for messages) that reads these files.
pub(super) fn pdf(
    name: &str,
    template: &str,
    files: &[(String, Vec<u8>)],
    identifier: &str,
) -> Result<Vec<u8>> {
    let main = id(name)?;
    let world = Files {
        main,
        source: Source::new(main, template.to_owned()),
        files: files
            .iter()
            .map(|(name, bytes)| Ok((id(name)?, Bytes::new(bytes.clone()))))
            .collect::<Result<_>>()?,
    };
    let document: PagedDocument = typst::compile(&world)
        .output
        .map_err(|errors| told(&world, name, &errors))?;
    let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
        .map_err(|e| Error::Internal(format!("PDF/A and PDF/UA: {}", e.message())))?;
    let options = PdfOptions {
        ident: Smart::Custom(identifier.to_owned()),
        creator: Smart::Custom(Some(format!("millesime {}", env!("CARGO_PKG_VERSION")))),
        standards,
        ..PdfOptions::default()
    };
    let bytes = typst_pdf::pdf(&document, &options).map_err(|errors| told(&world, name, &errors));
    // What was set is kept for what is set next; over thousands of reports it would only grow.
    typst::comemo::evict(1);
    bytes
}

/// The first error of a template, with its line.
fn told(world: &Files, name: &str, errors: &[SourceDiagnostic]) -> Error {
    let Some(error) = errors.first() else {
        return Error::Internal("Typst failed without a word".to_owned());
    };
    let line = world.range(error.span).map(|range| {
        let before = world.source.text().get(..range.start).unwrap_or_default();
        before.matches('\n').count() + 1
    });
    let place = match line {
        Some(line) => format!("{name}, line {line}"),
        None => name.to_owned(),
    };
    let hints: Vec<&str> = error.hints.iter().map(|hint| hint.v.as_str()).collect();
    let advice = match hints.is_empty() {
        true => "mend the template; without --templates, ours is used".to_owned(),
        false => hints.join("; "),
    };
    Error::input(place, &error.message, advice)
}

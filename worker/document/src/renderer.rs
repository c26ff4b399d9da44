//! Turns a paper into PDF bytes; the words come from the layout, the looks from its template.

use std::path::PathBuf;

use chrono::{Datelike, NaiveDate};
use typst::diag::SourceDiagnostic;
use typst::foundations::{Bytes, Datetime, Smart};
use typst::layout::{Frame, FrameItem};
use typst::syntax::Source;
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::fonts::Fonts;
use crate::pen::Pen;
use crate::world::{PaperWorld, layout_source};
use crate::{
    AgreementPaper, DestinationSheet, DocumentError, ManualText, Mark, RenderedManual, layout_1, qr, sheet_1,
};

/// How many renderings an unused intermediate result of the typesetter is kept. It keeps its cache process-wide; results
/// that do not depend on the paper (the parsed template, the fonts) are used every time and so stay.
const KEPT_RENDERINGS: usize = 2;

/// Holds the fonts and the layouts. Loading takes a moment and some memory (the extra fonts wholly), so make one and
/// share it; rendering is pure computation and belongs on a blocking thread.
pub struct Renderer {
    fonts: Fonts,
    library: LazyHash<Library>,
    layout_1: Source,
    sheet_1: Source,
    standards: PdfStandards,
}

impl Renderer {
    /// Loads the embedded font, and all fonts below the given folders for the characters it lacks.
    ///
    /// The first font that has a character draws it: the embedded one, then the folders in the order given, within one
    /// by file name. No system font is used. The Debian package fonts-hanazono has most of what the embedded font lacks.
    ///
    /// # Errors
    /// [`DocumentError::Font`] when a folder or a font file cannot be read.
    pub fn new(extra_font_dirs: &[PathBuf]) -> Result<Self, DocumentError> {
        // PDF/A-2u: made for keeping, and all text can be read back.
        let standards = PdfStandards::new(&[PdfStandard::A_2u])
            .map_err(|error| DocumentError::Typst(error.message().to_string()))?;
        Ok(Self {
            fonts: Fonts::load(extra_font_dirs)?,
            library: LazyHash::new(Library::default()),
            layout_1: layout_source(layout_1::TEMPLATE),
            sheet_1: layout_source(sheet_1::TEMPLATE),
            standards,
        })
    }

    /// Makes the PDF (PDF/A-2u, tagged). The same paper and mark with the same fonts give the same bytes.
    ///
    /// # Errors
    /// [`DocumentError::MissingGlyph`] when a field has a character that no font draws: to be shown to whoever can correct
    /// the field. [`DocumentError::UnknownLayout`], [`DocumentError::TooLong`] and [`DocumentError::QrCode`] when the
    /// snapshot is not one for this build. The rest are defects.
    pub fn render(&self, paper: &AgreementPaper, mark: Mark) -> Result<Vec<u8>, DocumentError> {
        if paper.layout != AgreementPaper::LAYOUT {
            return Err(DocumentError::UnknownLayout(paper.layout));
        }
        let sheet = layout_1::sheet(&Pen::new(&self.fonts), paper, mark)?;
        let sheet = serde_json::to_string(&sheet)?;
        let url = paper.verification.as_ref().map(|check| check.url.as_str());
        self.draw(&self.layout_1, sheet, url, paper.issued_on)
    }

    /// Makes the PDF of a manual, and counts its pages; as [`Renderer::render`]. Its text is the product's own and not a person's: it is
    /// typeset as it stands, in the embedded font alone, so that every worker makes the same bytes of it.
    ///
    /// # Errors
    /// [`DocumentError::Typst`] and [`DocumentError::Box`]: defects of the text.
    pub fn render_manual(&self, manual: &ManualText<'_>) -> Result<RenderedManual, DocumentError> {
        let source = layout_source(manual.source);
        let (pdf, pages) = self.draw_counted(&source, manual.data.to_owned(), None, manual.edition)?;
        Ok(RenderedManual { pdf, pages })
    }

    /// Makes the PDF of a destination sheet; as [`Renderer::render`].
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn render_sheet(&self, paper: &DestinationSheet) -> Result<Vec<u8>, DocumentError> {
        if paper.layout != DestinationSheet::LAYOUT {
            return Err(DocumentError::UnknownLayout(paper.layout));
        }
        let sheet = sheet_1::sheet(&Pen::new(&self.fonts), paper)?;
        let sheet = serde_json::to_string(&sheet)?;
        self.draw(
            &self.sheet_1,
            sheet,
            Some(&paper.verification.url),
            paper.confirmed_on,
        )
    }

    /// Draws a sheet by a layout, with the QR code of an address, as a PDF of a day.
    fn draw(
        &self,
        layout: &Source,
        sheet: String,
        url: Option<&str>,
        day: NaiveDate,
    ) -> Result<Vec<u8>, DocumentError> {
        Ok(self.draw_counted(layout, sheet, url, day)?.0)
    }

    /// As [`Renderer::draw`], with the number of pages.
    fn draw_counted(
        &self,
        layout: &Source,
        sheet: String,
        url: Option<&str>,
        day: NaiveDate,
    ) -> Result<(Vec<u8>, usize), DocumentError> {
        let qr_code = url.map(qr::svg).transpose()?.map(Bytes::from_string);
        let world = PaperWorld {
            library: &self.library,
            fonts: &self.fonts,
            layout,
            sheet: Bytes::from_string(sheet.clone()),
            qr_code,
        };
        let drawn = self.typeset(&world, day, sheet);
        typst::comemo::evict(KEPT_RENDERINGS);
        drawn
    }

    fn typeset(
        &self,
        world: &PaperWorld<'_>,
        day: NaiveDate,
        identity: String,
    ) -> Result<(Vec<u8>, usize), DocumentError> {
        let compiled = typst::compile::<PagedDocument>(world);
        for warning in &compiled.warnings {
            tracing::warn!(warning = %warning.message, "typesetting a paper");
        }
        let document = compiled.output.map_err(|errors| diagnosis(&errors))?;
        if let Some(index) = document.pages().iter().position(|page| shows_a_box(&page.frame)) {
            return Err(DocumentError::Box { page: index + 1 });
        }
        let midnight = Datetime::from_ymd_hms(
            day.year(),
            u8::try_from(day.month()).unwrap_or(1),
            u8::try_from(day.day()).unwrap_or(1),
            0,
            0,
            0,
        );
        let options = PdfOptions {
            // Only a hash of it gets into the file.
            ident: Smart::Custom(identity),
            creator: Smart::Custom(Some("Wangqian".to_owned())),
            // Midnight in China.
            timestamp: midnight.and_then(|midnight| Timestamp::new_local(midnight, 8 * 60)),
            standards: self.standards.clone(),
            ..PdfOptions::default()
        };
        let pdf = typst_pdf::pdf(&document, &options).map_err(|errors| diagnosis(&errors))?;
        Ok((pdf, document.pages().len()))
    }
}

/// The typesetter's messages in one line. They speak of the template, never of the sheet's contents.
fn diagnosis(errors: &[SourceDiagnostic]) -> DocumentError {
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    DocumentError::Typst(messages.join("; "))
}

/// Whether any glyph is the one that fonts keep for characters they lack. The pen has checked every field; this also
/// covers the layout's own words and whatever shaping may do.
fn shows_a_box(frame: &Frame) -> bool {
    frame.items().any(|(_, item)| match item {
        FrameItem::Group(group) => shows_a_box(&group.frame),
        FrameItem::Text(text) => text.glyphs.iter().any(|glyph| glyph.id == 0),
        _ => false,
    })
}

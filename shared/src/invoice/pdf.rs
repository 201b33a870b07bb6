//! Drawing pages as a PDF. The one place with floats: the library measures in them. No amount is among them; those are
//! texts by now.
#![expect(clippy::float_arithmetic, reason = "places on a page, which PDF writes as decimal fractions")]

use krilla::{
    Document,
    geom::{PathBuilder, Point},
    metadata::Metadata,
    page::PageSettings,
    paint::Stroke,
    text::{Font, TextDirection},
};

use super::{
    layout::{PAGE, Page},
    ruler::FONT,
};

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
#[error("the document can't be drawn: {0}")]
pub struct DrawError(&'static str);

/// Tenths of a point, as the library wants them.
fn points(tenths: i32) -> f32 {
    // A page has few of them: all are exact in 24 bits.
    f32::from(i16::try_from(tenths).unwrap_or(i16::MAX)) / 10.0
}

/// The pages as a PDF, with what is used of the font within.
///
/// # Errors
/// [`DrawError`], without what the pages say.
pub fn render(title: &str, pages: &[Page]) -> Result<Vec<u8>, DrawError> {
    let font = Font::new(FONT.into(), 0).ok_or(DrawError("the font can't be read"))?;
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(title.to_owned()).language("en".to_owned()));
    for page in pages {
        let size = PageSettings::from_wh(points(PAGE.0), points(PAGE.1));
        let mut drawn = document.start_page_with(size.ok_or(DrawError("the page has no size"))?);
        let mut surface = drawn.surface();
        for set in &page.texts {
            let start = Point::from_xy(points(set.x), points(set.y));
            let size = points(set.size);
            surface.draw_text(start, font.clone(), size, &set.text, false, TextDirection::Auto);
        }
        surface.set_fill(None);
        surface.set_stroke(Some(Stroke { width: 0.5, ..Stroke::default() }));
        for y in &page.rules {
            let mut path = PathBuilder::new();
            path.move_to(points(500), points(*y));
            path.line_to(points(PAGE.0 - 500), points(*y));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        surface.finish();
        drawn.finish();
    }
    document.finish().map_err(|_| DrawError("the library refused it"))
}
